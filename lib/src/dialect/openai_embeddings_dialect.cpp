#include <algorithm>
#include <array>

#include "dialect/parameter_rules.hpp"
#include "dialect/registry.hpp"
#include "dialect/tool_calls.hpp"
#include "dialect/usage.hpp"
#include "dialect/whole_body.hpp"
#include "json/json_text.hpp"
#include "json/json_writer.hpp"

/// OpenAI's embeddings: POST {base}/embeddings. The prompt is what is embedded, and the text of the answer
/// its vector, as the server wrote it: a JSON array of numbers, or a string with base64.
namespace stagger::wire {

namespace {

constexpr std::array embeddings_ranges{
    range_rule{"dimensions", 1, unbounded, true, true, "must be a whole number from 1"},
};
constexpr member_rules embeddings_rules{embeddings_ranges};

std::string completed_embeddings_body(const completion_request& request, std::string& model, delivery how,
                                      std::string& problem) {
    problem = broken_rule(request, embeddings_rules, how, {});
    if (!problem.empty()) return {};
    whole_body body(request, how, problem);
    if (!problem.empty()) return {};
    body.settle_model(model);
    return body.text(request);
}

struct numbered_vector {
    std::size_t index;
    std::string_view text;
};

/// In the order of what was embedded, whatever the order of the answer.
std::vector<numbered_vector> vectors_in(std::string_view text) {
    std::vector<numbered_vector> found;
    for (const std::string_view one : json_elements_at(text, {"data"})) {
        const auto members = json_members(one);
        const auto* vector = members ? find_member(*members, "embedding") : nullptr;
        if (!vector) return {};
        const auto* index = find_member(*members, "index");
        const double number = index ? json_number_value(index->value) : static_cast<double>(found.size());
        const bool usable = number >= 0 && number < 1e9;
        found.push_back({usable ? static_cast<std::size_t>(number) : found.size(), vector->value});
    }
    std::stable_sort(
        found.begin(), found.end(),
        [](const numbered_vector& left, const numbered_vector& right) { return left.index < right.index; });
    return found;
}

constexpr std::array<std::string_view, 1> embeddings_operations{"/embeddings"};

class openai_embeddings final : public api_dialect {
 public:
    dialect value() const override { return dialect::openai_embeddings; }
    abilities can() const override {
        abilities known;
        known.system = known.chats = known.max_new_tokens = known.temperature = known.stop = known.tools =
            known.json_schema = known.streams = false;
        known.images = abilities::pictures::none;
        return known;
    }
    std::span<const std::string_view> operations() const override { return embeddings_operations; }
    std::string operation(std::string_view, delivery) const override {
        return std::string(embeddings_operations[0]);
    }
    bool is_at_azure() const override { return true; }
    std::string_view question() const override { return "input"; }
    std::string body_of(const completion_request& request, std::string& model, delivery how,
                        std::string& problem) const override;
    answer_charge charge() const override { return answer_charge::nothing; }

    json_document::deepest depth() const override { return json_document::deepest::of_a_list; }
    std::string read_answer(const json_node& document, std::string_view text,
                            completion& answer) const override;
    std::string read_event(const json_node&, std::string_view, completion_delta&,
                           stream_progress&) const override {
        return "embeddings are not streamed";
    }
};

std::string openai_embeddings::body_of(const completion_request& request, std::string& model, delivery how,
                                       std::string& problem) const {
    if (!request.body().empty()) return completed_embeddings_body(request, model, how, problem);
    constexpr std::array<std::string_view, 2> reserved{"model", "input"};
    problem = broken_rule(request, embeddings_rules, how, reserved);
    if (!problem.empty()) return {};
    std::string body;
    object_writer members(body);
    if (!model.empty()) members.string("model", model);
    members.string("input", request.prompt());
    for (const auto& [name, json] : request.members()) members.raw(name, json);
    members.close();
    return body;
}

std::string openai_embeddings::read_answer(const json_node& document, std::string_view text,
                                           completion& answer) const {
    const auto* data = member(document, "data");
    if (!data || !data->is_array() || data->begin() == data->end()) return "it has no data";
    const auto vectors = vectors_in(text);
    if (vectors.empty()) return "its data has no embedding";
    if (vectors.size() == 1) {
        answer.text = vectors.front().text;
    } else {
        char before = '[';
        for (const numbered_vector& one : vectors) {
            answer.text += before;
            answer.text += one.text;
            before = ',';
        }
        answer.text += ']';
    }
    answer.usage = usage_in(document);
    take_id(document, "id", answer.info.request_id);
    return {};
}

constinit const openai_embeddings instance_of_openai_embeddings;

}  // namespace

const api_dialect& openai_embeddings_dialect() {
    return instance_of_openai_embeddings;
}

}  // namespace stagger::wire
