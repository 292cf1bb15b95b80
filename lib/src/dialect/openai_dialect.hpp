#pragma once

#include <string>
#include <string_view>

#include "dialect/delivery.hpp"
#include "json/json_node.hpp"
#include "stagger/completion.hpp"

/// OpenAI-compatible APIs: POST {base}/chat/completions and {base}/completions.
namespace stagger::wire {

enum class openai_endpoint { chat, completions };

std::string openai_target(openai_endpoint endpoint, std::string_view base_path);

/** The body of a request.
 * @param model may be empty: then none is sent; set to the one that a whole body names itself
 * @param problem set if the request breaks a rule
 */
std::string openai_body(const completion_request& request, openai_endpoint endpoint, std::string& model,
                        std::string& problem, delivery how = delivery::whole);

/// Takes text, finish reason, usage and id out of an answer; returns what is wrong with it, or nothing.
std::string read_openai_answer(const json_node& document, openai_endpoint endpoint, completion& answer);

/// Whether an answer, or an event of one, has anything in a choice: a text, a call, a refusal, a sound.
bool has_content(const json_node& document);

/** Takes text, finish reason and usage out of one event of a stream.
 * @param id set where it is empty and the event has one
 * @param has_choices set where the event has any, as nearly all of them have
 * @return what is wrong with it, or nothing
 */
std::string read_openai_delta(const json_node& document, openai_endpoint endpoint, completion_delta& delta,
                              std::string& id, bool& has_choices);

}  // namespace stagger::wire
