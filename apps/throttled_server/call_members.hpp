#pragma once

#include <boost/json/object.hpp>
#include <boost/json/value.hpp>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "throttled_server/call.hpp"

/// What the bodies of several APIs have in common.
namespace stagger::server {

/// Whole and positive, where the member is there.
std::optional<call_problem> read_max_tokens(const boost::json::object& body, std::string_view name,
                                            std::uint64_t& to);
/// `stream` alone.
std::optional<call_problem> read_stream_flag(const boost::json::object& body, call& read);
/// The body's `model`, if it is a text.
void read_model(const boost::json::object& body, call& read);
/// A text, or the texts of an array's parts; other parts, such as images, are passed over.
void append_content(const boost::json::value& content, std::string& text);
/** @brief The turns of a conversation: the last one is the prompt, all of them count as tokens.
 * @param name of the member, an array that is not empty
 * @param content of the member of each turn that has its text
 */
std::optional<call_problem> read_turns(const boost::json::object& body, std::string_view name,
                                       std::string_view content, call& read);
/// The call that the prompt asks for ("call: NAME {…}"), if a tool of that name is offered.
void read_wanted_tool(const boost::json::array& offered, call& read);

}  // namespace stagger::server
