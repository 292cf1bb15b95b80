#include "provider/refusals.hpp"

#include <algorithm>
#include <utility>

namespace stagger::provider {
namespace {

double share_at(const chance_refusals& drawn, std::size_t served) {
    if (!drawn.depends_on_load()) return drawn.share;
    const double above = static_cast<double>(served) - drawn.from_in_flight;
    return drawn.share * std::clamp(above / (drawn.to_in_flight - drawn.from_in_flight), 0.0, 1.0);
}

}  // namespace

refusals::refusals(refusals_description description, std::uint64_t seed, time_point origin)
    : description_(std::move(description)), random_(seed), origin_(origin) {
    std::sort(description_.closures.begin(), description_.closures.end(),
              [](const closure& a, const closure& b) { return a.from < b.from; });
}

const closure* refusals::closed_by(time_point now) const {
    const auto found = std::find_if(
        description_.closures.begin(), description_.closures.end(),
        [&](const closure& each) { return now >= origin_ + each.from && now < origin_ + each.to; });
    return found != description_.closures.end() ? &*found : nullptr;
}

std::optional<refusals::refusal> refusals::strike(time_point now, std::size_t served) {
    if (const closure* closed = closed_by(now)) {
        return refusal{refusal_cause::closure, closed->status, false, closed->retry_after};
    }
    for (const chance_refusals& each : description_.by_chance) {
        if (random_.uniform() >= share_at(each, served)) continue;
        const auto cause = each.depends_on_load() ? refusal_cause::load : refusal_cause::chance;
        return refusal{cause, each.status, each.charged, retry_after_hint::none};
    }
    return std::nullopt;
}

time_point refusals::closure_end(time_point now) const {
    while (const closure* closed = closed_by(now)) now = origin_ + closed->to;
    return now;
}

bool refusals::sheds_all(std::size_t served) const {
    return std::any_of(
        description_.by_chance.begin(), description_.by_chance.end(),
        [&](const chance_refusals& each) { return each.depends_on_load() && share_at(each, served) >= 1; });
}

}  // namespace stagger::provider
