#include <array>

#include "dialect/openai_shape.hpp"
#include "dialect/registry.hpp"
#include "json/json_writer.hpp"

/// OpenAI's completions of text, which came before its chats: POST {base}/completions.
namespace stagger::wire {

namespace {

void append_prompt(std::string& out, const completion_request& request) {
    append_json_string(out, request.prompt());
}

std::string read_text(const json_node& choice, std::string& text, bool&) {
    const auto* given = member(choice, "text");
    if (!given || !given->is_string()) return "choices[0] has no text";
    text = text_of(*given);
    return {};
}

std::string read_further_text(const json_node& choice, std::string& text, bool&) {
    const auto* given = member(choice, "text");
    if (!given || given->is_null()) return {};
    if (!given->is_string()) return "choices[0].text is no text";
    text = text_of(*given);
    return {};
}

constexpr std::array<std::string_view, 1> text_operations{"/completions"};
constexpr openai_question asking_by_prompt{"prompt", append_prompt};

class openai_completions final : public api_dialect {
 public:
    dialect value() const override { return dialect::openai_completions; }
    abilities can() const override {
        abilities known;
        known.system = known.chats = known.tools = known.json_schema = false;
        known.images = abilities::pictures::none;
        return known;
    }
    std::span<const std::string_view> operations() const override { return text_operations; }
    std::string operation(std::string_view, delivery) const override {
        return std::string(text_operations[0]);
    }
    bool is_at_azure() const override { return true; }
    std::string_view question() const override { return asking_by_prompt.member; }
    std::string body_of(const completion_request& request, std::string& model, delivery how,
                        std::string& problem) const override {
        return openai_body(request, asking_by_prompt, model, how, problem);
    }
    std::string read_answer(const json_node& document, std::string_view, completion& answer) const override {
        bool calls = false;
        return read_openai_answer(document, read_text, answer, calls);
    }
    bool says_more(const json_node& document) const override { return choices_say_anything(document); }
    std::vector<completion_choice> read_choices(const json_node& document, std::string_view) const override {
        return read_openai_choices(document, read_text, {}, {});
    }
    bool has_answer(const json_node& document) const override { return has_choices(document); }
    std::string read_event(const json_node& event, std::string_view, completion_delta& delta,
                           stream_progress& progress) const override {
        std::optional<std::size_t> calling;
        return read_openai_event(event, read_further_text, delta, progress, calling);
    }
};

constinit const openai_completions instance_of_openai_completions;

}  // namespace

const api_dialect& openai_completions_dialect() {
    return instance_of_openai_completions;
}

}  // namespace stagger::wire
