#include "throttled_server/call.hpp"

#include <algorithm>
#include <boost/json/monotonic_resource.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>
#include <boost/url/parse.hpp>
#include <boost/url/url_view.hpp>

namespace stagger::server {

namespace json = boost::json;

namespace {

constexpr std::uint64_t characters_per_token = 4;
constexpr std::uint64_t most_tokens = 1u << 24;
constexpr std::size_t deepest_body = 256;   // JSON schemas of tools nest; nobody's needs more
constexpr std::size_t parse_memory = 8192;  // bytes on the stack; an ordinary body fits

constexpr std::string_view engine_path = "/v1/llm/completions-sync";
constexpr std::string_view engine_stream_path = "/v1/llm/completions-stream";

std::string_view path_of(std::string_view target) {
    return target.substr(0, target.find('?'));
}

/// Any base path will do, but where the API begins with /v1, its endpoints follow at once: real servers, too,
/// know nothing of a doubled or mistyped one.
bool is_misplaced(std::string_view path) {
    const auto api = path.substr(std::min(path.find("/v1/"), path.size()));
    return !api.empty() && api != engine_path && api != engine_stream_path && api != "/v1/chat/completions" &&
           api != "/v1/completions";
}

/// A message's text: a string, or an array of parts of which some are text.
void append_content(const json::value& content, std::string& text) {
    if (content.is_string()) {
        text.append(content.get_string());
    } else if (const auto* parts = content.if_array()) {
        for (const json::value& part : *parts) {
            const auto* object = part.if_object();
            const auto* piece = object != nullptr ? object->if_contains("text") : nullptr;
            if (piece != nullptr && piece->is_string()) text.append(piece->get_string());
        }
    }
}

std::optional<call_problem> read_messages(const json::object& body, call& read) {
    const auto* found = body.if_contains("messages");
    const auto* messages = found != nullptr ? found->if_array() : nullptr;
    if (messages == nullptr || messages->empty()) {
        return call_problem{"messages must be an array that is not empty", "messages"};
    }
    std::size_t characters = 0;
    std::string last;
    for (const json::value& message : *messages) {
        const auto* object = message.if_object();
        if (object == nullptr) return call_problem{"a message must be an object", "messages"};
        last.clear();
        if (const auto* content = object->if_contains("content")) append_content(*content, last);
        characters += last.size();
    }
    read.prompts.push_back(std::move(last));
    read.prompt_tokens = estimate_tokens(characters);
    return std::nullopt;
}

std::optional<call_problem> read_prompt(const json::object& body, bool several, call& read) {
    const auto* prompt = body.if_contains("prompt");
    if (prompt != nullptr && prompt->is_string()) {
        read.prompts.emplace_back(prompt->get_string());
    } else if (prompt != nullptr && prompt->is_array() && several) {
        for (const json::value& each : prompt->get_array()) {
            if (!each.is_string()) return call_problem{"a prompt must be a string", "prompt"};
            read.prompts.emplace_back(each.get_string());
        }
    }
    if (read.prompts.empty()) return call_problem{"prompt must be a string", "prompt"};
    for (const std::string& each : read.prompts) read.prompt_tokens += estimate_tokens(each.size());
    return std::nullopt;
}

std::optional<call_problem> read_max_tokens(const json::object& body, std::string_view name, call& read) {
    const auto* found = body.if_contains(name);
    if (found == nullptr || found->is_null()) return std::nullopt;
    boost::system::error_code inexact;
    const auto count = found->is_number() ? found->to_number<std::uint64_t>(inexact) : 0;
    if (!found->is_number() || inexact || count == 0 || count > most_tokens) {
        return call_problem{std::string(name) + " must be a whole number from 1", std::string(name)};
    }
    read.max_tokens = count;
    return std::nullopt;
}

std::string model_in_query(std::string_view target) {
    const auto url = boost::urls::parse_origin_form(target);
    if (!url) return {};
    const auto params = url->params();
    const auto found = params.find("model_endpoint_name");
    return found == params.end() ? std::string() : std::string((*found).value);
}

std::optional<call_problem> read_streaming(const json::object& body, call& read) {
    const auto* streams = body.if_contains("stream");
    if (streams != nullptr && !streams->is_null() && !streams->is_bool()) {
        return call_problem{"stream must be true or false", "stream"};
    }
    read.streamed = streams != nullptr && streams->is_bool() && streams->get_bool();
    const auto* options = body.if_contains("stream_options");
    if (options == nullptr || options->is_null()) return std::nullopt;
    if (!options->is_object()) return call_problem{"stream_options must be an object", "stream_options"};
    if (!read.streamed) {
        return call_problem{"stream_options is only allowed where stream is true", "stream_options"};
    }
    const auto* usage = options->get_object().if_contains("include_usage");
    read.include_usage = usage != nullptr && usage->is_bool() && usage->get_bool();
    return std::nullopt;
}

std::optional<call_problem> read_members(const json::object& body, std::string_view target, call& read) {
    if (read.spoken == dialect::llm_engine) {
        read.streamed = path_of(target).ends_with(engine_stream_path);
        read.model = model_in_query(target);
        if (auto problem = read_max_tokens(body, "max_new_tokens", read)) return problem;
        return read_prompt(body, false, read);
    }
    if (auto problem = read_streaming(body, read)) return problem;
    if (const auto* model = body.if_contains("model"); model != nullptr && model->is_string()) {
        read.model = std::string(model->get_string());
    }
    if (auto problem = read_max_tokens(body, "max_tokens", read)) return problem;
    if (auto problem = read_max_tokens(body, "max_completion_tokens", read)) return problem;
    return read.spoken == dialect::openai_chat ? read_messages(body, read) : read_prompt(body, true, read);
}

}  // namespace

std::uint64_t estimate_tokens(std::size_t characters) {
    return (characters + characters_per_token - 1) / characters_per_token;
}

destination find_destination(std::string_view method, std::string_view target) {
    const std::string_view path = path_of(target);
    const auto only = [&](std::string_view allowed, destination found) {
        found.allow = allowed;
        if (method != allowed) found.to = route::wrong_method;
        return found;
    };
    if (path == "/stats") return only("GET", {route::stats, dialect::openai_chat, {}});
    if (path == "/stats/reset") return only("POST", {route::reset_stats, dialect::openai_chat, {}});
    if (is_misplaced(path)) return {};
    if (path.ends_with(engine_path) || path.ends_with(engine_stream_path))
        return only("POST", {route::completion, dialect::llm_engine, {}});
    if (path.ends_with("/chat/completions"))
        return only("POST", {route::completion, dialect::openai_chat, {}});
    if (path.ends_with("/completions"))
        return only("POST", {route::completion, dialect::openai_completions, {}});
    return {};
}

std::variant<call, call_problem> read_call(stagger::dialect spoken, std::string_view target,
                                           std::string_view body,
                                           const provider::answers_description& answers) {
    unsigned char memory[parse_memory];
    json::monotonic_resource resource(memory);
    json::parse_options limits;
    limits.max_depth = deepest_body;
    boost::system::error_code error;
    const json::value document = json::parse(body, error, &resource, limits);
    if (error) return call_problem{"the body is not JSON: " + error.message(), ""};
    if (!document.is_object()) return call_problem{"the body must be a JSON object", ""};
    call read;
    read.spoken = spoken;
    read.max_tokens = answers.default_max_tokens;
    read.answer_tokens = answers.tokens;
    if (auto problem = read_members(document.get_object(), target, read)) return *std::move(problem);
    return read;
}

}  // namespace stagger::server
