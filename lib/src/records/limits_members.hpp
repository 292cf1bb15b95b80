#pragma once

#include <string_view>

#include "json/exact_json_object.hpp"
#include "json/json_writer.hpp"
#include "stagger/remembered_limits.hpp"

/// Remembered limits as the members of a JSON object, in the state file and in decision logs.
namespace stagger::wire {

/// Writes what is known. Numbers and spans read back as they were.
void append_limits(object_writer& object, const remembered_limits& limits);

/// @throws std::invalid_argument naming the member's path, the rule and the value, also for unknown members
///         and for values that break a rule of remembered_limits
remembered_limits read_limits(const exact_json_object& object);

/// Whether an entry that cannot be read has a member or a kind that is not known here, as one of a later
/// version may have.
bool may_be_of_later_version(std::string_view entry);

}  // namespace stagger::wire
