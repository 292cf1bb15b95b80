#include "throttled_server/call.hpp"

#include <algorithm>
#include <array>
#include <boost/json/monotonic_resource.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>

#include "throttled_server/api_voice.hpp"

namespace stagger::server {

namespace json = boost::json;

namespace {

constexpr std::uint64_t characters_per_token = 4;
constexpr std::size_t deepest_body = 256;   // JSON schemas of tools nest; nobody's needs more
constexpr std::size_t parse_memory = 8192;  // bytes on the stack; an ordinary body fits

std::string_view path_of(std::string_view target) {
    return target.substr(0, target.find('?'));
}

struct operation {
    std::string_view path_end;
    dialect spoken;
};

// The longer one of two that end alike stands first.
constexpr std::array operations{
    operation{"/v1/llm/completions-sync", dialect::llm_engine},
    operation{"/v1/llm/completions-stream", dialect::llm_engine},
    operation{"/chat/completions", dialect::openai_chat},
    operation{"/completions", dialect::openai_completions},
    operation{"/responses", dialect::openai_responses},
    operation{"/embeddings", dialect::openai_embeddings},
    operation{"/v1/messages", dialect::anthropic_messages},
    operation{":generateContent", dialect::gemini},
    operation{":streamGenerateContent", dialect::gemini},
};

/// Any base path will do, but where the API begins with /v1, its operations follow at once: real servers,
/// too, know nothing of a doubled or mistyped one.
bool is_misplaced(std::string_view path, const operation& found) {
    constexpr std::string_view version = "/v1";
    const auto begin = path.find("/v1/");
    if (begin == std::string_view::npos || found.spoken == dialect::gemini) return false;
    const bool has_version = found.path_end.starts_with(version);
    return path.substr(begin + (has_version ? 0 : version.size())) != found.path_end;
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
    for (const operation& each : operations) {
        if (!path.ends_with(each.path_end)) continue;
        if (is_misplaced(path, each)) return {};
        return only("POST", {route::completion, each.spoken, {}});
    }
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
    read.cached_tokens = answers.cached_tokens;
    if (auto problem = voice_of(spoken).read(document.get_object(), target, read)) return *std::move(problem);
    return read;
}

}  // namespace stagger::server
