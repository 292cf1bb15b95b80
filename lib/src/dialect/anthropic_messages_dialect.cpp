#include <algorithm>
#include <array>

#include "dialect/neutral_members.hpp"
#include "dialect/parameter_rules.hpp"
#include "dialect/registry.hpp"
#include "dialect/tool_calls.hpp"
#include "dialect/usage.hpp"
#include "dialect/whole_body.hpp"
#include "json/json_writer.hpp"

/// Anthropic's Messages: POST {base}/v1/messages.
namespace stagger::wire {

namespace {

/// The version of the API that is spoken here; there has been one since it exists.
constexpr std::string_view anthropic_version = "2023-06-01";
/// The API requires a maximum. What every model can give, and long enough for an answer to a usual question:
/// nothing is reserved for it, since only what is made counts.
constexpr unsigned usual_max_tokens = 4096;

constexpr std::array anthropic_ranges{
    range_rule{"temperature", 0, 1, true, false, "must be within 0..1"},
    // Zero warms the cache.
    range_rule{"max_tokens", 0, unbounded, true, true, "must be a whole number from 0"},
    range_rule{"top_p", 0, 1, true, false, "must be within 0..1"},
    range_rule{"top_k", 0, unbounded, true, true, "must be a whole number from 0"},
};
constexpr member_rules anthropic_rules{anthropic_ranges};

void append_anthropic_image(std::string& out, const std::string& url) {
    object_writer image(out);
    image.string("type", "image");
    object_writer source(image.key("source"));
    if (const auto contained = image_in(url)) {
        source.string("type", "base64");
        source.string("media_type", contained->media_type);
        source.string("data", contained->base64);
    } else {
        source.string("type", "url");
        source.string("url", url);
    }
    source.close();
    image.close();
}

void append_anthropic_text(std::string& out, std::string_view text) {
    object_writer block(out);
    block.string("type", "text");
    block.string("text", text);
    block.close();
}

void append_anthropic_user(std::string& out, std::string_view text, const std::vector<std::string>& images) {
    object_writer turn(out);
    turn.string("role", "user");
    if (images.empty()) {
        turn.string("content", text);
    } else {
        std::string& content = turn.key("content");
        content += '[';
        for (const std::string& url : images) {
            append_anthropic_image(content, url);
            content += ',';
        }
        append_anthropic_text(content, text);
        content += ']';
    }
    turn.close();
}

void append_anthropic_assistant(std::string& out, const chat_message& said) {
    object_writer turn(out);
    turn.string("role", "assistant");
    if (said.calls().empty()) {
        turn.string("content", said.text());
        return turn.close();
    }
    std::string& content = turn.key("content");
    content += '[';
    if (!said.text().empty()) {
        append_anthropic_text(content, said.text());
        content += ',';
    }
    for (const tool_call& call : said.calls()) {
        object_writer block(content);
        block.string("type", "tool_use");
        block.string("id", call.id);
        block.string("name", call.name);
        block.raw("input", arguments_of(call));
        block.close();
        content += ',';
    }
    content.back() = ']';
    turn.close();
}

/// The results of one turn's calls are one message: the API wants all of them in the next one.
/// @return how many of the messages they were
std::size_t append_anthropic_results(std::string& out, std::span<const chat_message> rest) {
    object_writer turn(out);
    turn.string("role", "user");
    std::string& content = turn.key("content");
    std::size_t count = 0;
    for (; count < rest.size() && rest[count].role() == chat_role::tool; ++count) {
        content += count == 0 ? '[' : ',';
        object_writer block(content);
        block.string("type", "tool_result");
        block.string("tool_use_id", rest[count].calls().front().id);
        block.string("content", rest[count].text());
        block.close();
    }
    content += ']';
    turn.close();
    return count;
}

void append_anthropic_turns(std::string& out, const completion_request& request) {
    out += '[';
    std::span<const chat_message> rest = request.messages();
    while (!rest.empty()) {
        const chat_message& next = rest.front();
        std::size_t taken = 1;
        if (next.role() == chat_role::user) append_anthropic_user(out, next.text(), next.images());
        if (next.role() == chat_role::assistant) append_anthropic_assistant(out, next);
        if (next.role() == chat_role::tool) taken = append_anthropic_results(out, rest);
        rest = rest.subspan(taken);
        out += ',';
    }
    if (has_prompt(request)) {
        append_anthropic_user(out, request.prompt(), request.images());
    } else {
        out.pop_back();  // the comma
    }
    out += ']';
}

void append_anthropic_tools(std::string& out, const std::vector<tool_definition>& tools) {
    char before = '[';
    for (const tool_definition& tool : tools) {
        out += before;
        before = ',';
        object_writer one(out);
        one.string("name", tool.name);
        if (!tool.description.empty()) one.string("description", tool.description);
        one.raw("input_schema", tool.parameters);
        one.close();
    }
    out += ']';
}

void append_output_format(std::string& out, const answer_schema& schema) {
    object_writer config(out);
    object_writer format(config.key("format"));
    format.string("type", "json_schema");
    format.raw("schema", schema.schema);
    format.close();
    config.close();
}

std::string completed_anthropic_body(const completion_request& request, std::string& model, delivery how,
                                     std::string& problem) {
    problem = broken_rule(request, anthropic_rules, how, {});
    if (!problem.empty()) return {};
    whole_body body(request, how, problem);
    if (!problem.empty()) return {};
    if (how == delivery::streamed) body.add_raw("stream", "true");
    body.settle_model(model);
    if (!has_member(request, "max_tokens"))
        body.add_count("max_tokens", request.max_new_tokens().value_or(usual_max_tokens));
    if (request.temperature()) body.add_number("temperature", *request.temperature());
    return body.text(request);
}

/// A block that is neither taken out of an answer, nor thought about it.
bool is_another_block(const json_node& block) {
    if (!block.is_object()) return false;
    const auto type = string_member(block, "type");
    return type != "text" && type != "tool_use" && type != "thinking" && type != "redacted_thinking";
}

bool is_refusal(const json_node& stopped) {
    return string_member(stopped, "stop_reason") == "refusal";
}

/// Blocks come one after the other: what goes on is what began last.
tool_call& newest_call(std::vector<tool_call>& calls) {
    return call_at(calls, calls.empty() ? 0 : calls.size() - 1);
}

constexpr std::array<std::string_view, 1> anthropic_operations{"/messages"};
constexpr std::array<std::string_view, 2> anthropic_keys{"ANTHROPIC_API_KEY", "OPENAI_API_KEY"};

class anthropic_messages final : public api_dialect {
 public:
    dialect value() const override { return dialect::anthropic_messages; }
    std::span<const std::string_view> operations() const override { return anthropic_operations; }
    std::string_view version() const override { return "/v1"; }
    std::string operation(std::string_view, delivery) const override {
        return std::string(anthropic_operations[0]);
    }
    std::string_view base_url_variable() const override { return "ANTHROPIC_BASE_URL"; }
    std::span<const std::string_view> key_variables() const override { return anthropic_keys; }

    void add_authorization(std::vector<field>& fields, std::string_view api_key) const override {
        fields.push_back({"x-api-key", std::string(api_key)});
    }
    void add_fields(std::vector<field>& fields) const override {
        fields.push_back({"anthropic-version", std::string(anthropic_version)});
    }
    std::string_view question() const override { return "messages"; }
    std::string body_of(const completion_request& request, std::string& model, delivery how,
                        std::string& problem) const override;
    double highest_temperature() const override { return 1; }
    answer_charge charge() const override { return answer_charge::made; }

    std::string read_answer(const json_node& document, std::string_view text,
                            completion& answer) const override;
    bool says_more(const json_node& document) const override;
    bool has_answer(const json_node& document) const override {
        return member(document, "content") != nullptr;
    }

    bool has_end_marker() const override { return false; }
    std::string read_event(const json_node& event, std::string_view text, completion_delta& delta,
                           stream_progress& progress) const override;
    /// Its streams say themselves that they end.
    bool may_end_after(const completion&) const override { return false; }

 private:
    static std::string begin(const json_node& event, completion_delta& delta, stream_progress& progress);
    static void begin_block(const json_node& event, completion_delta& delta, stream_progress& progress);
    static void go_on(const json_node& event, completion_delta& delta, stream_progress& progress);
};

std::string anthropic_messages::body_of(const completion_request& request, std::string& model, delivery how,
                                        std::string& problem) const {
    if (!request.body().empty()) return completed_anthropic_body(request, model, how, problem);
    const bool own_maximum = has_member(request, "max_tokens") && !request.max_new_tokens();
    std::array<std::string_view, 8> reserved{"model", "messages"};
    std::size_t count = 2;
    if (!own_maximum) reserved[count++] = "max_tokens";
    if (request.system()) reserved[count++] = "system";
    if (request.temperature()) reserved[count++] = "temperature";
    if (!request.stop().empty()) reserved[count++] = "stop_sequences";
    if (!request.tools().empty()) reserved[count++] = "tools";
    if (request.json_schema()) reserved[count++] = "output_config";
    problem = broken_rule(request, anthropic_rules, how, std::span(reserved).first(count));
    if (!problem.empty()) return {};

    std::string body;
    constexpr std::size_t usual_names = 80;
    body.reserve(request.prompt().size() + request.prompt().size() / 8 + model.size() + usual_names);
    object_writer members(body);
    if (!model.empty()) members.string("model", model);
    if (!own_maximum) members.count("max_tokens", request.max_new_tokens().value_or(usual_max_tokens));
    if (request.system()) members.string("system", *request.system());
    append_anthropic_turns(members.key("messages"), request);
    if (request.temperature()) members.number("temperature", *request.temperature());
    if (!request.stop().empty()) append_json_strings(members.key("stop_sequences"), request.stop());
    if (!request.tools().empty()) append_anthropic_tools(members.key("tools"), request.tools());
    if (request.json_schema()) append_output_format(members.key("output_config"), *request.json_schema());
    if (how == delivery::streamed && !has_member(request, "stream")) members.raw("stream", "true");
    for (const auto& [name, json] : request.members()) members.raw(name, json);
    members.close();
    return body;
}

std::string anthropic_messages::read_answer(const json_node& document, std::string_view text,
                                            completion& answer) const {
    const auto* content = member(document, "content");
    if (!content || !content->is_array()) return "it has no content";
    std::size_t place = 0;
    for (const json_node& block : *content) {
        if (!block.is_object()) return "a block of its content is no object";
        const auto type = string_member(block, "type");
        if (type == "text") answer.text += string_member(block, "text");
        if (type == "tool_use") {
            const auto input = json_at(text, {"content", std::to_string(place), "input"});
            answer.tool_calls.push_back({std::string(string_member(block, "id")),
                                         std::string(string_member(block, "name")),
                                         std::string(input.value_or("{}"))});
        }
        ++place;
    }
    answer.finish_reason = string_member(document, "stop_reason");
    answer.usage = usage_in(document);
    take_id(document, "id", answer.info.request_id);
    return {};
}

// An answer has blocks and a reason to stop, events of one have a block, or a delta with the reason.
bool anthropic_messages::says_more(const json_node& document) const {
    if (is_refusal(document)) return true;
    const auto* changed = member(document, "delta");
    if (changed && changed->is_object() && is_refusal(*changed)) return true;
    const auto* begun = member(document, "content_block");
    if (begun && is_another_block(*begun)) return true;
    const auto* content = member(document, "content");
    return content && content->is_array() && std::any_of(content->begin(), content->end(), is_another_block);
}

// New types of events may come at any time, and are passed over as `ping` is.
std::string anthropic_messages::read_event(const json_node& event, std::string_view, completion_delta& delta,
                                           stream_progress& progress) const {
    const auto type = string_member(event, "type");
    if (type == "message_start") return begin(event, delta, progress);
    if (type == "content_block_start") {
        begin_block(event, delta, progress);
    } else if (type == "content_block_delta") {
        go_on(event, delta, progress);
    } else if (type == "message_delta") {
        if (const auto* changed = member(event, "delta"); changed && changed->is_object())
            delta.finish_reason = string_member(*changed, "stop_reason");
        delta.usage = usage_in(event);
    } else {
        progress.has_nothing = true;
        progress.is_finished = type == "message_stop";
        if (progress.is_finished && !progress.has_begun) return "the stream ended without a message";
    }
    return {};
}

std::string anthropic_messages::begin(const json_node& event, completion_delta& delta,
                                      stream_progress& progress) {
    const auto* message = member(event, "message");
    if (!message || !message->is_object()) return "message_start has no message";
    progress.has_begun = true;
    progress.stands_beside = true;
    take_id(*message, "id", progress.id);
    delta.usage = usage_in(*message);
    return {};
}

void anthropic_messages::begin_block(const json_node& event, completion_delta& delta,
                                     stream_progress& progress) {
    const auto* block = member(event, "content_block");
    if (!block || !block->is_object()) return;
    const auto type = string_member(*block, "type");
    if (type == "text") delta.text = string_member(*block, "text");
    if (type == "tool_use") {
        progress.calls.push_back(
            {std::string(string_member(*block, "id")), std::string(string_member(*block, "name")), {}});
    }
}

void anthropic_messages::go_on(const json_node& event, completion_delta& delta, stream_progress& progress) {
    const auto* changed = member(event, "delta");
    if (!changed || !changed->is_object()) return;
    const auto type = string_member(*changed, "type");
    if (type == "text_delta") delta.text = string_member(*changed, "text");
    if (type == "input_json_delta")
        newest_call(progress.calls).arguments += string_member(*changed, "partial_json");
}

constinit const anthropic_messages instance_of_anthropic_messages;

}  // namespace

const api_dialect& anthropic_messages_dialect() {
    return instance_of_anthropic_messages;
}

}  // namespace stagger::wire
