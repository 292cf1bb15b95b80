#pragma once

#include <chrono>
#include <cstddef>
#include <map>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

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

/// Why an entry could not be read back if it were written: "model: must be UTF-8". Nothing of a sound one.
std::optional<std::string> unwritable(const limits_key& key, const remembered_limits& limits);

/// Entries that are not for us to read, as they stand in the file.
using entries_as_written = std::map<limits_key, std::string>;

/// Whatever it is given, what it writes can be read: entries that are unwritable are left out.
/// @param unread written beside them, save where there is one for the same key
std::string format_limits_file(const limits_by_key& limits, const entries_as_written& unread = {});

struct parsed_limits {
    limits_by_key limits;
    /// What is wrong with the entries that are left out: the member's path, the rule and the value.
    std::vector<std::string> refused;
    /// Those of them that may be of a later version, for whoever writes the file again.
    entries_as_written unread;
};
/** Reads every entry that is sound; one that is not costs no other. Members of the file itself that are not
 * known make it a file of somebody else.
 * @throws std::invalid_argument naming the member's path, the rule and the value; unknown_limits_version
 */
parsed_limits parse_limits_file(std::string_view text);

/// Limits change, and so do accounts. Older ones are not worth starting from.
inline constexpr std::chrono::days remembered_for{30};
/// Many times what one user talks to.
inline constexpr std::size_t most_remembered = 1000;

/// Whether limits are to be started from at that time: neither too old, nor from the future.
bool is_fresh(const remembered_limits& limits, std::chrono::sys_seconds now);
/// Drops what is not fresh, and the oldest beyond `most_remembered`.
void drop_old(limits_by_key& limits, std::chrono::sys_seconds now);
/// Drops so many of them, or all, those first that were learned first.
void drop_oldest(limits_by_key& limits, std::size_t count);

}  // namespace stagger::wire
