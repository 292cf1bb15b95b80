#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "stagger/time.hpp"

namespace app {

/// Reads "250ms", "1.5s", "5m", "2h", "1h30m", and "0". Nothing for anything else, also not for a bare
/// number: its unit would be a guess.
std::optional<stagger::duration> parse_duration(std::string_view text);

/// "0:07", "12:30", "1:05:00": for people, whole seconds.
std::string format_clock(stagger::duration span);

/// "45 s", "59 min", "7 h 58 min", "3 days 2 h": for people, a begun unit counts.
std::string span_text(stagger::duration span);

/// "2 hours ago": for people, in the largest unit of which there is one. What has not come yet is just now.
std::string format_age(std::chrono::seconds age);

}  // namespace app
