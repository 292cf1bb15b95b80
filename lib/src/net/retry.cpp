#include "stagger/retry.hpp"

#include "net/seed.hpp"

namespace stagger::detail {

std::uint64_t fresh_seed() {
    return seed_or_random(0);
}

time_point report_attempt(permit& leave, const classification& ended) {
    if (!leave) return {};
    hints said;
    said.retry_after = ended.retry_after;
    switch (ended.verdict) {
        case verdict::throttled:
            return leave.throttled(said);
        case verdict::transient:
            leave.failed();
            return {};
        case verdict::ok:
        case verdict::permanent:
            leave.accepted(said);
            return {};
    }
    return {};
}

}  // namespace stagger::detail
