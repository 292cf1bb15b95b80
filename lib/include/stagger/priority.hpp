#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

namespace stagger {

/** @brief Classes of requests that share one pace.
 *
 * Where all of them wait, they are sent as 16 : 4 : 1. What one does not use the others have, so that none
 * starves, and a class by itself has everything.
 */
enum class priority : std::uint8_t {
    interactive,  ///< somebody waits for the answer
    normal,
    batch,  ///< whenever there is room
};

inline constexpr std::array priorities{priority::interactive, priority::normal, priority::batch};

/// "interactive", "normal", "batch"
std::string_view to_string(priority one);
std::optional<priority> parse_priority(std::string_view text);

}  // namespace stagger
