#include "pacing/make_pacing.hpp"

#include <utility>

#include "pacing/fixed_rate.hpp"
#include "pacing/measured/ride_the_limit.hpp"
#include "pacing/rivals/aws_adaptive.hpp"
#include "pacing/rivals/cookbook_pause.hpp"
#include "pacing/rivals/inspect_adaptive.hpp"
#include "pacing/rivals/netflix_aimd.hpp"
#include "pacing/unpaced.hpp"
#include "pacing/within_told_limits.hpp"

namespace stagger {

namespace {

std::unique_ptr<pacing> told(const coordinator_options& options, std::unique_ptr<pacing> strategy) {
    if (options.requests_per_minute() == 0 && options.tokens_per_minute() == 0) return strategy;
    return std::make_unique<within_told_limits>(options, std::move(strategy));
}

}  // namespace

std::unique_ptr<pacing> make_pacing(const coordinator_options& options, std::uint64_t seed, memory_age age) {
    switch (options.pacing()) {
        case pacing_kind::ride_the_limit:
            break;
        case pacing_kind::unpaced:
            return told(options, std::make_unique<unpaced>(options.max_in_flight()));
        case pacing_kind::cookbook_pause:
            return std::make_unique<cookbook_pause>(options);
        case pacing_kind::aws_adaptive:
            return told(options, std::make_unique<aws_adaptive>(options.max_in_flight()));
        case pacing_kind::netflix_aimd:
            return told(options, std::make_unique<netflix_aimd>());
        case pacing_kind::inspect_adaptive:
            return told(options, std::make_unique<inspect_adaptive>());
        case pacing_kind::fixed_rate:
            return std::make_unique<fixed_rate>(options);
    }
    return std::make_unique<ride_the_limit>(options, seed, age);
}

}  // namespace stagger
