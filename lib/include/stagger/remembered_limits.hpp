#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string_view>

#include "stagger/time.hpp"

namespace stagger {

/// What a server was found to limit.
enum class limit_kind {
    rate,         ///< how fast requests come, as a token bucket does
    window,       ///< how many come within a span; then nothing is admitted until the next one
    concurrency,  ///< how many are in flight
    lockout,      ///< the rate, and whoever exceeds it is refused until it falls silent
    none,         ///< no limit was met, up to the rate
};
std::string_view to_string(limit_kind kind);

/** @brief What one run learned about a server's limits, and the next one can start from.
 *
 * Only a start: everything is tested against what the server does, and a memory that proves wrong is left
 * behind soon. What is not known is absent.
 */
struct remembered_limits {
    limit_kind kind = limit_kind::rate;
    double rate_per_s = 0;        ///< requests per second in the long run, > 0; for `none` the fastest seen
    std::optional<double> burst;  ///< requests admitted at once after a rest, >= 1
    std::optional<double> quota;  ///< requests a window admits, >= 1
    std::optional<duration> window;   ///< from one window's beginning to the next, > 0
    std::optional<double> in_flight;  ///< requests in flight at once, >= 1; given for `concurrency`
    std::optional<duration> silence;  ///< that ends a lockout, > 0; given for `lockout`
    std::uint64_t rejections = 0;     ///< how many it rests on; 0: on headers, or on a rate that was admitted
    std::optional<std::chrono::sys_seconds> learned_at;  ///< set by what has a clock: the gate

    friend bool operator==(const remembered_limits&, const remembered_limits&) = default;
};

/// A rule that limits break; `field` by its name in the state file, which has the unit.
struct broken_limits_rule {
    std::string_view field;
    std::string_view rule;  ///< "must be ..."
};
/// The first rule that is broken; nothing if the limits can be started from.
std::optional<broken_limits_rule> broken_rule(const remembered_limits& limits);

/** @brief What can be started from of limits that may break a rule.
 *
 * What exceeds a bound counts as that bound: it was true, but nobody goes that far. What else breaks a rule
 * is left out, and where the kind rests on it, the kind is `rate`. Nothing where not even the rate is one.
 */
std::optional<remembered_limits> startable_part(const remembered_limits& limits);

}  // namespace stagger
