#pragma once

#include <boost/json/value.hpp>
#include <string>
#include <string_view>

#include "stagger/completion.hpp"

/// OpenAI-compatible APIs: POST {base}/chat/completions and {base}/completions.
namespace stagger::wire {

enum class openai_endpoint { chat, completions };

std::string openai_target(openai_endpoint endpoint, std::string_view base_path);

/** The body of a request.
 * @param model may be empty: then none is sent
 * @param problem set if the request breaks a rule
 */
std::string openai_body(const completion_request& request, openai_endpoint endpoint, std::string_view model,
                        std::string& problem);

/// Takes text, finish reason, usage and id out of an answer; returns what is wrong with it, or nothing.
std::string read_openai_answer(const boost::json::object& document, openai_endpoint endpoint,
                               completion& answer);

}  // namespace stagger::wire
