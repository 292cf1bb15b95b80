#pragma once

#include <variant>
#include <vector>

#include "provider/description.hpp"
#include "provider/fixed_window_limiter.hpp"
#include "provider/model.hpp"
#include "provider/sliding_window_limiter.hpp"
#include "provider/token_bucket_limiter.hpp"
#include "provider/token_cost.hpp"

namespace stagger::provider {

/// All limits on requests or tokens over time that apply together: a request must pass every one of them.
class rate_limits {
 public:
    rate_limits(const std::vector<limit>& limits, time_point origin, time_point now);

    /// A request costs 1 where requests are counted, and where tokens are what each limit counts of `tokens`.
    bool admit(time_point now, const token_cost& tokens);
    void take(time_point now, const token_cost& tokens);
    void take_refused(time_point now, const token_cost& tokens);
    /// What was taken at `taken` is not served after all.
    void put_back(time_point now, time_point taken, const token_cost& tokens);
    /// What was taken at `taken` has ended, and `tokens.made` is known.
    void settle(time_point now, time_point taken, const token_cost& tokens);
    duration wait(time_point now, const token_cost& tokens);
    /// Keeps one report a unit, of the limit with the least left.
    void report(time_point now, std::vector<limit_report>& tightest);
    /// Other limits from now on. A limit takes over the state of the one of the same kind and unit, the first
    /// from the first, the second from the second; the others start unused.
    void replace(const std::vector<limit>& limits, time_point now);

 private:
    using limiter = std::variant<token_bucket_limiter, fixed_window_limiter, sliding_window_limiter>;

    static std::vector<limiter> build(const std::vector<limit>& limits, time_point origin, time_point now);

    time_point origin_;
    std::vector<limiter> limiters_;
};

}  // namespace stagger::provider
