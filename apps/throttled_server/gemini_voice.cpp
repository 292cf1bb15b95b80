#include <boost/json/array.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>

#include "throttled_server/answer.hpp"
#include "throttled_server/api_voice.hpp"
#include "throttled_server/call_members.hpp"
#include "throttled_server/limit_headers.hpp"

namespace stagger::server {

namespace json = boost::json;

namespace {

/// ".../models/NAME:generateContent"
std::string model_in_path(std::string_view target) {
    constexpr std::string_view before = "/models/";
    const auto at = target.rfind(before);
    if (at == std::string_view::npos) return {};
    const std::string_view rest = target.substr(at + before.size());
    return std::string(rest.substr(0, rest.find(':')));
}

json::object gemini_usage(const call& asked) {
    const std::uint64_t answered = completion_tokens(asked);
    json::object counted{{"promptTokenCount", asked.prompt_tokens},
                         {"candidatesTokenCount", answered},
                         {"totalTokenCount", asked.prompt_tokens + answered}};
    if (const auto cached = cached_tokens(asked); cached > 0) counted["cachedContentTokenCount"] = cached;
    return counted;
}

json::object call_part(const call& asked) {
    boost::system::error_code unreadable;
    json::value arguments = json::parse(asked.tool->arguments, unreadable);
    if (unreadable) arguments = json::object{{"text", asked.tool->arguments}};
    return {{"functionCall", json::object{{"name", asked.tool->name}, {"args", std::move(arguments)}}}};
}

json::object gemini_answer(const call& asked, std::string_view request_id, json::object part, bool last) {
    json::object candidate{
        {"content", json::object{{"role", "model"}, {"parts", json::array{std::move(part)}}}}, {"index", 0}};
    if (last) candidate["finishReason"] = "STOP";
    return {{"candidates", json::array{std::move(candidate)}},
            {"usageMetadata", gemini_usage(asked)},
            {"modelVersion", asked.model},
            {"responseId", request_id}};
}

std::string_view gemini_status(unsigned status) {
    switch (status) {
        case 400:
            return "INVALID_ARGUMENT";
        case 401:
            return "UNAUTHENTICATED";
        case 403:
            return "PERMISSION_DENIED";
        case 404:
            return "NOT_FOUND";
        case 429:
            return "RESOURCE_EXHAUSTED";
        case 503:
        case 529:
            return "UNAVAILABLE";
        case 504:
            return "DEADLINE_EXCEEDED";
        default:
            return status < 500 ? "FAILED_PRECONDITION" : "INTERNAL";
    }
}

// What a quota by the day says of a retry is no opening: it is what the real one says.
constexpr duration said_by_used_up_quota = std::chrono::seconds(38);

json::array details_of(const told_error& what) {
    json::array details;
    if (what.status == 401) {
        details.push_back(json::object{{"@type", "type.googleapis.com/google.rpc.ErrorInfo"},
                                       {"reason", "API_KEY_INVALID"}});
    }
    if (what.status != 429) return details;
    details.push_back(json::object{
        {"@type", "type.googleapis.com/google.rpc.QuotaFailure"},
        {"violations", json::array{json::object{
                           {"quotaMetric", "generativelanguage.googleapis.com/generate_content_requests"},
                           {"quotaId", what.quota ? "GenerateRequestsPerDayPerProjectPerModel"
                                                  : "GenerateRequestsPerMinutePerProjectPerModel"}}}}});
    const auto wait = what.quota ? said_by_used_up_quota : what.retry_after;
    if (wait) {
        details.push_back(json::object{{"@type", "type.googleapis.com/google.rpc.RetryInfo"},
                                       {"retryDelay", decimal_seconds(*wait) + "s"}});
    }
    return details;
}

json::object gemini_error(const told_error& what) {
    json::object error{
        {"code", what.status}, {"message", what.message}, {"status", gemini_status(what.status)}};
    if (auto details = details_of(what); !details.empty()) error["details"] = std::move(details);
    return {{"error", std::move(error)}};
}

class gemini_api final : public api_voice {
 public:
    std::optional<call_problem> read(const json::object& body, std::string_view target,
                                     call& read) const override {
        const std::string_view path = target.substr(0, target.find('?'));
        read.streamed = path.ends_with(":streamGenerateContent");
        read.model = model_in_path(path);
        const auto* config = body.if_contains("generationConfig");
        if (config != nullptr && config->is_object()) {
            auto problem = read_max_tokens(config->get_object(), "maxOutputTokens", read.max_tokens);
            if (problem) return problem;
        }
        if (auto problem = read_turns(body, "contents", "parts", read)) return problem;
        const auto* tools = body.if_contains("tools");
        if (tools == nullptr || !tools->is_array()) return std::nullopt;
        for (const json::value& each : tools->get_array()) {
            const auto* tool = each.if_object();
            const auto* offered = tool != nullptr ? tool->if_contains("functionDeclarations") : nullptr;
            if (offered != nullptr && offered->is_array()) read_wanted_tool(offered->get_array(), read);
        }
        return std::nullopt;
    }

    std::string whole(const call& asked, std::string_view request_id, std::int64_t) const override {
        json::object part{{"text", answer_text(asked.prompts.front())}};
        if (asked.tool) part = call_part(asked);
        return json::serialize(gemini_answer(asked, request_id, std::move(part), true));
    }

    std::vector<stream_part> streamed(const call& asked, std::string_view request_id,
                                      std::int64_t) const override {
        const auto pieces =
            asked.tool ? std::vector<std::string>(1) : pieces_of(answer_text(asked.prompts.front()));
        stream_writer out(pieces.size());
        for (const std::string& piece : pieces) {
            json::object part{{"text", piece}};
            if (asked.tool) part = call_part(asked);
            out.next_piece();
            out.add(
                "data: " +
                json::serialize(gemini_answer(asked, request_id, std::move(part), &piece == &pieces.back())) +
                "\r\n\r\n");
        }
        return out.take();
    }

    std::string error(const told_error& what) const override { return json::serialize(gemini_error(what)); }
};

}  // namespace

const api_voice& gemini_voice() {
    static const gemini_api one;
    return one;
}

}  // namespace stagger::server
