#pragma once

#include <chrono>
#include <functional>
#include <string>

#include "stagger/time.hpp"

namespace app {

/// The time of day as people and files have it; tests bring their own.
struct wall_clock {
    using moment = std::chrono::system_clock::time_point;

    std::function<moment()> now;
    /// How far the local time is ahead of UTC at a moment.
    std::function<std::chrono::seconds(moment)> ahead_of_utc;

    /// When a wait that begins now is over.
    moment in(stagger::duration wait) const;
};

/// Of this machine, in its zone or that of TZ.
wall_clock machine_clock();

/// "14:05:12 (13:05:12 UTC)", "14:05:12 UTC" where the local time is that, and with the dates where the day
/// is not today: "2026-11-30 00:30:00 (2026-11-29 23:30:00 UTC)". A begun second counts.
std::string moment_text(wall_clock::moment when, const wall_clock& clock);

/// "until 14:05:12 (13:05:12 UTC), in 59 min"
std::string until_text(stagger::duration wait, const wall_clock& clock);

/// "2026-11-29T13:05:12Z". A begun second counts.
std::string utc_text(wall_clock::moment when);

}  // namespace app
