#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

/// JSON that is passed on as the text it came as: checked, and cut into its members, but never rewritten.
namespace stagger::wire {

/// Nesting allowed in requests and answers. The deepest honest ones (schemas of tools) stay below a third of
/// it.
inline constexpr std::size_t max_json_depth = 128;

/// What keeps `text` from being one JSON value ("syntax error at byte 17"); nothing if it is one. Half of a
/// surrogate pair, escaped, is allowed, as by the grammar.
std::optional<std::string> json_problem(std::string_view text, std::size_t max_depth = max_json_depth);

struct json_member {
    std::string name;
    std::string_view value;  ///< as written, without the white space around it
};

/// The members of an object in their order, duplicates included.
/// @param checked text for which json_problem found nothing
/// @return nothing if it is another kind of value
std::optional<std::vector<json_member>> json_members(std::string_view checked);

/// The last member of that name, or null.
const json_member* find_member(const std::vector<json_member>& members, std::string_view name);

/// The elements of an array in their order, each as written.
/// @param checked text for which json_problem found nothing
/// @return nothing if it is another kind of value
std::optional<std::vector<std::string_view>> json_elements(std::string_view checked);

/// Without JSON's white space at both ends.
std::string_view json_trimmed(std::string_view text);

/// @pre `checked` is text of a JSON number; what a double cannot hold becomes infinite
double json_number_value(std::string_view checked);

/// The characters of a string value, U+FFFD in the place of half of a surrogate pair; nothing if it is
/// another kind of value.
/// @param checked text for which json_problem found nothing
std::optional<std::string> json_string_value(std::string_view checked);

}  // namespace stagger::wire
