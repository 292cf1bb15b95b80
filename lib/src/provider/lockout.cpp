#include "provider/lockout.hpp"

#include <algorithm>
#include <unordered_map>

namespace stagger::provider {

bool lockout::refuses(time_point now, std::string_view caller) {
    if (!active()) return false;
    const auto found = last_heard_.find(std::string(caller));
    if (found == last_heard_.end()) return false;
    if (now - found->second >= silence_) {
        last_heard_.erase(found);
        return false;
    }
    found->second = now;
    return true;
}

void lockout::shut_out(time_point now, std::string_view caller) {
    if (!active()) return;
    if (last_heard_.size() >= forget_at_) forget_silent(now);
    last_heard_.insert_or_assign(std::string(caller), now);
}

duration lockout::remaining(time_point now, std::string_view caller) const {
    const auto found = last_heard_.find(std::string(caller));
    if (found == last_heard_.end()) return duration::zero();
    return std::max(duration::zero(), found->second + silence_ - now);
}

void lockout::forget_silent(time_point now) {
    std::erase_if(last_heard_, [&](const auto& each) { return now - each.second >= silence_; });
    forget_at_ = std::max(forget_at_, 2 * last_heard_.size());
}

}  // namespace stagger::provider
