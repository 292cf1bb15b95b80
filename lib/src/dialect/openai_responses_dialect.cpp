#include <algorithm>
#include <array>
#include <utility>

#include "dialect/neutral_members.hpp"
#include "dialect/parameter_rules.hpp"
#include "dialect/registry.hpp"
#include "dialect/tool_calls.hpp"
#include "dialect/usage.hpp"
#include "dialect/whole_body.hpp"
#include "json/json_writer.hpp"

/// OpenAI's Responses: POST {base}/responses.
namespace stagger::wire {

namespace {

constexpr std::array responses_ranges{
    range_rule{"temperature", 0, 2, true, false, "must be within 0..2"},
    range_rule{"max_output_tokens", 1, unbounded, true, true, "must be a whole number from 1"},
    range_rule{"top_p", 0, 1, true, false, "must be within 0..1"},
    range_rule{"top_logprobs", 0, 20, true, true, "must be a whole number within 0..20"},
};
constexpr member_rules responses_rules{responses_ranges};

/// A text with images: one message of several parts.
void append_input_parts(std::string& out, std::string_view text, const std::vector<std::string>& images) {
    out += R"({"role":"user","content":[{"type":"input_text","text":)";
    append_json_string(out, text);
    for (const std::string& url : images) {
        out += R"(},{"type":"input_image","image_url":)";
        append_json_string(out, url);
    }
    out += "}]}";
}

void append_input_text(std::string& out, std::string_view role, std::string_view text) {
    object_writer message(out);
    message.string("role", role);
    message.string("content", text);
    message.close();
}

void append_input_user(std::string& out, std::string_view text, const std::vector<std::string>& images) {
    if (images.empty()) {
        append_input_text(out, "user", text);
    } else {
        append_input_parts(out, text, images);
    }
}

/// Calls and their results are no messages here, but items beside them.
void append_input_said(std::string& out, const chat_message& said) {
    if (said.role() == chat_role::user) return append_input_user(out, said.text(), said.images());
    if (said.role() == chat_role::tool) {
        object_writer result(out);
        result.string("type", "function_call_output");
        result.string("call_id", said.calls().front().id);
        result.string("output", said.text());
        return result.close();
    }
    const bool has_text = !said.text().empty() || said.calls().empty();
    if (has_text) append_input_text(out, "assistant", said.text());
    bool first = !has_text;
    for (const tool_call& call : said.calls()) {
        if (!std::exchange(first, false)) out += ',';
        object_writer item(out);
        item.string("type", "function_call");
        item.string("call_id", call.id);
        item.string("name", call.name);
        item.string("arguments", arguments_of(call));
        item.close();
    }
}

void append_input_items(std::string& out, const completion_request& request) {
    out += '[';
    for (const chat_message& said : request.messages()) {
        append_input_said(out, said);
        out += ',';
    }
    if (has_prompt(request)) {
        append_input_user(out, request.prompt(), request.images());
    } else {
        out.pop_back();  // the comma
    }
    out += ']';
}

void append_flat_tools(std::string& out, const std::vector<tool_definition>& tools) {
    char before = '[';
    for (const tool_definition& tool : tools) {
        out += before;
        before = ',';
        object_writer one(out);
        one.string("type", "function");
        one.string("name", tool.name);
        if (!tool.description.empty()) one.string("description", tool.description);
        one.raw("parameters", tool.parameters);
        // Unsaid, this operation takes every function's schema for a strict one, as chats do not.
        one.raw("strict", "false");
        one.close();
    }
    out += ']';
}

void append_text_format(std::string& out, const answer_schema& schema) {
    object_writer text(out);
    object_writer format(text.key("format"));
    format.string("type", "json_schema");
    format.string("name", schema.name);
    format.raw("schema", schema.schema);
    format.raw("strict", "true");
    format.close();
    text.close();
}

std::string completed_responses_body(const completion_request& request, std::string& model, delivery how,
                                     std::string& problem) {
    problem = broken_rule(request, responses_rules, how, {});
    if (!problem.empty()) return {};
    whole_body body(request, how, problem);
    if (!problem.empty()) return {};
    if (how == delivery::streamed) body.add_raw("stream", "true");
    body.settle_model(model);
    if (request.max_new_tokens()) body.add_count("max_output_tokens", *request.max_new_tokens());
    if (request.temperature()) body.add_number("temperature", *request.temperature());
    return body.text(request);
}

/// The parts of a message; a refusal is no text, but a reason to end.
void read_message_item(const json_node& item, std::string& text, bool& refuses) {
    const auto* content = member(item, "content");
    if (!content || !content->is_array()) return;
    for (const json_node& part : *content) {
        if (!part.is_object()) continue;
        const auto type = string_member(part, "type");
        if (type == "output_text") text += string_member(part, "text");
        refuses = refuses || type == "refusal";
    }
}

tool_call call_of_item(const json_node& item) {
    return {std::string(string_member(item, "call_id")), std::string(string_member(item, "name")),
            std::string(string_member(item, "arguments"))};
}

bool is_call(const json_node& item) {
    return item.is_object() && string_member(item, "type") == "function_call";
}

bool is_announcement(std::string_view type) {
    return type == "response.created" || type == "response.queued" || type == "response.in_progress";
}

/// Beside the text and the calls of functions; what was thought about it is no answer.
bool item_says_more(const json_node& item) {
    if (!item.is_object()) return false;
    const auto type = string_member(item, "type");
    if (type != "message") return !type.empty() && type != "reasoning" && type != "function_call";
    std::string text;
    bool refuses = false;
    read_message_item(item, text, refuses);
    return refuses;
}

bool response_says_more(const json_node& response) {
    const auto* details = member(response, "incomplete_details");
    if (details && details->is_object() && string_member(*details, "reason") == "content_filter") return true;
    const auto* output = member(response, "output");
    return output && output->is_array() && std::any_of(output->begin(), output->end(), item_says_more);
}

std::string finish_of(const json_node& response, bool refuses) {
    const auto* details = member(response, "incomplete_details");
    if (details && details->is_object()) {
        const auto reason = string_member(*details, "reason");
        if (!reason.empty()) return std::string(reason);
    }
    return refuses ? "refusal" : std::string(string_member(response, "status"));
}

constexpr std::array<std::string_view, 1> responses_operations{"/responses"};

class openai_responses final : public api_dialect {
 public:
    dialect value() const override { return dialect::openai_responses; }
    abilities can() const override {
        abilities known;
        known.stop = false;
        return known;
    }
    std::span<const std::string_view> operations() const override { return responses_operations; }
    std::string operation(std::string_view, delivery) const override {
        return std::string(responses_operations[0]);
    }
    bool is_at_azure() const override { return true; }
    std::string_view question() const override { return "input"; }
    std::string body_of(const completion_request& request, std::string& model, delivery how,
                        std::string& problem) const override;

    std::string read_answer(const json_node& document, std::string_view text,
                            completion& answer) const override;
    bool says_more(const json_node& document) const override;

    bool has_end_marker() const override { return false; }
    std::optional<error_body> error_in_event(const json_node& event) const override;
    std::string read_event(const json_node& event, std::string_view text, completion_delta& delta,
                           stream_progress& progress) const override;
    /// The last event has the whole answer.
    bool may_end_after(const completion&) const override { return false; }

 private:
    static std::string end(const json_node& event, completion_delta& delta, stream_progress& progress);
};

std::string openai_responses::body_of(const completion_request& request, std::string& model, delivery how,
                                      std::string& problem) const {
    if (!request.body().empty()) return completed_responses_body(request, model, how, problem);
    std::array<std::string_view, 7> reserved{"model", "input"};
    std::size_t count = 2;
    if (request.system()) reserved[count++] = "instructions";
    if (request.max_new_tokens()) reserved[count++] = "max_output_tokens";
    if (request.temperature()) reserved[count++] = "temperature";
    if (!request.tools().empty()) reserved[count++] = "tools";
    if (request.json_schema()) reserved[count++] = "text";
    problem = broken_rule(request, responses_rules, how, std::span(reserved).first(count));
    if (!problem.empty()) return {};

    std::string body;
    constexpr std::size_t usual_names = 72;
    body.reserve(request.prompt().size() + request.prompt().size() / 8 + model.size() + usual_names);
    object_writer members(body);
    if (!model.empty()) members.string("model", model);
    if (request.system()) members.string("instructions", *request.system());
    if (request.images().empty() && request.messages().empty()) {
        members.string("input", request.prompt());
    } else {
        append_input_items(members.key("input"), request);
    }
    if (request.max_new_tokens()) members.count("max_output_tokens", *request.max_new_tokens());
    if (request.temperature()) members.number("temperature", *request.temperature());
    if (!request.tools().empty()) append_flat_tools(members.key("tools"), request.tools());
    if (request.json_schema()) append_text_format(members.key("text"), *request.json_schema());
    if (how == delivery::streamed && !has_member(request, "stream")) members.raw("stream", "true");
    for (const auto& [name, json] : request.members()) members.raw(name, json);
    members.close();
    return body;
}

std::string openai_responses::read_answer(const json_node& document, std::string_view,
                                          completion& answer) const {
    const auto* output = member(document, "output");
    if (!output || !output->is_array()) return "it has no output";
    bool refuses = false;
    for (const json_node& item : *output) {
        if (!item.is_object()) return "an item of its output is no object";
        if (string_member(item, "type") == "message") read_message_item(item, answer.text, refuses);
        if (is_call(item)) answer.tool_calls.push_back(call_of_item(item));
    }
    answer.finish_reason = finish_of(document, refuses);
    answer.usage = usage_in(document);
    take_id(document, "id", answer.info.request_id);
    return {};
}

// Events have a response, or an item of one, which are not known before they are whole.
bool openai_responses::says_more(const json_node& document) const {
    if (string_member(document, "type") == "response.refusal.delta") return true;
    const auto* item = member(document, "item");
    if (item && string_member(document, "type") == "response.output_item.done") return item_says_more(*item);
    const auto* response = member(document, "response");
    return response_says_more(response && response->is_object() ? *response : document);
}

/// Flat, {"type":"error","code":…,"message":…}, or that of a response that failed.
std::optional<error_body> openai_responses::error_in_event(const json_node& event) const {
    const auto type = string_member(event, "type");
    if (type == "error") {
        if (auto wrapped = reported_error(event)) return wrapped;
        return flat_error(event);
    }
    const auto* response = type == "response.failed" ? member(event, "response") : nullptr;
    if (!response || !response->is_object()) return reported_error(event);
    return reported_error(*response).value_or(error_body{});
}

std::string openai_responses::read_event(const json_node& event, std::string_view, completion_delta& delta,
                                         stream_progress& progress) const {
    const auto type = string_member(event, "type");
    if (is_announcement(type)) {
        if (const auto* response = member(event, "response"); response && response->is_object())
            take_id(*response, "id", progress.id);
        progress.stands_beside = true;
    } else if (type == "response.output_text.delta") {
        const auto* text = member(event, "delta");
        if (!text || !text->is_string()) return "its delta is no text";
        progress.has_begun = true;
        delta.text = text_of(*text);
    } else if (type == "response.output_item.done") {
        const auto* item = member(event, "item");
        if (item && is_call(*item)) progress.calls.push_back(call_of_item(*item));
    } else if (type == "response.completed" || type == "response.incomplete") {
        return end(event, delta, progress);
    } else if (type == "keepalive" || type.empty()) {
        progress.has_nothing = true;
    }
    return {};
}

std::string openai_responses::end(const json_node& event, completion_delta& delta,
                                  stream_progress& progress) {
    const auto* response = member(event, "response");
    if (!response || !response->is_object()) return "the last event has no response";
    std::string text;
    bool refuses = false;
    if (const auto* output = member(*response, "output"); output && output->is_array()) {
        for (const json_node& item : *output) {
            if (item.is_object() && string_member(item, "type") == "message")
                read_message_item(item, text, refuses);
        }
    }
    // Some servers send the text only here.
    if (!progress.has_begun) delta.text = std::move(text);
    take_id(*response, "id", progress.id);
    delta.finish_reason = finish_of(*response, refuses);
    delta.usage = usage_in(*response);
    progress.is_finished = true;
    return {};
}

constinit const openai_responses instance_of_openai_responses;

}  // namespace

const api_dialect& openai_responses_dialect() {
    return instance_of_openai_responses;
}

}  // namespace stagger::wire
