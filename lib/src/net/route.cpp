#include "stagger/route.hpp"

#include <stdexcept>

namespace stagger {

routes::routes(std::vector<route> all) : all_(std::move(all)) {
    constexpr std::size_t most = 64;
    if (all_.empty() || all_.size() > most)
        throw std::invalid_argument("routes: must be from 1 to 64, are " + std::to_string(all_.size()));
    for (const route& one : all_) {
        if (one.fallback_after() <= duration::zero())
            throw std::invalid_argument("routes: fallback_after of " + one.name() + " must be > 0 s");
        if (!(one.weight() > 0)) {
            throw std::invalid_argument("routes: the weight of " + one.name() + " must be > 0, is " +
                                        std::to_string(one.weight()));
        }
    }
}

std::string_view to_string(route_condition condition) {
    switch (condition) {
        case route_condition::good:
            return "good";
        case route_condition::slow:
            return "slow";
        case route_condition::down:
            return "down";
        case route_condition::unusable:
            return "unusable";
    }
    return "unknown";
}

}  // namespace stagger
