#pragma once

#include <string>
#include <string_view>
#include <unordered_map>

#include "stagger/time.hpp"

namespace stagger::provider {

/** Shuts out callers that were rejected until they have been silent for a while.
 *
 * Remembers only callers that are shut out; those that never come back are forgotten as the table grows.
 */
class lockout {
 public:
    /// @param silence zero: nobody is ever shut out
    explicit lockout(duration silence) : silence_(silence) {}

    bool active() const { return silence_ > duration::zero(); }
    duration silence() const { return silence_; }
    /// A request of `caller` arrives; true if the caller is still shut out. Its silence begins anew then.
    bool refuses(time_point now, std::string_view caller);
    /// A request of `caller` was rejected.
    void shut_out(time_point now, std::string_view caller);
    /// How much longer `caller` would have to be silent.
    duration remaining(time_point now, std::string_view caller) const;

 private:
    void forget_silent(time_point now);

    duration silence_;
    std::unordered_map<std::string, time_point> last_heard_;
    std::size_t forget_at_ = 1024;  // callers; below that a sweep is not worth its time
};

}  // namespace stagger::provider
