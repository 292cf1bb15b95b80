#include "dialect/openai_dialect.hpp"

#include <algorithm>
#include <array>
#include <span>

#include "dialect/parameter_rules.hpp"
#include "dialect/usage.hpp"
#include "dialect/whole_body.hpp"
#include "json/json_writer.hpp"

namespace stagger::wire {

namespace {

bool has_member(const completion_request& request, std::string_view name) {
    for (const auto& member : request.members()) {
        if (member.first == name) return true;
    }
    return false;
}

/// Newer chat models refuse max_tokens beside max_completion_tokens: who sets that one means it.
bool sends_max_tokens(const completion_request& request) {
    return request.max_new_tokens() && !has_member(request, "max_completion_tokens");
}

void append_message(std::string& out, std::string_view role, std::string_view content) {
    object_writer message(out);
    message.string("role", role);
    message.string("content", content);
    message.close();
}

void append_messages(std::string& out, const completion_request& request) {
    out += '[';
    if (request.system()) {
        append_message(out, "system", *request.system());
        out += ',';
    }
    append_message(out, "user", request.prompt());
    out += ']';
}

// Without it a stream has no usage. A request that sets stream_options means them; null asks for nothing.
constexpr std::string_view with_usage = R"({"include_usage":true})";

std::string completed_body(const completion_request& request, std::string& model, delivery how,
                           std::string& problem) {
    problem = broken_rule(request, dialect::openai_chat, how, {});
    if (!problem.empty()) return {};
    whole_body body(request, how, problem);
    if (!problem.empty()) return {};
    if (how == delivery::streamed) {
        body.add_raw("stream", "true");
        if (!has_member(request, "stream_options")) body.add_raw("stream_options", with_usage);
    }
    if (const json_member* named = body.get("model")) {
        model = json_string_value(named->value).value_or(std::string());
    } else if (!model.empty()) {
        body.add_string("model", model);
    }
    if (sends_max_tokens(request) && !body.has("max_completion_tokens")) {
        body.add_count("max_tokens", *request.max_new_tokens());
    }
    if (request.temperature()) body.add_number("temperature", *request.temperature());
    return body.text(request);
}

/// The text of a message: a string, null (a tool call, a refusal), or parts of which those of text count.
std::string read_content(const json_node* content, std::string_view where, std::string& text) {
    if (!content || content->is_null()) return {};
    if (content->is_string()) {
        text = text_of(*content);
        return {};
    }
    if (!content->is_array()) return std::string(where) + ".content is no text";
    for (const auto& part : *content) {
        const auto* value = part.is_object() ? member(part, "text") : nullptr;
        if (value && value->is_string()) text += text_of(*value);
    }
    return {};
}

std::string read_choice(const json_node& choice, openai_endpoint endpoint, completion& answer) {
    if (const auto* reason = member(choice, "finish_reason"); reason && reason->is_string()) {
        answer.finish_reason = text_of(*reason);
    }
    if (endpoint == openai_endpoint::chat) {
        const auto* message = member(choice, "message");
        if (!message || !message->is_object()) return "choices[0] has no message";
        return read_content(member(*message, "content"), "choices[0].message", answer.text);
    }
    const auto* text = member(choice, "text");
    if (!text || !text->is_string()) return "choices[0] has no text";
    answer.text = text_of(*text);
    return {};
}

/// An event belongs to one of the answers that were asked for; the text is the first one's.
bool is_first(const json_node& choice) {
    const auto* index = member(choice, "index");
    return !index || index->integer().value_or(0) == 0;
}

std::string read_choice_delta(const json_node& choice, openai_endpoint endpoint, completion_delta& delta) {
    if (const auto* reason = member(choice, "finish_reason"); reason && reason->is_string()) {
        delta.finish_reason = text_of(*reason);
    }
    if (endpoint == openai_endpoint::chat) {
        const auto* changed = member(choice, "delta");
        if (!changed || changed->is_null()) return {};
        if (!changed->is_object()) return "choices[0].delta is no object";
        return read_content(member(*changed, "content"), "choices[0].delta", delta.text);
    }
    const auto* text = member(choice, "text");
    if (!text || text->is_null()) return {};
    if (!text->is_string()) return "choices[0].text is no text";
    delta.text = text_of(*text);
    return {};
}

token_usage read_usage(const json_node& document) {
    const auto* usage = member(document, "usage");
    if (!usage || !usage->is_object()) return {};
    return {token_count(*usage, "prompt_tokens"), token_count(*usage, "completion_tokens")};
}

/// Not null, and no list, text or object of nothing.
bool says_something(const json_node* value) {
    if (!value || value->is_null()) return false;
    if (value->is_string()) return !value->text().empty();
    return !(value->is_array() || value->is_object()) || value->size() > 0;
}

/// Of a choice of an answer in one piece, or of an event: that of `n` further ones is an answer, too.
bool says_anything(const json_node& choice) {
    const auto* reason = member(choice, "finish_reason");
    if (reason && reason->is_string() && reason->text() == "content_filter") return true;
    if (says_something(member(choice, "text"))) return true;
    for (const std::string_view holder : {"message", "delta"}) {
        const auto* message = member(choice, holder);
        if (!message || !message->is_object()) continue;
        for (const std::string_view name :
             {"content", "tool_calls", "function_call", "refusal", "audio", "images"}) {
            if (says_something(member(*message, name))) return true;
        }
    }
    return false;
}

void read_id(const json_node& document, std::string& id) {
    const auto* given = member(document, "id");
    if (id.empty() && given && given->is_string()) id = text_of(*given);
}

}  // namespace

std::string openai_target(openai_endpoint endpoint, std::string_view base_path) {
    return std::string(base_path) +
           (endpoint == openai_endpoint::chat ? "/chat/completions" : "/completions");
}

std::string openai_body(const completion_request& request, openai_endpoint endpoint, std::string& model,
                        std::string& problem, delivery how) {
    if (!request.body().empty()) return completed_body(request, model, how, problem);

    const bool chat = endpoint == openai_endpoint::chat;
    if (!chat && request.system()) {
        problem = "system: the openai-completions dialect has no system message";
        return {};
    }
    std::array<std::string_view, 4> reserved{"model", chat ? "messages" : "prompt"};
    std::size_t count = 2;
    if (sends_max_tokens(request)) reserved[count++] = "max_tokens";
    if (request.temperature()) reserved[count++] = "temperature";
    problem = broken_rule(request, chat ? dialect::openai_chat : dialect::openai_completions, how,
                          std::span(reserved).first(count));
    if (!problem.empty()) return {};

    std::string body;
    // Room for the prompt with some escapes and for the names around it, not much more: it may wait for long.
    constexpr std::size_t usual_names = 72;
    body.reserve(request.prompt().size() + request.prompt().size() / 8 + model.size() + usual_names);
    object_writer members(body);
    if (!model.empty()) members.string("model", model);
    if (chat) {
        append_messages(members.key("messages"), request);
    } else {
        members.string("prompt", request.prompt());
    }
    if (sends_max_tokens(request)) members.count("max_tokens", *request.max_new_tokens());
    if (request.temperature()) members.number("temperature", *request.temperature());
    if (how == delivery::streamed) {
        if (!has_member(request, "stream")) members.raw("stream", "true");
        if (!has_member(request, "stream_options")) members.raw("stream_options", with_usage);
    }
    for (const auto& [name, json] : request.members()) members.raw(name, json);
    members.close();
    return body;
}

std::string read_openai_answer(const json_node& document, openai_endpoint endpoint, completion& answer) {
    const auto* choices = member(document, "choices");
    if (!choices || !choices->is_array()) return "it has no choices";
    if (choices->begin() != choices->end()) {
        const auto& first = *choices->begin();
        if (!first.is_object()) return "choices[0] is no object";
        auto problem = read_choice(first, endpoint, answer);
        if (!problem.empty()) return problem;
    }
    answer.usage = read_usage(document);
    read_id(document, answer.info.request_id);
    return {};
}

std::string read_openai_delta(const json_node& document, openai_endpoint endpoint, completion_delta& delta,
                              std::string& id, bool& has_choices) {
    read_id(document, id);
    delta.usage = read_usage(document);
    // The event with the usage has none; neither have events that some servers send beside the answer.
    const auto* choices = member(document, "choices");
    if (!choices || choices->is_null()) return {};
    if (!choices->is_array()) return "its choices are no array";
    for (const auto& choice : *choices) {
        if (!choice.is_object()) return "a choice is no object";
        has_choices = true;
        if (!is_first(choice)) continue;
        auto problem = read_choice_delta(choice, endpoint, delta);
        if (!problem.empty()) return problem;
    }
    return {};
}

bool has_content(const json_node& document) {
    const auto* choices = member(document, "choices");
    if (!choices || !choices->is_array()) return false;
    return std::any_of(choices->begin(), choices->end(),
                       [](const json_node& choice) { return choice.is_object() && says_anything(choice); });
}

}  // namespace stagger::wire
