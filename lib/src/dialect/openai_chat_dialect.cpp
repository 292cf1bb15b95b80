#include <array>

#include "dialect/neutral_members.hpp"
#include "dialect/openai_shape.hpp"
#include "dialect/registry.hpp"
#include "dialect/tool_calls.hpp"
#include "json/json_writer.hpp"

/// OpenAI's chats, and those of everyone who speaks like it: POST {base}/chat/completions.
namespace stagger::wire {

namespace {

void append_message(std::string& out, std::string_view role, std::string_view content) {
    object_writer message(out);
    message.string("role", role);
    message.string("content", content);
    message.close();
}

/// A user's text with images.
void append_parts(std::string& out, std::string_view text, const std::vector<std::string>& images) {
    object_writer message(out);
    message.string("role", "user");
    message.key("content") += R"([{"type":"text","text":)";
    append_json_string(out, text);
    for (const std::string& url : images) {
        out += R"(},{"type":"image_url","image_url":{"url":)";
        append_json_string(out, url);
        out += '}';
    }
    out += "}]";
    message.close();
}

void append_user(std::string& out, std::string_view text, const std::vector<std::string>& images) {
    if (images.empty()) {
        append_message(out, "user", text);
    } else {
        append_parts(out, text, images);
    }
}

/// A model's message that asks for calls.
void append_calling(std::string& out, const chat_message& said) {
    object_writer message(out);
    message.string("role", "assistant");
    if (said.text().empty()) {
        message.raw("content", "null");
    } else {
        message.string("content", said.text());
    }
    char before = '[';
    std::string& list = message.key("tool_calls");
    for (const tool_call& call : said.calls()) {
        list += before;
        before = ',';
        object_writer one(list);
        one.string("id", call.id);
        one.string("type", "function");
        object_writer function(one.key("function"));
        function.string("name", call.name);
        function.string("arguments", arguments_of(call));
        function.close();
        one.close();
    }
    list += ']';
    message.close();
}

void append_said(std::string& out, const chat_message& said) {
    switch (said.role()) {
        case chat_role::user:
            return append_user(out, said.text(), said.images());
        case chat_role::assistant:
            return said.calls().empty() ? append_message(out, "assistant", said.text())
                                        : append_calling(out, said);
        case chat_role::tool:
            break;
    }
    object_writer message(out);
    message.string("role", "tool");
    message.string("tool_call_id", said.calls().front().id);
    message.string("content", said.text());
    message.close();
}

void append_messages(std::string& out, const completion_request& request) {
    out += '[';
    if (request.system()) {
        append_message(out, "system", *request.system());
        out += ',';
    }
    for (const chat_message& said : request.messages()) {
        append_said(out, said);
        out += ',';
    }
    if (has_prompt(request)) {
        append_user(out, request.prompt(), request.images());
    } else {
        out.pop_back();  // the comma
    }
    out += ']';
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

bool has_calls(const json_node& message) {
    const auto* calls = member(message, "tool_calls");
    return calls && calls->is_array() && calls->begin() != calls->end();
}

std::string read_message(const json_node& choice, std::string& text, bool& calls) {
    const auto* message = member(choice, "message");
    if (!message || !message->is_object()) return "choices[0] has no message";
    calls = has_calls(*message);
    return read_content(member(*message, "content"), "choices[0].message", text);
}

std::string read_change(const json_node& choice, std::string& text, bool& calls) {
    const auto* changed = member(choice, "delta");
    if (!changed || changed->is_null()) return {};
    if (!changed->is_object()) return "choices[0].delta is no object";
    calls = has_calls(*changed);
    return read_content(member(*changed, "content"), "choices[0].delta", text);
}

constexpr std::array<std::string_view, 1> chat_operations{"/chat/completions"};
constexpr openai_question asking_by_messages{"messages", append_messages};

class openai_chat final : public api_dialect {
 public:
    dialect value() const override { return dialect::openai_chat; }
    std::span<const std::string_view> operations() const override { return chat_operations; }
    std::string operation(std::string_view, delivery) const override {
        return std::string(chat_operations[0]);
    }
    bool is_at_azure() const override { return true; }
    bool has_system_turn() const override { return true; }
    std::string_view question() const override { return asking_by_messages.member; }
    std::string body_of(const completion_request& request, std::string& model, delivery how,
                        std::string& problem) const override {
        return openai_body(request, asking_by_messages, model, how, problem);
    }
    std::string read_answer(const json_node& document, std::string_view text,
                            completion& answer) const override {
        bool calls = false;
        auto problem = read_openai_answer(document, read_message, answer, calls);
        const auto list = calls ? json_at(text, {"choices", "0", "message", "tool_calls"}) : std::nullopt;
        if (list) join_openai_calls(*list, answer.tool_calls);
        return problem;
    }
    bool says_more(const json_node& document) const override { return choices_say_anything(document); }
    std::vector<completion_choice> read_choices(const json_node& document,
                                                std::string_view text) const override {
        return read_openai_choices(document, read_message, text, "message");
    }
    bool has_answer(const json_node& document) const override { return has_choices(document); }
    std::string read_event(const json_node& event, std::string_view text, completion_delta& delta,
                           stream_progress& progress) const override {
        std::optional<std::size_t> calling;
        auto problem = read_openai_event(event, read_change, delta, progress, calling);
        if (!calling) return problem;
        const auto list = json_at(text, {"choices", std::to_string(*calling), "delta", "tool_calls"});
        if (list) join_openai_calls(*list, progress.calls);
        return problem;
    }
};

constinit const openai_chat instance_of_openai_chat;

}  // namespace

const api_dialect& openai_chat_dialect() {
    return instance_of_openai_chat;
}

}  // namespace stagger::wire
