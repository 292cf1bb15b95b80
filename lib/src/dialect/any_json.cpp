#include "dialect/any_json.hpp"

#include "dialect/usage.hpp"

namespace stagger::wire {

namespace {

class any_json_answer final : public api_dialect {
 public:
    dialect value() const override { return dialect::openai_chat; }
    std::span<const std::string_view> operations() const override { return {}; }
    std::string operation(std::string_view, delivery) const override { return {}; }
    std::string_view question() const override { return {}; }
    std::string body_of(const completion_request& request, std::string&, delivery,
                        std::string&) const override {
        return request.body();
    }

    bool answers_by_object() const override { return false; }
    std::string read_answer(const json_node& document, std::string_view, completion& answer) const override {
        if (!document.is_object()) return {};
        answer.usage = usage_in(document);
        take_id(document, "id", answer.info.request_id);
        return {};
    }
    /// Nobody looked for a text.
    bool says_more(const json_node&) const override { return true; }
    std::string read_event(const json_node&, std::string_view, completion_delta&,
                           stream_progress&) const override {
        return "it was not asked for as a stream";
    }
};

constinit const any_json_answer instance_of_any_json;

}  // namespace

const api_dialect& any_json() {
    return instance_of_any_json;
}

}  // namespace stagger::wire
