#include "provider/hints.hpp"

namespace stagger::provider {

std::optional<duration> retry_after(const hints_description& hints, std::optional<duration> wait) {
    if (hints.retry_after == retry_after_hint::none) return std::nullopt;
    if (hints.retry_after == retry_after_hint::wrong) return hints.wrong;
    if (!wait) return std::nullopt;
    // Up, not to the nearest: whoever comes back at a time that was rounded down is refused again.
    switch (hints.retry_after) {
        case retry_after_hint::integer:
            return std::chrono::ceil<std::chrono::seconds>(*wait);
        case retry_after_hint::milliseconds:
            return std::chrono::ceil<std::chrono::milliseconds>(*wait);
        default:
            return *wait;
    }
}

}  // namespace stagger::provider
