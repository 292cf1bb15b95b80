#include "wire/openai_dialect.hpp"

#include <vector>

#include "wire/json_document.hpp"
#include "wire/json_writer.hpp"
#include "wire/parameter_rules.hpp"
#include "wire/usage.hpp"
#include "wire/whole_body.hpp"

namespace stagger::wire {

namespace json = boost::json;

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

std::string completed_body(const completion_request& request, std::string_view model, std::string& problem) {
    problem = broken_rule(request, dialect::openai_chat, {});
    if (!problem.empty()) return {};
    whole_body body(request, problem);
    if (!problem.empty()) return {};
    if (!model.empty()) body.add_string("model", model);
    if (sends_max_tokens(request) && !body.has("max_completion_tokens")) {
        body.add_count("max_tokens", *request.max_new_tokens());
    }
    if (request.temperature()) body.add_number("temperature", *request.temperature());
    return body.text(request);
}

/// The text of a message: a string, null (a tool call, a refusal), or parts of which those of text count.
std::string read_content(const json::value* content, std::string& text) {
    if (!content || content->is_null()) return {};
    if (content->is_string()) {
        text = text_of(*content);
        return {};
    }
    if (!content->is_array()) return "choices[0].message.content is no text";
    for (const auto& part : content->get_array()) {
        const auto* value = part.is_object() ? member(part.get_object(), "text") : nullptr;
        if (value && value->is_string()) text += text_of(*value);
    }
    return {};
}

std::string read_choice(const json::object& choice, openai_endpoint endpoint, completion& answer) {
    if (const auto* reason = member(choice, "finish_reason"); reason && reason->is_string()) {
        answer.finish_reason = text_of(*reason);
    }
    if (endpoint == openai_endpoint::chat) {
        const auto* message = member(choice, "message");
        if (!message || !message->is_object()) return "choices[0] has no message";
        return read_content(member(message->get_object(), "content"), answer.text);
    }
    const auto* text = member(choice, "text");
    if (!text || !text->is_string()) return "choices[0] has no text";
    answer.text = text_of(*text);
    return {};
}

}  // namespace

std::string openai_target(openai_endpoint endpoint, std::string_view base_path) {
    return std::string(base_path) +
           (endpoint == openai_endpoint::chat ? "/chat/completions" : "/completions");
}

std::string openai_body(const completion_request& request, openai_endpoint endpoint, std::string_view model,
                        std::string& problem) {
    if (!request.body().empty()) return completed_body(request, model, problem);

    const bool chat = endpoint == openai_endpoint::chat;
    if (!chat && request.system()) {
        problem = "system: the openai-completions dialect has no system message";
        return {};
    }
    std::vector<std::string_view> reserved{"model", chat ? "messages" : "prompt"};
    if (sends_max_tokens(request)) reserved.emplace_back("max_tokens");
    if (request.temperature()) reserved.emplace_back("temperature");
    problem = broken_rule(request, chat ? dialect::openai_chat : dialect::openai_completions, reserved);
    if (!problem.empty()) return {};

    std::string body;
    // Room for the prompt with some escapes and for the names around it.
    body.reserve(request.prompt().size() + request.prompt().size() / 8 + 256);
    object_writer members(body);
    if (!model.empty()) members.string("model", model);
    if (chat) {
        append_messages(members.key("messages"), request);
    } else {
        members.string("prompt", request.prompt());
    }
    if (sends_max_tokens(request)) members.count("max_tokens", *request.max_new_tokens());
    if (request.temperature()) members.number("temperature", *request.temperature());
    for (const auto& [name, json] : request.members()) members.raw(name, json);
    members.close();
    return body;
}

std::string read_openai_answer(const json::object& document, openai_endpoint endpoint, completion& answer) {
    const auto* choices = member(document, "choices");
    if (!choices || !choices->is_array() || choices->get_array().empty()) return "it has no choices";
    const auto& first = choices->get_array().front();
    if (!first.is_object()) return "choices[0] is no object";
    auto problem = read_choice(first.get_object(), endpoint, answer);
    if (!problem.empty()) return problem;

    if (const auto* usage = member(document, "usage"); usage && usage->is_object()) {
        answer.usage.prompt_tokens = token_count(usage->get_object(), "prompt_tokens");
        answer.usage.completion_tokens = token_count(usage->get_object(), "completion_tokens");
    }
    const auto* id = member(document, "id");
    if (answer.info.request_id.empty() && id && id->is_string()) answer.info.request_id = text_of(*id);
    return {};
}

}  // namespace stagger::wire
