#include "dialect/openai_shape.hpp"

#include <algorithm>
#include <array>
#include <span>

#include "dialect/neutral_members.hpp"
#include "dialect/parameter_rules.hpp"
#include "dialect/tool_calls.hpp"
#include "dialect/usage.hpp"
#include "dialect/whole_body.hpp"
#include "json/json_writer.hpp"

namespace stagger::wire {

namespace {

constexpr std::array openai_ranges{
    range_rule{"temperature", 0, 2, true, false, "must be within 0..2"},
    range_rule{"max_tokens", 1, unbounded, true, true, "must be a whole number from 1"},
    range_rule{"max_completion_tokens", 1, unbounded, true, true, "must be a whole number from 1"},
    range_rule{"top_p", 0, 1, true, false, "must be within 0..1"},
    range_rule{"n", 1, 128, true, true, "must be a whole number within 1..128"},
    range_rule{"top_logprobs", 0, 20, true, true, "must be a whole number within 0..20"},
    range_rule{"seed", -unbounded, unbounded, true, true, "must be a whole number"},
    range_rule{"presence_penalty", -2, 2, true, false, "must be within -2..2"},
    range_rule{"frequency_penalty", -2, 2, true, false, "must be within -2..2"},
    // No field of OpenAI's, but of the servers that speak its dialect; 0 and -1 both switch it off.
    range_rule{"top_k", -1, unbounded, true, true, "must be a whole number from -1"},
};

constexpr member_rules openai_rules{openai_ranges};

/// Newer chat models refuse max_tokens beside max_completion_tokens: who sets that one means it.
bool sends_max_tokens(const completion_request& request) {
    return request.max_new_tokens() && !has_member(request, "max_completion_tokens");
}

// Without it a stream has no usage. A request that sets stream_options means them; null asks for nothing.
constexpr std::string_view with_usage = R"({"include_usage":true})";

std::string completed_openai_body(const completion_request& request, std::string& model, delivery how,
                                  std::string& problem) {
    problem = broken_rule(request, openai_rules, how, {});
    if (!problem.empty()) return {};
    whole_body body(request, how, problem);
    if (!problem.empty()) return {};
    if (how == delivery::streamed) {
        body.add_raw("stream", "true");
        if (!has_member(request, "stream_options")) body.add_raw("stream_options", with_usage);
    }
    body.settle_model(model);
    if (sends_max_tokens(request) && !body.has("max_completion_tokens")) {
        body.add_count("max_tokens", *request.max_new_tokens());
    }
    if (request.temperature()) body.add_number("temperature", *request.temperature());
    return body.text(request);
}

void append_response_format(std::string& out, const answer_schema& schema) {
    object_writer format(out);
    format.string("type", "json_schema");
    append_openai_schema(format.key("json_schema"), schema);
    format.close();
}

void append_neutral_members(object_writer& members, const completion_request& request) {
    if (!request.stop().empty()) append_json_strings(members.key("stop"), request.stop());
    if (!request.tools().empty()) append_openai_tools(members.key("tools"), request.tools());
    if (request.json_schema()) append_response_format(members.key("response_format"), *request.json_schema());
}

/// An event belongs to one of the answers that were asked for; the text is the first one's.
bool is_first(const json_node& choice) {
    const auto* index = member(choice, "index");
    return !index || index->integer().value_or(0) == 0;
}

/// Not null, and no list, text or object of nothing.
bool says_something(const json_node* value) {
    if (!value || value->is_null()) return false;
    if (value->is_string()) return !value->text().empty();
    return !(value->is_array() || value->is_object()) || value->size() > 0;
}

bool says_anything(const json_node& choice) {
    if (string_member(choice, "finish_reason") == "content_filter") return true;
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

std::string read_choice(const json_node& choice, choice_reader read, std::string& text, std::string& reason,
                        bool& calls) {
    const auto* given = member(choice, "finish_reason");
    if (given && given->is_string()) reason = text_of(*given);
    return read(choice, text, calls);
}

}  // namespace

std::string openai_body(const completion_request& request, const openai_question& question,
                        std::string& model, delivery how, std::string& problem) {
    const bool more = request.has_more();
    if (more && !request.body().empty()) return completed_openai_body(request, model, how, problem);

    std::array<std::string_view, 7> reserved{"model", question.member};
    std::size_t count = 2;
    if (more && !request.stop().empty()) reserved[count++] = "stop";
    if (more && !request.tools().empty()) reserved[count++] = "tools";
    if (more && request.json_schema()) reserved[count++] = "response_format";
    if (sends_max_tokens(request)) reserved[count++] = "max_tokens";
    if (request.temperature()) reserved[count++] = "temperature";
    problem = broken_rule(request, openai_rules, how, std::span(reserved).first(count));
    if (!problem.empty()) return {};

    std::string body;
    // Room for the prompt with some escapes and for the names around it, not much more: it may wait for long.
    constexpr std::size_t usual_names = 72;
    body.reserve(request.prompt().size() + request.prompt().size() / 8 + model.size() + usual_names);
    object_writer members(body);
    if (!model.empty()) members.string("model", model);
    question.append(members.key(question.member), request);
    if (sends_max_tokens(request)) members.count("max_tokens", *request.max_new_tokens());
    if (request.temperature()) members.number("temperature", *request.temperature());
    if (more) append_neutral_members(members, request);
    if (how == delivery::streamed) {
        if (!has_member(request, "stream")) members.raw("stream", "true");
        if (!has_member(request, "stream_options")) members.raw("stream_options", with_usage);
    }
    for (const auto& [name, json] : request.members()) members.raw(name, json);
    members.close();
    return body;
}

std::string read_openai_answer(const json_node& document, choice_reader read, completion& answer,
                               bool& calls) {
    const auto* choices = member(document, "choices");
    if (!choices || !choices->is_array()) return "it has no choices";
    if (choices->begin() != choices->end()) {
        const auto& first = *choices->begin();
        if (!first.is_object()) return "choices[0] is no object";
        auto problem = read_choice(first, read, answer.text, answer.finish_reason, calls);
        if (!problem.empty()) return problem;
    }
    answer.usage = usage_in(document);
    take_id(document, "id", answer.info.request_id);
    return {};
}

std::string read_openai_event(const json_node& event, choice_reader read, completion_delta& delta,
                              stream_progress& progress, std::optional<std::size_t>& calling) {
    take_id(event, "id", progress.id);
    delta.usage = usage_in(event);
    // The event with the usage has none; neither have events that some servers send beside the answer.
    const auto* choices = member(event, "choices");
    progress.stands_beside = !choices || choices->is_null() || choices->size() == 0;
    if (!choices || choices->is_null()) return {};
    if (!choices->is_array()) return "its choices are no array";
    std::size_t place = 0;
    for (const auto& choice : *choices) {
        if (!choice.is_object()) return "a choice is no object";
        progress.has_begun = true;
        bool calls = false;
        if (is_first(choice)) {
            auto problem = read_choice(choice, read, delta.text, delta.finish_reason, calls);
            if (!problem.empty()) return problem;
        }
        if (calls) calling = place;
        ++place;
    }
    return {};
}

bool choices_say_anything(const json_node& document) {
    const auto* choices = member(document, "choices");
    if (!choices || !choices->is_array()) return false;
    return std::any_of(choices->begin(), choices->end(),
                       [](const json_node& choice) { return choice.is_object() && says_anything(choice); });
}

std::vector<completion_choice> read_openai_choices(const json_node& document, choice_reader read,
                                                   std::string_view text, std::string_view calls_in) {
    std::vector<completion_choice> found;
    if (!has_choices(document)) return found;
    for (const json_node& choice : *member(document, "choices")) {
        if (!choice.is_object()) return {};
        const std::string place = std::to_string(found.size());
        completion_choice& one = found.emplace_back();
        bool calls = false;
        if (!read_choice(choice, read, one.text, one.finish_reason, calls).empty()) return {};
        if (!calls) continue;
        const auto list = json_at(text, {"choices", place, calls_in, "tool_calls"});
        if (list) join_openai_calls(*list, one.tool_calls);
    }
    return found;
}

bool has_choices(const json_node& document) {
    const auto* choices = member(document, "choices");
    return choices && choices->is_array() && choices->begin() != choices->end();
}

}  // namespace stagger::wire
