#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "json/json_node.hpp"

namespace stagger::wire {

/// An error as a body tells it, in the server's words.
struct error_body {
    std::string message;
    std::string type;
    std::string code;
};

/** @brief Reads the body of a refusal, in any of the shapes that servers use.
 *
 * FastAPI's `detail` (text, or a list of broken rules), OpenAI's `error` object, `error` or `message` as
 * text; any other body is the message itself, unread.
 */
error_body read_error_body(std::string_view body);

/// The `error` member of a document, if it reports one (an object, or text that is not empty).
std::optional<error_body> reported_error(const json_node& document);

}  // namespace stagger::wire
