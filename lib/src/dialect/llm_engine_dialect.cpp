#include "dialect/llm_engine_dialect.hpp"

#include <boost/url/encode.hpp>
#include <boost/url/rfc/unreserved_chars.hpp>
#include <vector>

#include "dialect/parameter_rules.hpp"
#include "dialect/usage.hpp"
#include "dialect/whole_body.hpp"
#include "json/json_text.hpp"
#include "json/json_writer.hpp"

namespace stagger::wire {

namespace {

// The API requires both; these are the defaults of its Python client.
constexpr unsigned default_max_new_tokens = 20;
constexpr double default_temperature = 0.2;

/// A whole body without its model, which would be a second truth beside the target.
std::string without_model(std::string_view object) {
    const auto members = json_members(object).value_or(std::vector<json_member>());
    std::string out;
    object_writer writer(out);
    for (const auto& [name, value] : members) {
        if (name != "model") writer.raw(name, value);
    }
    writer.close();
    return out;
}

std::string completed_body(const completion_request& request, delivery how, std::string& problem) {
    problem = broken_rule(request, dialect::llm_engine, how, {});
    if (!problem.empty()) return {};
    whole_body body(request, how, problem);
    if (!problem.empty()) return {};
    body.add_count("max_new_tokens", request.max_new_tokens().value_or(default_max_new_tokens));
    body.add_number("temperature", request.temperature().value_or(default_temperature));
    auto text = body.text(request);
    return body.has("model") ? without_model(text) : text;
}

void read_id(const json_node& document, std::string& id) {
    const auto* given = member(document, "request_id");
    if (id.empty() && given && given->is_string()) id = text_of(*given);
}

bool gives(const completion_request& request, std::string_view name) {
    for (const auto& member : request.members()) {
        if (member.first == name) return true;
    }
    return false;
}

}  // namespace

std::string llm_engine_target(std::string_view base_path, std::string_view model, delivery how) {
    namespace urls = boost::urls;
    std::string target(base_path);
    target += how == delivery::streamed ? "/v1/llm/completions-stream" : "/v1/llm/completions-sync";
    target += "?model_endpoint_name=";
    target += urls::encode(model, urls::unreserved_chars);
    return target;
}

std::string llm_engine_body(const completion_request& request, delivery how, std::string& problem) {
    if (!request.body().empty()) return completed_body(request, how, problem);
    if (request.system()) {
        problem = "system: the llm-engine dialect has no system message";
        return {};
    }
    std::vector<std::string_view> reserved{"model", "prompt"};
    if (request.max_new_tokens()) reserved.emplace_back("max_new_tokens");
    if (request.temperature()) reserved.emplace_back("temperature");
    problem = broken_rule(request, dialect::llm_engine, how, reserved);
    if (!problem.empty()) return {};

    std::string body;
    // Room for the prompt with some escapes and for the names around it.
    body.reserve(request.prompt().size() + request.prompt().size() / 8 + 256);
    object_writer members(body);
    members.string("prompt", request.prompt());
    if (!gives(request, "max_new_tokens")) {
        members.count("max_new_tokens", request.max_new_tokens().value_or(default_max_new_tokens));
    }
    if (!gives(request, "temperature")) {
        members.number("temperature", request.temperature().value_or(default_temperature));
    }
    for (const auto& [name, json] : request.members()) members.raw(name, json);
    members.close();
    return body;
}

std::string llm_engine_model_in_body(const completion_request& request) {
    if (request.body().empty() || json_problem(request.body())) return {};
    const auto members = json_members(request.body());
    const auto* model = members ? find_member(*members, "model") : nullptr;
    return model ? json_string_value(model->value).value_or(std::string()) : std::string();
}

std::string read_llm_engine_answer(const json_node& document, completion& answer) {
    const auto* output = member(document, "output");
    if (!output || !output->is_object()) return "it has no output";
    const auto* text = member(*output, "text");
    if (!text || !text->is_string()) return "output has no text";
    answer.text = text_of(*text);
    answer.usage.prompt_tokens = token_count(*output, "num_prompt_tokens");
    answer.usage.completion_tokens = token_count(*output, "num_completion_tokens");
    read_id(document, answer.info.request_id);
    return {};
}

std::string read_llm_engine_delta(const json_node& document, completion_delta& delta, std::string& id,
                                  bool& finished) {
    read_id(document, id);
    const auto* output = member(document, "output");
    if (!output || output->is_null()) return {};
    if (!output->is_object()) return "its output is no object";
    const auto* text = member(*output, "text");
    if (text && !text->is_null() && !text->is_string()) return "output.text is no text";
    if (text && text->is_string()) delta.text = text_of(*text);
    delta.usage.prompt_tokens = token_count(*output, "num_prompt_tokens");
    delta.usage.completion_tokens = token_count(*output, "num_completion_tokens");
    const auto* last = member(*output, "finished");
    finished = last && last->is_bool() && last->boolean();
    return {};
}

std::optional<std::string> llm_engine_stream_error(const json_node& document) {
    const auto* error = member(document, "error");
    if (!error || error->is_null()) return std::nullopt;
    if (error->is_string()) return text_of(*error);
    if (!error->is_object()) return std::string();
    std::string words;
    const auto* status = member(*error, "status_code");
    if (const auto number = status ? status->integer() : std::nullopt) {
        words = "status " + std::to_string(*number);
    }
    const auto* content = member(*error, "content");
    const auto* message = content && content->is_object() ? member(*content, "error") : content;
    if (!message || !message->is_string()) message = member(*error, "message");
    if (!message || !message->is_string()) return words;
    if (!words.empty()) words += ": ";
    return words + text_of(*message);
}

bool is_disguised_overload(unsigned status, std::string_view message) {
    return status == 500 && message.find("Upstream service error") != std::string_view::npos;
}

}  // namespace stagger::wire
