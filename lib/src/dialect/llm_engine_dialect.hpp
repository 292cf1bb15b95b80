#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "dialect/delivery.hpp"
#include "json/json_node.hpp"
#include "stagger/completion.hpp"

/// Scale's LLM Engine: POST {base}/v1/llm/completions-sync?model_endpoint_name={model}, or
/// completions-stream.
namespace stagger::wire {

/// @param model must not be empty; percent-encoded here
std::string llm_engine_target(std::string_view base_path, std::string_view model, delivery how);

/// The body of a request, in which the model never appears.
/// @param problem set if the request breaks a rule
std::string llm_engine_body(const completion_request& request, delivery how, std::string& problem);

/// The model that a whole body names, or empty: it belongs into the target.
std::string llm_engine_model_in_body(const completion_request& request);

/// Takes text, usage and id out of an answer; returns what is wrong with it, or nothing.
std::string read_llm_engine_answer(const json_node& document, completion& answer);

/** Takes text and usage out of one event of a stream.
 * @param id set where it is empty and the event has one
 * @param finished set if this is the answer's last event
 * @return what is wrong with it, or nothing
 */
std::string read_llm_engine_delta(const json_node& document, completion_delta& delta, std::string& id,
                                  bool& finished);

/// The words of the error that an event of a stream reports; nothing if it reports none.
std::optional<std::string> llm_engine_stream_error(const json_node& document);

/// Whether a 500 is an upstream's overload that the gateway hides after its own retries.
bool is_disguised_overload(unsigned status, std::string_view message);

}  // namespace stagger::wire
