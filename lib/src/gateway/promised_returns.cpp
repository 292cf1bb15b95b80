#include "gateway/promised_returns.hpp"

#include <chrono>

namespace stagger::gateway {

namespace {

// A client's own jitter, and its way here. Who is later has given up.
constexpr duration grace = std::chrono::seconds(10);
constexpr std::size_t most_promised = 100'000;

}  // namespace

void promised_returns::promise(std::uint64_t what, std::uint64_t among, time_point at, time_point now) {
    forget_old(now);
    if (ends_.size() >= most_promised) return;
    const time_point until = saturating_add(at, grace);
    given_.emplace(what, promise_given{among, until});
    ++counts_[among];
    ends_.emplace(until, what);
}

bool promised_returns::take(std::uint64_t what, time_point now) {
    forget_old(now);
    const auto found = given_.find(what);
    if (found == given_.end()) return false;
    remove(found);
    return true;
}

std::size_t promised_returns::outstanding(std::uint64_t among, time_point now) {
    forget_old(now);
    const auto found = counts_.find(among);
    return found == counts_.end() ? 0 : found->second;
}

void promised_returns::remove(std::unordered_multimap<std::uint64_t, promise_given>::iterator one) {
    const auto counted = counts_.find(one->second.among);
    if (--counted->second == 0) counts_.erase(counted);
    given_.erase(one);
}

void promised_returns::forget_old(time_point now) {
    while (!ends_.empty() && ends_.begin()->first <= now) {
        const auto [first, last] = given_.equal_range(ends_.begin()->second);
        for (auto at = first; at != last; ++at) {
            if (at->second.until > now) continue;
            remove(at);
            break;
        }
        ends_.erase(ends_.begin());
    }
}

}  // namespace stagger::gateway
