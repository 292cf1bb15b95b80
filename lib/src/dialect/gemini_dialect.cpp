#include <algorithm>
#include <array>
#include <boost/url/encode.hpp>
#include <boost/url/rfc/unreserved_chars.hpp>

#include "dialect/answer_ending.hpp"
#include "dialect/neutral_members.hpp"
#include "dialect/parameter_rules.hpp"
#include "dialect/registry.hpp"
#include "dialect/tool_calls.hpp"
#include "dialect/usage.hpp"
#include "dialect/whole_body.hpp"
#include "json/json_text.hpp"
#include "json/json_writer.hpp"

/// Google's Gemini API: POST {base}/v1beta/models/{model}:generateContent, streamed
/// {base}/v1beta/models/{model}:streamGenerateContent?alt=sse.
namespace stagger::wire {

namespace {

constexpr std::array gemini_ranges{
    range_rule{"temperature", 0, 2, true, false, "must be within 0..2"},
};
constexpr member_rules gemini_rules{gemini_ranges};

constexpr std::string_view models_folder = "/models/";
constexpr std::array<std::string_view, 2> gemini_operations{":generateContent", ":streamGenerateContent"};
constexpr std::array<std::string_view, 3> gemini_keys{"GEMINI_API_KEY", "GOOGLE_API_KEY", "OPENAI_API_KEY"};

/// Where "/models/{model}:generateContent" begins, or npos.
std::size_t begin_of_operation(std::string_view path) {
    const bool ends = std::any_of(gemini_operations.begin(), gemini_operations.end(),
                                  [&](std::string_view operation) { return path.ends_with(operation); });
    return ends ? path.rfind(models_folder) : std::string_view::npos;
}

void append_gemini_user(std::string& out, std::string_view prompt, const std::vector<std::string>& images) {
    out += R"({"role":"user","parts":[)";
    for (const std::string& url : images) {
        const auto image = image_in(url).value_or(contained_image{});
        object_writer part(out);
        object_writer data(part.key("inlineData"));
        data.string("mimeType", image.media_type);
        data.string("data", image.base64);
        data.close();
        part.close();
        out += ',';
    }
    object_writer text(out);
    text.string("text", prompt);
    text.close();
    out += "]}";
}

void append_gemini_model(std::string& out, const chat_message& said) {
    out += R"({"role":"model","parts":[)";
    if (!said.text().empty() || said.calls().empty()) {
        object_writer text(out);
        text.string("text", said.text());
        text.close();
        out += ',';
    }
    for (const tool_call& call : said.calls()) {
        object_writer part(out);
        object_writer called(part.key("functionCall"));
        if (!call.id.empty()) called.string("id", call.id);
        called.string("name", call.name);
        called.raw("args", arguments_of(call));
        called.close();
        part.close();
        out += ',';
    }
    out.back() = ']';
    out += '}';
}

/// What a function returned has to be an object: anything else becomes the member `result` of one.
void append_gemini_response(std::string& out, const std::string& text) {
    if (!json_problem(text) && json_trimmed(text).starts_with('{')) {
        out += text;
        return;
    }
    object_writer response(out);
    response.string("result", text);
    response.close();
}

/// The results of one turn's calls are one turn.
/// @return how many of the messages they were
std::size_t append_gemini_results(std::string& out, std::span<const chat_message> rest) {
    out += R"({"role":"user","parts":)";
    std::size_t count = 0;
    for (; count < rest.size() && rest[count].role() == chat_role::tool; ++count) {
        out += count == 0 ? '[' : ',';
        const tool_call& call = rest[count].calls().front();
        object_writer part(out);
        object_writer returned(part.key("functionResponse"));
        if (!call.id.empty()) returned.string("id", call.id);
        returned.string("name", call.name);
        append_gemini_response(returned.key("response"), rest[count].text());
        returned.close();
        part.close();
    }
    out += "]}";
    return count;
}

void append_gemini_turns(std::string& out, const completion_request& request) {
    out += '[';
    std::span<const chat_message> rest = request.messages();
    while (!rest.empty()) {
        const chat_message& next = rest.front();
        std::size_t taken = 1;
        if (next.role() == chat_role::user) append_gemini_user(out, next.text(), next.images());
        if (next.role() == chat_role::assistant) append_gemini_model(out, next);
        if (next.role() == chat_role::tool) taken = append_gemini_results(out, rest);
        rest = rest.subspan(taken);
        out += ',';
    }
    if (has_prompt(request)) {
        append_gemini_user(out, request.prompt(), request.images());
    } else {
        out.pop_back();  // the comma
    }
    out += ']';
}

void append_declarations(std::string& out, const std::vector<tool_definition>& tools) {
    out += R"([{"functionDeclarations":)";
    char before = '[';
    for (const tool_definition& tool : tools) {
        out += before;
        before = ',';
        object_writer one(out);
        one.string("name", tool.name);
        if (!tool.description.empty()) one.string("description", tool.description);
        one.raw("parametersJsonSchema", tool.parameters);
        one.close();
    }
    out += "]}]";
}

bool has_configuration(const completion_request& request) {
    return request.max_new_tokens() || request.temperature() || !request.stop().empty() ||
           request.json_schema();
}

/// What other dialects have beside the prompt stands in an object of its own here.
/// @param given members that a whole body has there, which win
void append_configuration(std::string& out, const completion_request& request,
                          const std::vector<json_member>& given = {}) {
    object_writer config(out);
    const auto lacks = [&](std::string_view name) { return find_member(given, name) == nullptr; };
    if (request.max_new_tokens() && lacks("maxOutputTokens"))
        config.count("maxOutputTokens", *request.max_new_tokens());
    if (request.temperature() && lacks("temperature")) config.number("temperature", *request.temperature());
    if (!request.stop().empty()) append_json_strings(config.key("stopSequences"), request.stop());
    if (request.json_schema()) {
        config.string("responseMimeType", "application/json");
        config.raw("responseJsonSchema", request.json_schema()->schema);
    }
    for (const json_member& one : given) config.raw(one.name, one.value);
    config.close();
}

std::string completed_gemini_body(const completion_request& request, delivery how, std::string& problem) {
    problem = broken_rule(request, gemini_rules, how, {});
    if (!problem.empty()) return {};
    const whole_body checked(request, how, problem);
    if (!problem.empty()) return {};
    const auto members = json_members(json_trimmed(request.body())).value_or(std::vector<json_member>());
    const auto* config = find_member(members, "generationConfig");
    const auto given = config ? json_members(config->value) : std::vector<json_member>();

    std::string body;
    object_writer writer(body);
    // What is no object stays as it was written: the server says what is wrong with it.
    if (has_configuration(request) && given)
        append_configuration(writer.key("generationConfig"), request, *given);
    for (const auto& [name, json] : request.members()) {
        if (!find_member(members, name)) writer.raw(name, json);
    }
    for (const json_member& one : members) {
        const bool is_said = one.name == "generationConfig" && has_configuration(request) && given;
        // The model is in the target.
        if (one.name != "model" && one.name != "stream" && !is_said) writer.raw(one.name, one.value);
    }
    writer.close();
    return body;
}

/// The first candidate; null where there is none.
const json_node* first_candidate(const json_node& document) {
    const auto* candidates = member(document, "candidates");
    if (!candidates || !candidates->is_array() || candidates->begin() == candidates->end()) return nullptr;
    return candidates->begin()->is_object() ? &*candidates->begin() : nullptr;
}

bool part_says_anything(const json_node& part) {
    if (!part.is_object()) return false;
    const auto* thought = member(part, "thought");
    if (thought && thought->is_bool() && thought->boolean()) return false;
    return std::any_of(part.begin(), part.end(), [](const json_node& one) {
        if (one.name() == "text") return one.is_string() && !one.text().empty();
        return one.name() != "thought" && one.name() != "thoughtSignature";
    });
}

bool candidate_says_anything(const json_node& candidate) {
    if (!candidate.is_object()) return false;
    if (ending_of(string_member(candidate, "finishReason")) == answer_ending::refused) return true;
    const auto* content = member(candidate, "content");
    const auto* parts = content && content->is_object() ? member(*content, "parts") : nullptr;
    return parts && parts->is_array() && std::any_of(parts->begin(), parts->end(), part_says_anything);
}

/// Its API leaves out what is empty: an answer without candidates has only what is told of one.
bool tells_of_an_answer(const json_node& document) {
    if (const auto* candidates = member(document, "candidates"))
        return candidates->is_array() && candidates->size() == 0;
    return member(document, "usageMetadata") || member(document, "responseId");
}

void read_parts(const json_node& candidate, std::string_view document, std::string& text,
                std::vector<tool_call>& calls, std::string_view which = "0") {
    const auto* content = member(candidate, "content");
    const auto* parts = content && content->is_object() ? member(*content, "parts") : nullptr;
    if (!parts || !parts->is_array()) return;
    std::size_t place = 0;
    for (const json_node& part : *parts) {
        const std::string number = std::to_string(place++);
        if (!part.is_object()) continue;
        const auto* thought = member(part, "thought");
        if (!thought || !thought->is_bool() || !thought->boolean()) text += string_member(part, "text");
        if (!member(part, "functionCall")) continue;
        const auto call =
            json_at(document, {"candidates", which, "content", "parts", number, "functionCall"});
        if (!call) continue;
        calls.push_back({json_string_at(*call, {"id"}), json_string_at(*call, {"name"}),
                         std::string(json_at(*call, {"args"}).value_or("{}"))});
    }
}

/// Thinking is counted apart, and what comes from a cache among the prompt's.
token_usage gemini_usage(const json_node& document) {
    token_usage used;
    const auto* counts = member(document, "usageMetadata");
    if (!counts || !counts->is_object()) return used;
    used.prompt_tokens = token_count(*counts, "promptTokenCount");
    used.cached_tokens = token_count(*counts, "cachedContentTokenCount");
    const auto made = token_count(*counts, "candidatesTokenCount");
    const auto thought = token_count(*counts, "thoughtsTokenCount");
    if (made || thought) used.completion_tokens = made.value_or(0) + thought.value_or(0);
    return used;
}

/// Whether the last segment of a path is a version: v1, v1beta, v1alpha, v2.
bool ends_with_version(std::string_view path) {
    const auto slash = path.rfind('/');
    if (slash == std::string_view::npos) return false;
    const auto last = path.substr(slash + 1);
    return last.size() >= 2 && last[0] == 'v' && last[1] >= '0' && last[1] <= '9';
}

class gemini_api final : public api_dialect {
 public:
    dialect value() const override { return dialect::gemini; }
    abilities can() const override {
        abilities known;
        known.images = abilities::pictures::contained;
        known.needs_model = true;
        return known;
    }

    std::span<const std::string_view> operations() const override { return gemini_operations; }
    std::string_view version() const override { return "/v1beta"; }
    bool has_version(std::string_view path) const override { return ends_with_version(path); }
    std::string_view without_operation(std::string_view path) const override {
        return path.substr(0, begin_of_operation(path));
    }
    std::string operation(std::string_view model, delivery how) const override {
        namespace urls = boost::urls;
        std::string path("/");
        // Models are named with and without their folder.
        if (!model.starts_with("models/") && !model.starts_with("tunedModels/")) path = models_folder;
        const auto slash = model.find('/');
        if (path == "/" && slash != std::string_view::npos) {
            path.append(model.substr(0, slash + 1));
            model.remove_prefix(slash + 1);
        }
        path += urls::encode(model, urls::unreserved_chars);
        if (how == delivery::whole) return path.append(gemini_operations[0]);
        return path.append(gemini_operations[1]).append("?alt=sse");
    }
    std::string model_in(std::string_view url) const override {
        const auto path = url.substr(0, url.find_first_of("?#"));
        const auto begin = begin_of_operation(path);
        if (begin == std::string_view::npos) return {};
        const auto model = path.substr(begin + models_folder.size());
        return std::string(model.substr(0, model.rfind(':')));
    }
    bool names_model_in_target() const override { return true; }
    std::string_view base_url_variable() const override { return "GOOGLE_GEMINI_BASE_URL"; }
    std::span<const std::string_view> key_variables() const override { return gemini_keys; }

    void add_authorization(std::vector<field>& fields, std::string_view api_key) const override {
        fields.push_back({"x-goog-api-key", std::string(api_key)});
    }
    std::string_view question() const override { return "contents"; }
    std::string model_moved_out_of(const completion_request& request) const override {
        return request.body().empty() ? std::string() : json_string_at(request.body(), {"model"});
    }
    std::string body_of(const completion_request& request, std::string& model, delivery how,
                        std::string& problem) const override;
    answer_charge charge() const override { return answer_charge::made; }

    std::string read_answer(const json_node& document, std::string_view text,
                            completion& answer) const override;
    bool says_more(const json_node& document) const override;
    std::vector<completion_choice> read_choices(const json_node& document,
                                                std::string_view text) const override;
    bool has_answer(const json_node& document) const override { return first_candidate(document) != nullptr; }
    std::optional<error_body> error_in(const json_node& document) const override;

    bool has_end_marker() const override { return false; }
    std::optional<error_body> error_in_event(const json_node& event) const override {
        return error_in(event);
    }
    std::string read_event(const json_node& event, std::string_view text, completion_delta& delta,
                           stream_progress& progress) const override;
};

std::string gemini_api::body_of(const completion_request& request, std::string&, delivery how,
                                std::string& problem) const {
    if (!request.body().empty()) return completed_gemini_body(request, how, problem);
    std::array<std::string_view, 5> reserved{"contents", "model"};
    std::size_t count = 2;
    if (request.system()) reserved[count++] = "systemInstruction";
    if (has_configuration(request)) reserved[count++] = "generationConfig";
    if (!request.tools().empty()) reserved[count++] = "tools";
    problem = broken_rule(request, gemini_rules, how, std::span(reserved).first(count));
    if (!problem.empty()) return {};

    std::string body;
    constexpr std::size_t usual_names = 80;
    body.reserve(request.prompt().size() + request.prompt().size() / 8 + usual_names);
    object_writer members(body);
    append_gemini_turns(members.key("contents"), request);
    if (request.system()) {
        object_writer instruction(members.key("systemInstruction"));
        instruction.key("parts") += R"([{"text":)";
        append_json_string(body, *request.system());
        body += "}]";
        instruction.close();
    }
    if (has_configuration(request)) append_configuration(members.key("generationConfig"), request);
    if (!request.tools().empty()) append_declarations(members.key("tools"), request.tools());
    for (const auto& [name, json] : request.members()) members.raw(name, json);
    members.close();
    return body;
}

std::string gemini_api::read_answer(const json_node& document, std::string_view text,
                                    completion& answer) const {
    const json_node* const first = first_candidate(document);
    if (!first && !tells_of_an_answer(document)) return "it has no candidates";
    if (first) {
        read_parts(*first, text, answer.text, answer.tool_calls);
        answer.finish_reason = string_member(*first, "finishReason");
    }
    answer.usage = gemini_usage(document);
    take_id(document, "responseId", answer.info.request_id);
    return {};
}

bool gemini_api::says_more(const json_node& document) const {
    const auto* candidates = member(document, "candidates");
    return candidates && candidates->is_array() &&
           std::any_of(candidates->begin(), candidates->end(), candidate_says_anything);
}

std::vector<completion_choice> gemini_api::read_choices(const json_node& document,
                                                        std::string_view text) const {
    std::vector<completion_choice> found;
    if (!first_candidate(document)) return found;
    for (const json_node& candidate : *member(document, "candidates")) {
        if (!candidate.is_object()) return {};
        const std::string place = std::to_string(found.size());
        completion_choice& one = found.emplace_back();
        read_parts(candidate, text, one.text, one.tool_calls, place);
        one.finish_reason = string_member(candidate, "finishReason");
    }
    return found;
}

/// A prompt that is refused for what it says comes as a success without any candidate.
std::optional<error_body> gemini_api::error_in(const json_node& document) const {
    if (auto reported = reported_error(document)) return reported;
    const auto* feedback = member(document, "promptFeedback");
    if (first_candidate(document) || !feedback || !feedback->is_object()) return std::nullopt;
    const auto reason = string_member(*feedback, "blockReason");
    if (reason.empty()) return std::nullopt;
    error_body blocked;
    blocked.message = "the prompt was blocked: " + std::string(reason);
    if (const auto words = string_member(*feedback, "blockReasonMessage"); !words.empty())
        blocked.message.append(": ").append(words);
    return blocked;
}

std::string gemini_api::read_event(const json_node& event, std::string_view text, completion_delta& delta,
                                   stream_progress& progress) const {
    take_id(event, "responseId", progress.id);
    delta.usage = gemini_usage(event);
    const json_node* const first = first_candidate(event);
    progress.stands_beside = !first;
    if (!first) return {};
    progress.has_begun = true;
    read_parts(*first, text, delta.text, progress.calls);
    delta.finish_reason = string_member(*first, "finishReason");
    return {};
}

constinit const gemini_api instance_of_gemini;

}  // namespace

const api_dialect& gemini_dialect() {
    return instance_of_gemini;
}

}  // namespace stagger::wire
