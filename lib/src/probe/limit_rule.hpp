#pragma once

#include <array>
#include <string_view>

namespace stagger::probe {

/** @brief How a limit forgets what it has admitted.
 *
 * Every limit counts what it admits and refuses what would make the count exceed a capacity. What differs is
 * when a request stops being counted.
 */
enum class limit_rule {
    draining,     ///< evenly, so many a second: a token bucket, or a leaky one
    in_flight,    ///< each when it is answered: a limit on concurrency
    first_opens,  ///< all together, some time after the first that was counted
    clock_opens,  ///< all together, when the clock turns to the next window
    sliding,      ///< each when it is as old as the window
};

/// From the simplest on: of two that explain the same, the first is believed.
inline constexpr std::array limit_rules{limit_rule::draining, limit_rule::in_flight, limit_rule::first_opens,
                                        limit_rule::clock_opens, limit_rule::sliding};

constexpr bool is_window(limit_rule rule) {
    return rule == limit_rule::first_opens || rule == limit_rule::clock_opens || rule == limit_rule::sliding;
}

/// "token bucket", for people.
std::string_view to_string(limit_rule rule);

}  // namespace stagger::probe
