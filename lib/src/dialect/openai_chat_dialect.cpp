#include <array>

#include "dialect/openai_shape.hpp"
#include "dialect/registry.hpp"
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

void append_messages(std::string& out, const completion_request& request) {
    out += '[';
    if (request.system()) {
        append_message(out, "system", *request.system());
        out += ',';
    }
    append_message(out, "user", request.prompt());
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

std::string read_message(const json_node& choice, std::string& text) {
    const auto* message = member(choice, "message");
    if (!message || !message->is_object()) return "choices[0] has no message";
    return read_content(member(*message, "content"), "choices[0].message", text);
}

std::string read_change(const json_node& choice, std::string& text) {
    const auto* changed = member(choice, "delta");
    if (!changed || changed->is_null()) return {};
    if (!changed->is_object()) return "choices[0].delta is no object";
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
    std::string_view question() const override { return asking_by_messages.member; }
    std::string body_of(const completion_request& request, std::string& model, delivery how,
                        std::string& problem) const override {
        return openai_body(request, asking_by_messages, model, how, problem);
    }
    std::string read_answer(const json_node& document, std::string_view, completion& answer) const override {
        return read_openai_answer(document, read_message, answer);
    }
    bool has_answer(const json_node& document) const override { return has_choices(document); }
    std::string read_event(const json_node& event, std::string_view, completion_delta& delta,
                           stream_progress& progress) const override {
        return read_openai_event(event, read_change, delta, progress);
    }
};

constinit const openai_chat instance_of_openai_chat;

}  // namespace

const api_dialect& openai_chat_dialect() {
    return instance_of_openai_chat;
}

}  // namespace stagger::wire
