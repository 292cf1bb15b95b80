#pragma once

#include <array>
#include <cstddef>
#include <string_view>

#include "stagger/time.hpp"

namespace stagger {

/// Why the head of the waiting line is not admitted now.
enum class wait_reason {
    none,          ///< nothing waits
    pace,          ///< the next slot of the pace has not come
    in_flight,     ///< as many attempts are in flight as allowed
    retry_after,   ///< the server announced when it admits again
    closed,        ///< nothing is admitted; the next probe is not due, or one is out
    retry_budget,  ///< too many accidents lately: their retries go one at a time
    own_delay,     ///< every waiting task has a wait of its own to sit out
    kind_refused,  ///< everything of its kind (its model, its key) is refused while others are admitted
};
std::string_view to_string(wait_reason reason);

inline constexpr std::array wait_reasons{
    wait_reason::none,   wait_reason::pace,         wait_reason::in_flight, wait_reason::retry_after,
    wait_reason::closed, wait_reason::retry_budget, wait_reason::own_delay, wait_reason::kind_refused};

/// Waiting, by what was waited for. `none`: the coordinator was not asked meanwhile.
template <class Span>
class spans_by_reason {
 public:
    Span& operator[](wait_reason why) { return spans_[static_cast<std::size_t>(why)]; }
    Span operator[](wait_reason why) const { return spans_[static_cast<std::size_t>(why)]; }
    Span total() const {
        Span sum{0};
        for (const Span each : spans_) sum += each;
        return sum;
    }
    spans_by_reason& operator+=(const spans_by_reason& other) {
        for (const wait_reason why : wait_reasons) (*this)[why] += other[why];
        return *this;
    }
    spans_by_reason& operator-=(const spans_by_reason& other) {
        for (const wait_reason why : wait_reasons) (*this)[why] -= other[why];
        return *this;
    }
    friend bool operator==(const spans_by_reason&, const spans_by_reason&) = default;

 private:
    std::array<Span, wait_reasons.size()> spans_{};
};

/// The wait of one task.
using waiting_times = spans_by_reason<duration>;
/// The waits of many tasks added up, which nanoseconds in 64 bits could not hold.
using waiting_sums = spans_by_reason<std::chrono::duration<double>>;

}  // namespace stagger
