#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "stagger/coordinator_status.hpp"
#include "stagger/hints.hpp"
#include "stagger/remembered_limits.hpp"
#include "stagger/time.hpp"

/// What the processes of a fleet tell each other, as values and as text: one line of words in ASCII.
namespace stagger::fleet {

/// Numbers the leaderships of a fleet: a later one is larger. 0: none yet.
using term_number = std::uint64_t;
/// A slot of one term, and the request that was sent in it.
using slot_number = std::uint64_t;

/// What became of a slot.
enum class fate : char {
    accepted = 'a',
    answering = 'g',  ///< admitted, and in flight until it is `ended`
    ended = 'e',
    throttled = 'r',
    failed = 'f',
    abandoned = 'x',
    unsent = 'u',  ///< nothing was sent in it
};

struct outcome {
    slot_number slot = 0;
    fate what = fate::abandoned;
    hints said;
    friend bool operator==(const outcome&, const outcome&) = default;
};

/// What a member tells the leader.
struct report {
    std::string member;
    term_number term = 0;
    std::uint64_t received = 0;  ///< slots of this term so far
    std::uint64_t wanted = 0;    ///< slots of this term that it could use, those that it received included
    std::uint64_t backlog = 0;   ///< all that waits there, or is known to come
    std::vector<outcome> outcomes;
    friend bool operator==(const report&, const report&) = default;
};

/// When one request may be sent, counted from when the message is read: no two machines need one clock.
struct slot {
    slot_number number = 0;
    duration in{};
    friend bool operator==(const slot&, const slot&) = default;
};

/// What the leader gives a member.
struct slots {
    term_number term = 0;
    std::vector<slot> planned;
    friend bool operator==(const slots&, const slots&) = default;
};

/// What the leader tells everybody, and what they go by when they hear no more.
struct heartbeat {
    term_number term = 0;
    double per_s = 0;          ///< the limit, or the pace while there is none known
    std::uint64_t active = 1;  ///< members among which it is divided, >= 1
    coordinator_mode mode = coordinator_mode::ramp;
    bool is_measured = false;  ///< `per_s` is the limit
    bool reports_at_once =
        false;  ///< outcomes are worth a message each: a limit on requests in flight governs
    std::optional<remembered_limits> learned;
    friend bool operator==(const heartbeat&, const heartbeat&) = default;
};

/// Bounds of one message; the rest goes into the next.
inline constexpr std::size_t most_outcomes = 64;
inline constexpr std::size_t most_slots = 256;
inline constexpr std::size_t longest_message_bytes = 16 * 1024;
inline constexpr std::size_t longest_member_name = 64;

std::string format(const report& said);
std::string format(const slots& said);
std::string format(const heartbeat& said);

/** @brief Reads a message back: exactly what was written.
 * @throws std::invalid_argument naming the word, its rule and its value: "wanted: must be a whole number, is
 * \"x\""
 */
report parse_report(std::string_view text);
/// What a member hears: of the leader alone.
std::variant<slots, heartbeat> parse_from_leader(std::string_view text);

/// Limits alone, as the store keeps them. @throws std::invalid_argument as above
std::string format(const remembered_limits& limits);
remembered_limits parse_limits(std::string_view text);

}  // namespace stagger::fleet
