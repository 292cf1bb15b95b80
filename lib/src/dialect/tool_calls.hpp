#pragma once

#include <cstddef>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "stagger/completion.hpp"

/// Calls in an answer, which are handed out as their server wrote them: read from its text, and only where
/// there are any.
namespace stagger::wire {

/** @brief The JSON text at a place in a text: members by their names, elements by their numbers.
 * @return nothing where it has no such place, or is no JSON
 */
std::optional<std::string_view> json_at(std::string_view text, std::initializer_list<std::string_view> path);

/// The elements of an array at a place; none where there is none.
std::vector<std::string_view> json_elements_at(std::string_view text,
                                               std::initializer_list<std::string_view> path);
/// A string at a place; empty where there is none.
std::string json_string_at(std::string_view text, std::initializer_list<std::string_view> path);

/// The call of that number, made where it is not there yet. A number past a bound, which only a broken server
/// has, gives the last call.
tool_call& call_at(std::vector<tool_call>& calls, std::size_t number);

/** @brief OpenAI's list `tool_calls`, or pieces of it from a stream: joined to what has come before.
 * @param list JSON text of the array
 */
void join_openai_calls(std::string_view list, std::vector<tool_call>& calls);

}  // namespace stagger::wire
