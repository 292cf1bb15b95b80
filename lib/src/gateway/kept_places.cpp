#include "gateway/kept_places.hpp"

#include <chrono>

namespace stagger::gateway {

namespace {

// The longest Retry-After that is said, and a client's own jitter.
constexpr duration kept_for = std::chrono::seconds(90);
constexpr std::size_t most_kept = 100'000;

}  // namespace

void kept_places::keep(std::uint64_t what, const fairness::fair_line::standing& where, time_point now) {
    forget_old(now);
    if (ends_.size() >= most_kept) return;
    const time_point until = now + kept_for;
    places_.emplace(what, kept{where, until});
    ends_.emplace_back(until, what);
}

std::optional<fairness::fair_line::standing> kept_places::take(std::uint64_t what, time_point now) {
    forget_old(now);
    const auto found = places_.find(what);
    if (found == places_.end()) return std::nullopt;
    const auto where = found->second.where;
    places_.erase(found);
    return where;
}

void kept_places::forget_old(time_point now) {
    while (!ends_.empty() && ends_.front().first <= now) {
        const auto [first, last] = places_.equal_range(ends_.front().second);
        for (auto at = first; at != last; ++at) {
            if (at->second.until > now) continue;
            places_.erase(at);
            break;
        }
        ends_.pop_front();
    }
}

}  // namespace stagger::gateway
