#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "json/json_node.hpp"

namespace stagger::wire {

/// An error as a body tells it, in the server's words.
struct error_body {
    std::string message;
    std::string type;
    std::string code;
    /// Whatever names what happened for programs, wherever servers put it: type, code (a number as its
    /// digits), status, status_code, and what is in `details` and `metadata`.
    std::vector<std::string> names;
    std::optional<double> retry_delay_s;  ///< a wait that the body asks for

    bool is_named(std::string_view name) const;
};

/** @brief Reads the body of a refusal, in any of the shapes that servers use.
 *
 * FastAPI's `detail` (text, or a list of broken rules), OpenAI's `error` object, `error` or `message` as
 * text, Gemini's array around such an object; any other body is the message itself, unread.
 */
error_body read_error_body(std::string_view body);

/// The `error` member of a document, if it reports one (an object, or text that is not empty), or the
/// document itself where its `object` is "error".
std::optional<error_body> reported_error(const json_node& document);
/// The error that a document is itself: {"code":…,"message":…}.
error_body flat_error(const json_node& document);
/// The object that an error is told in: the document, or the first element of an array around it. Null for
/// any other document.
const json_node* error_document(const json_node& document);

}  // namespace stagger::wire
