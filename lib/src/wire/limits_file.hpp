#pragma once

#include <chrono>
#include <map>
#include <stdexcept>
#include <string>
#include <string_view>
#include <tuple>

#include "stagger/remembered_limits.hpp"

/// The text of the state file that keeps what runs learned: docs/cli.md has its form.
namespace stagger::wire {

/// Whose limits they are: what shares one coordinator, and one line in the state file.
struct limits_key {
    std::string endpoint;  ///< scheme://host:port/path
    std::string account;   ///< tells keys apart without revealing them
    std::string model;     ///< may be empty
    friend bool operator==(const limits_key&, const limits_key&) = default;
    friend bool operator<(const limits_key& left, const limits_key& right) {
        return std::tie(left.endpoint, left.account, left.model) <
               std::tie(right.endpoint, right.account, right.model);
    }
};

/// Each with the date at which it was learned.
using limits_by_key = std::map<limits_key, remembered_limits>;

/// Of another version: sound, perhaps, but not for us to read or replace.
class unknown_limits_version : public std::runtime_error {
    using std::runtime_error::runtime_error;
};

std::string format_limits_file(const limits_by_key& limits);

/** Reads it whole or not at all: members that are not known make it a file of somebody else.
 * @throws std::invalid_argument naming the member's path, the rule and the value; unknown_limits_version
 */
limits_by_key parse_limits_file(std::string_view text);

/// Limits change, and so do accounts. Older ones are not worth starting from.
inline constexpr std::chrono::days remembered_for{30};
/// Many times what one user talks to.
inline constexpr std::size_t most_remembered = 1000;

/// Whether limits are to be started from at that time: neither too old, nor from the future.
bool is_fresh(const remembered_limits& limits, std::chrono::sys_seconds now);
/// Drops what is not fresh, and the oldest beyond `most_remembered`.
void drop_old(limits_by_key& limits, std::chrono::sys_seconds now);

}  // namespace stagger::wire
