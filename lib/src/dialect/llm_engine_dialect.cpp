#include <algorithm>
#include <array>
#include <boost/url/encode.hpp>
#include <boost/url/params_view.hpp>
#include <boost/url/parse.hpp>
#include <boost/url/rfc/unreserved_chars.hpp>
#include <boost/url/url_view.hpp>
#include <string>
#include <vector>

#include "dialect/authorization.hpp"
#include "dialect/neutral_members.hpp"
#include "dialect/parameter_rules.hpp"
#include "dialect/registry.hpp"
#include "dialect/usage.hpp"
#include "dialect/whole_body.hpp"
#include "json/json_text.hpp"
#include "json/json_writer.hpp"

/// Scale's LLM Engine: POST {base}/v1/llm/completions-sync?model_endpoint_name={model}, or
/// completions-stream.
namespace stagger::wire {

namespace {

// The API requires both; these are the defaults of its Python client.
constexpr unsigned default_max_new_tokens = 20;
constexpr double default_temperature = 0.2;

constexpr std::array llm_engine_ranges{
    range_rule{"temperature", 0, 1, true, false, "must be within 0..1"},
    range_rule{"max_new_tokens", 1, unbounded, true, true, "must be a whole number from 1"},
    range_rule{"top_p", 0, 1, false, false, "must be above 0 and at most 1"},
    range_rule{"presence_penalty", 0, 2, true, false, "must be within 0..2"},
    range_rule{"frequency_penalty", 0, 2, true, false, "must be within 0..2"},
    range_rule{"top_k", -1, unbounded, true, true, "must be -1 or a whole number from 1"},
};

bool is_array_of_strings(std::string_view json) {
    const auto elements = json_elements(json);
    return elements && std::all_of(elements->begin(), elements->end(),
                                   [](std::string_view one) { return one.front() == '"'; });
}

/// LLM Engine's further types: the server would answer 422 for another.
std::string broken_engine_member(std::string_view name, std::string_view json) {
    if (name == "top_k" && number_of(json) == 0.0)
        return is_but(name, "must be -1 or a whole number from 1", json);
    struct type_rule {
        std::string_view name;
        char first;
        std::string_view text;
    };
    constexpr std::array rules{
        type_rule{"guided_json", '{', "must be an object"},
        type_rule{"guided_regex", '"', "must be a string"},
        type_rule{"guided_grammar", '"', "must be a string"},
    };
    for (const auto& rule : rules) {
        if (rule.name == name && json != "null" && json.front() != rule.first)
            return is_but(name, rule.text, json);
    }
    const bool texts = name == "stop_sequences" || name == "guided_choice";
    if (texts && json != "null" && !is_array_of_strings(json))
        return is_but(name, "must be an array of strings", json);
    constexpr std::array<std::string_view, 3> booleans{"return_token_log_probs", "include_stop_str_in_output",
                                                       "skip_special_tokens"};
    const bool boolean = std::find(booleans.begin(), booleans.end(), name) != booleans.end();
    if (boolean && json != "true" && json != "false" && json != "null") {
        return is_but(name, "must be true or false", json);
    }
    return {};
}

/// LLM Engine refuses to sample greedily and to restrict sampling at once.
std::string broken_greedy_sampling(const completion_request& request) {
    const auto temperature = given_member(request, "temperature");
    const bool greedy = request.temperature() ? *request.temperature() == 0 : number_of(temperature) == 0.0;
    if (!greedy) return {};
    const auto top_k = given_member(request, "top_k");
    if (!top_k.empty() && number_of(top_k) != -1.0)
        return is_but("top_k", "must be -1 with temperature 0", top_k);
    const auto top_p = given_member(request, "top_p");
    if (!top_p.empty() && number_of(top_p) != 1.0)
        return is_but("top_p", "must be 1 with temperature 0", top_p);
    return {};
}

constexpr member_rules engine_rules{llm_engine_ranges, broken_engine_member, broken_greedy_sampling};

/// A whole body without its model, which would be a second truth beside the target.
std::string without_model(std::string_view object) {
    const auto members = json_members(object).value_or(std::vector<json_member>());
    std::string out;
    object_writer writer(out);
    for (const auto& [name, value] : members) {
        if (name != "model") writer.raw(name, value);
    }
    writer.close();
    return out;
}

std::string completed_engine_body(const completion_request& request, delivery how, std::string& problem) {
    problem = broken_rule(request, engine_rules, how, {});
    if (!problem.empty()) return {};
    whole_body body(request, how, problem);
    if (!problem.empty()) return {};
    body.add_count("max_new_tokens", request.max_new_tokens().value_or(default_max_new_tokens));
    body.add_number("temperature", request.temperature().value_or(default_temperature));
    auto text = body.text(request);
    return body.has("model") ? without_model(text) : text;
}

token_usage engine_usage(const json_node& output) {
    token_usage used;
    used.prompt_tokens = token_count(output, "num_prompt_tokens");
    used.completion_tokens = token_count(output, "num_completion_tokens");
    return used;
}

/// Whether a 500 is an upstream's overload that the gateway hides after its own retries.
bool is_disguised_overload(unsigned status, std::string_view message) {
    return status == 500 && message.find("Upstream service error") != std::string_view::npos;
}

constexpr std::array<std::string_view, 1> engine_keys{"SCALE_API_KEY"};
constexpr std::array<std::string_view, 2> engine_operations{"/llm/completions-sync",
                                                            "/llm/completions-stream"};

class llm_engine final : public api_dialect {
 public:
    dialect value() const override { return dialect::llm_engine; }
    abilities can() const override {
        abilities known;
        known.system = known.chats = known.tools = false;
        known.images = abilities::pictures::none;
        known.needs_model = true;
        return known;
    }

    std::span<const std::string_view> operations() const override { return engine_operations; }
    std::string_view version() const override { return "/v1"; }
    std::string operation(std::string_view model, delivery how) const override {
        namespace urls = boost::urls;
        std::string target(how == delivery::streamed ? engine_operations[1] : engine_operations[0]);
        target += "?model_endpoint_name=";
        target += urls::encode(model, urls::unreserved_chars);
        return target;
    }
    std::string model_in(std::string_view url) const override {
        const auto parsed = boost::urls::parse_uri_reference(url);
        if (parsed.has_error()) return {};
        const auto params = parsed->params();
        const auto found = params.find("model_endpoint_name");
        return found == params.end() ? std::string() : (*found).value;
    }
    bool names_model_in_target() const override { return true; }
    std::string_view base_url_variable() const override { return "LLM_ENGINE_BASE_PATH"; }
    std::span<const std::string_view> key_variables() const override { return engine_keys; }

    void add_authorization(std::vector<field>& fields, std::string_view api_key) const override {
        const std::string key(api_key);
        fields.push_back({"Authorization", "Basic " + base64(key + ':')});
        fields.push_back({"x-api-key", key});
    }
    std::string_view question() const override { return "prompt"; }
    std::string model_moved_out_of(const completion_request& request) const override {
        if (request.body().empty() || json_problem(request.body())) return {};
        const auto members = json_members(request.body());
        const auto* model = members ? find_member(*members, "model") : nullptr;
        return model ? json_string_value(model->value).value_or(std::string()) : std::string();
    }
    std::string body_of(const completion_request& request, std::string& model, delivery how,
                        std::string& problem) const override;
    double highest_temperature() const override { return 1; }

    std::string read_answer(const json_node& document, std::string_view text,
                            completion& answer) const override;
    std::optional<status_meaning> meaning_of(unsigned status, const error_body& error) const override {
        if (!is_disguised_overload(status, error.message)) return std::nullopt;
        return status_meaning{errc::overloaded, verdict::throttled, false};
    }

    bool has_end_marker() const override { return false; }
    std::optional<error_body> error_in_event(const json_node& event) const override;
    std::string read_event(const json_node& event, std::string_view text, completion_delta& delta,
                           stream_progress& progress) const override;
    bool may_end_after(const completion&) const override { return false; }
};

std::string llm_engine::body_of(const completion_request& request, std::string&, delivery how,
                                std::string& problem) const {
    if (!request.body().empty()) return completed_engine_body(request, how, problem);
    std::array<std::string_view, 6> reserved{"model", "prompt"};
    std::size_t count = 2;
    if (!request.stop().empty()) reserved[count++] = "stop_sequences";
    if (request.json_schema()) reserved[count++] = "guided_json";
    if (request.max_new_tokens()) reserved[count++] = "max_new_tokens";
    if (request.temperature()) reserved[count++] = "temperature";
    problem = broken_rule(request, engine_rules, how, std::span(reserved).first(count));
    if (!problem.empty()) return {};

    std::string body;
    // Room for the prompt with some escapes and for the names around it.
    body.reserve(request.prompt().size() + request.prompt().size() / 8 + 256);
    object_writer members(body);
    members.string("prompt", request.prompt());
    if (!has_member(request, "max_new_tokens")) {
        members.count("max_new_tokens", request.max_new_tokens().value_or(default_max_new_tokens));
    }
    if (!has_member(request, "temperature")) {
        members.number("temperature", request.temperature().value_or(default_temperature));
    }
    if (!request.stop().empty()) append_json_strings(members.key("stop_sequences"), request.stop());
    if (request.json_schema()) members.raw("guided_json", request.json_schema()->schema);
    for (const auto& [name, json] : request.members()) members.raw(name, json);
    members.close();
    return body;
}

std::string llm_engine::read_answer(const json_node& document, std::string_view, completion& answer) const {
    const auto* output = member(document, "output");
    if (!output || !output->is_object()) return "it has no output";
    const auto* text = member(*output, "text");
    if (!text || !text->is_string()) return "output has no text";
    answer.text = text_of(*text);
    answer.usage = engine_usage(*output);
    take_id(document, "request_id", answer.info.request_id);
    return {};
}

std::string llm_engine::read_event(const json_node& event, std::string_view, completion_delta& delta,
                                   stream_progress& progress) const {
    take_id(event, "request_id", progress.id);
    const auto* output = member(event, "output");
    progress.stands_beside = !output || output->is_null();
    if (progress.stands_beside) return {};
    if (!output->is_object()) return "its output is no object";
    const auto* text = member(*output, "text");
    if (text && !text->is_null() && !text->is_string()) return "output.text is no text";
    if (text && text->is_string()) delta.text = text_of(*text);
    delta.usage = engine_usage(*output);
    const auto* last = member(*output, "finished");
    progress.has_begun = true;
    progress.is_finished = last && last->is_bool() && last->boolean();
    return {};
}

/// {"status_code": 500, "content": {"error": "..."}}
std::optional<error_body> llm_engine::error_in_event(const json_node& event) const {
    const auto* error = member(event, "error");
    if (!error || error->is_null()) return std::nullopt;
    error_body read = reported_error(event).value_or(error_body{});
    if (!error->is_object()) return read;
    read.message.clear();
    const auto* status = member(*error, "status_code");
    if (const auto number = status ? status->integer() : std::nullopt) {
        read.message = "status " + std::to_string(*number);
    }
    const auto* content = member(*error, "content");
    const auto* message = content && content->is_object() ? member(*content, "error") : content;
    if (!message || !message->is_string()) message = member(*error, "message");
    if (!message || !message->is_string()) return read;
    if (!read.message.empty()) read.message += ": ";
    read.message += text_of(*message);
    return read;
}

constinit const llm_engine instance_of_llm_engine;

}  // namespace

const api_dialect& llm_engine_dialect() {
    return instance_of_llm_engine;
}

}  // namespace stagger::wire
