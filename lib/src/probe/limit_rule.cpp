#include "probe/limit_rule.hpp"

namespace stagger::probe {

std::string_view to_string(limit_rule rule) {
    switch (rule) {
        case limit_rule::draining:
            return "rate with a burst";
        case limit_rule::in_flight:
            return "concurrency";
        case limit_rule::first_opens:
            return "window from the first request on";
        case limit_rule::clock_opens:
            return "window by the clock";
        case limit_rule::sliding:
            return "sliding window";
    }
    return "unknown";
}

}  // namespace stagger::probe
