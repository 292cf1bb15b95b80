#include "provider/hints.hpp"

namespace stagger::provider {

duration rounded(duration wait, retry_after_hint kind) {
    switch (kind) {
        case retry_after_hint::integer:
            return std::chrono::ceil<std::chrono::seconds>(wait);
        case retry_after_hint::milliseconds:
            return std::chrono::ceil<std::chrono::milliseconds>(wait);
        default:
            return wait;
    }
}

std::optional<duration> retry_after(const hints_description& hints, std::optional<duration> wait) {
    if (hints.retry_after == retry_after_hint::none) return std::nullopt;
    if (hints.retry_after == retry_after_hint::wrong) return hints.wrong;
    if (!wait) return std::nullopt;
    return rounded(*wait, hints.retry_after);
}

}  // namespace stagger::provider
