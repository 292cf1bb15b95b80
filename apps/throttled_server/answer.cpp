#include "throttled_server/answer.hpp"

#include <algorithm>
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>
#include <chrono>

#include "base/date.hpp"
#include "batch/line_hash.hpp"
#include "throttled_server/limit_headers.hpp"

namespace stagger::server {

namespace json = boost::json;

namespace {

http_server::answer_head head_of(unsigned status, std::string_view content_lines, std::string_view request_id,
                                 std::string_view more_lines) {
    http_server::answer_head head;
    head.status = status;
    head.lines = content_lines;
    if (!request_id.empty()) head.lines.append("x-request-id: ").append(request_id).append("\r\n");
    head.lines.append(more_lines);
    return head;
}

}  // namespace

std::string answer_text(const std::string& prompt) {
    constexpr std::string_view wanted = "say exactly: ";
    const auto at = prompt.find(wanted);
    return at == std::string::npos ? "answer to: " + prompt : prompt.substr(at + wanted.size());
}

std::uint64_t completion_tokens(const call& asked) {
    std::uint64_t count = 0;
    for (const std::string& prompt : asked.prompts) {
        const std::uint64_t made =
            asked.answer_tokens > 0 ? asked.answer_tokens : estimate_tokens(answer_text(prompt).size());
        count += std::min(asked.max_tokens, made);
    }
    return count;
}

std::uint64_t cached_tokens(const call& asked) {
    return std::min(asked.cached_tokens, asked.prompt_tokens);
}

json::object usage_of(const call& asked) {
    const std::uint64_t answered = completion_tokens(asked);
    json::object usage{{"prompt_tokens", asked.prompt_tokens},
                       {"completion_tokens", answered},
                       {"total_tokens", asked.prompt_tokens + answered}};
    if (const auto cached = cached_tokens(asked); cached > 0)
        usage["prompt_tokens_details"] = json::object{{"cached_tokens", cached}};
    return usage;
}

std::string repeatable_id(const call& asked) {
    std::uint64_t hash = batch::line_hash(asked.model);
    for (const std::string& prompt : asked.prompts) hash = batch::mixed(hash ^ batch::line_hash(prompt));
    return "req-" + std::to_string(hash);
}

std::string_view provider_message(unsigned status, bool quota) {
    if (quota) return "You exceeded your current quota, please check your plan and billing details";
    if (status == 429) return "Rate limit reached, please try again later";
    if (status == 503 || status == 529)
        return "The service is overloaded or unavailable, please try again later";
    return status < 500 ? "The request was refused" : "The server had an error while processing the request";
}

std::string hint_lines(const provider::decision& decided, const provider::hints_description& hints,
                       std::int64_t unix_now, bool quota) {
    std::string lines;
    if (decided.retry_after && !quota)
        append_retry_after(lines, decided.retry_after_kind, *decided.retry_after);
    append_limit_headers(lines, hints.headers, decided.headers, unix_now);
    return lines;
}

http_server::answer_head whole_head(unsigned status, std::string_view request_id,
                                    std::string_view more_lines) {
    return head_of(status, "Content-Type: application/json\r\n", request_id, more_lines);
}

http_server::answer_head stream_head(std::string_view request_id, std::string_view more_lines) {
    return head_of(200, "Content-Type: text/event-stream; charset=utf-8\r\nCache-Control: no-store\r\n",
                   request_id, more_lines);
}

std::string rfc3339(std::int64_t unix_time) {
    return wire::format_rfc3339(std::chrono::sys_seconds(std::chrono::seconds(unix_time)));
}

}  // namespace stagger::server
