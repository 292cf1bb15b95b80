#include "answer_of_result.hpp"

#include "dialect/dialect.hpp"
#include "json/json_text.hpp"
#include "prices/cost_counter.hpp"

namespace app {
namespace {

namespace wire = stagger::wire;
using members = std::vector<wire::json_member>;

members members_of(const wire::json_member* value) {
    if (!value) return {};
    return wire::json_members(value->value).value_or(members());
}

std::string text_of(const members& object, std::string_view name) {
    const auto* member = wire::find_member(object, name);
    return member ? wire::json_string_value(member->value).value_or(std::string()) : std::string();
}

bool is_success(const members& response) {
    const auto* status = wire::find_member(response, "status_code");
    return status && status->value.size() == 3 && status->value.front() == '2';
}

stagger::dialect dialect_without_choices(const members& body) {
    if (wire::find_member(body, "candidates")) return stagger::dialect::gemini;
    if (wire::find_member(body, "content")) return stagger::dialect::anthropic_messages;
    if (wire::find_member(body, "data")) return stagger::dialect::openai_embeddings;
    const auto* output = wire::find_member(body, "output");
    return output && output->value.starts_with('[') ? stagger::dialect::openai_responses
                                                    : stagger::dialect::llm_engine;
}

stagger::dialect dialect_of(const members& body) {
    const auto* choices = wire::find_member(body, "choices");
    if (!choices) return dialect_without_choices(body);
    const auto all = wire::json_elements(choices->value).value_or(std::vector<std::string_view>());
    const auto first = all.empty() ? members() : wire::json_members(all.front()).value_or(members());
    return wire::find_member(first, "text") ? stagger::dialect::openai_completions
                                            : stagger::dialect::openai_chat;
}

void read_answer(std::string_view raw, const members& body, shown_result& shown) {
    wire::response received;
    received.status = 200;
    received.body = std::string(raw);
    const auto decoded = wire::decode(std::move(received), dialect_of(body), 0);
    if (decoded.error) return;
    shown.answer = decoded.answer.text;
    shown.finish_reason = decoded.answer.finish_reason;
    shown.prompt_tokens = decoded.answer.usage.prompt_tokens;
    shown.completion_tokens = decoded.answer.usage.completion_tokens;
    shown.cached_tokens = decoded.answer.usage.cached_tokens;
    shown.model = answering_model(raw);
    const auto usage = members_of(wire::find_member(body, "usage"));
    const auto* cost = wire::find_member(usage, "cost");
    const bool number =
        cost && std::string_view("-0123456789").find(cost->value.front()) != std::string_view::npos;
    if (number) shown.cost = cost->value;
}

std::optional<std::uint64_t> count_of(const members& object, std::string_view name) {
    const auto* member = wire::find_member(object, name);
    if (!member) return std::nullopt;
    return static_cast<std::uint64_t>(wire::json_number_value(member->value));
}

/// A copy took none; of a row that was asked several times the body tells the last answer's alone.
void read_own_tokens(const members& ours, shown_result& shown) {
    if (wire::find_member(ours, "copy")) {
        shown.prompt_tokens.reset();
        shown.completion_tokens.reset();
        shown.cached_tokens.reset();
        shown.cost.clear();
    }
    if (const auto count = count_of(ours, "prompt_tokens")) shown.prompt_tokens = count;
    if (const auto count = count_of(ours, "completion_tokens")) shown.completion_tokens = count;
}

/// What models put around JSON although nobody asked for it.
std::string_view without_fence(std::string_view text) {
    constexpr std::string_view fence = "```";
    text = wire::json_trimmed(text);
    if (!text.starts_with(fence) || !text.ends_with(fence) || text.size() < 2 * fence.size()) return text;
    text.remove_suffix(fence.size());
    const auto line_end = text.find('\n');
    return line_end == std::string_view::npos ? text : wire::json_trimmed(text.substr(line_end));
}

}  // namespace

std::optional<shown_result> read_shown_result(std::string_view line) {
    const auto summary = wire::parse_result_line(line);
    if (!summary) return std::nullopt;
    const auto all = wire::json_members(line).value_or(members());
    shown_result shown;
    shown.id = summary->custom_id;
    shown.answered = summary->succeeded;
    const auto response = members_of(wire::find_member(all, "response"));
    if (shown.answered && is_success(response)) {
        const auto* raw = wire::find_member(response, "body");
        if (raw) read_answer(raw->value, members_of(raw), shown);
    }
    read_own_tokens(members_of(wire::find_member(all, "stagger")), shown);
    const auto error = members_of(wire::find_member(all, "error"));
    if (!error.empty()) shown.error = text_of(error, "code") + ": " + text_of(error, "message");
    if (!shown.answered && shown.error.empty()) {
        const auto* status = wire::find_member(response, "status_code");
        shown.error = "status " + (status ? std::string(status->value) : std::string("unknown"));
    }
    return shown;
}

std::optional<double> cost_by_list(const shown_result& result, const price_list& prices) {
    const auto* found = prices.find(result.model);
    if (found == nullptr) return std::nullopt;
    return found->cost_of({result.prompt_tokens, result.completion_tokens, result.cached_tokens});
}

named_values members_of_answer(const std::string& answer) {
    const auto json = without_fence(answer);
    named_values values;
    if (!json.starts_with('{') || wire::json_problem(json)) return values;
    for (const auto& each : wire::json_members(json).value_or(members()))
        values.push_back({each.name, {std::string(each.value), true}});
    return values;
}

}  // namespace app
