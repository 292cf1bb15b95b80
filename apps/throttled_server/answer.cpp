#include "throttled_server/answer.hpp"

#include <algorithm>
#include <array>
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>
#include <ctime>

#include "batch/line_hash.hpp"
#include "throttled_server/limit_headers.hpp"

namespace stagger::server {

namespace json = boost::json;

namespace {

json::array choices(const call& asked) {
    json::array all;
    for (const std::string& prompt : asked.prompts) {
        json::object choice{{"index", all.size()}, {"finish_reason", "stop"}, {"logprobs", nullptr}};
        if (asked.spoken == dialect::openai_chat) {
            choice["message"] = {{"role", "assistant"}, {"content", answer_text(prompt)}};
        } else {
            choice["text"] = answer_text(prompt);
        }
        all.push_back(std::move(choice));
    }
    return all;
}

std::string_view reason_phrase(unsigned status) {
    switch (status) {
        case 200:
            return "OK";
        case 400:
            return "Bad Request";
        case 401:
            return "Unauthorized";
        case 404:
            return "Not Found";
        case 405:
            return "Method Not Allowed";
        case 413:
            return "Content Too Large";
        case 429:
            return "Too Many Requests";
        case 431:
            return "Request Header Fields Too Large";
        case 500:
            return "Internal Server Error";
        case 502:
            return "Bad Gateway";
        case 503:
            return "Service Unavailable";
        case 504:
            return "Gateway Timeout";
        default:
            return status < 500 ? "Client Error" : "Server Error";
    }
}

/// `format` as strftime has it, in UTC and in the C locale, which nothing in this program changes.
std::string utc(std::int64_t unix_time, const char* format) {
    const auto seconds = static_cast<std::time_t>(unix_time);
    std::tm parts{};
    gmtime_r(&seconds, &parts);
    std::array<char, 64> text{};
    return {text.data(), std::strftime(text.data(), text.size(), format, &parts)};
}

/// The Date header's value, made once a second.
const std::string& http_date(std::int64_t unix_now) {
    thread_local std::int64_t made_for = -1;
    thread_local std::string made;
    if (made_for != unix_now) {
        made = utc(unix_now, "%a, %d %b %Y %H:%M:%S GMT");
        made_for = unix_now;
    }
    return made;
}

std::string_view openai_type(unsigned status) {
    if (status == 401) return "invalid_request_error";
    if (status == 429) return "requests";
    return status < 500 ? "invalid_request_error" : "server_error";
}

json::value openai_code(unsigned status) {
    if (status == 401) return "invalid_api_key";
    if (status == 429) return "rate_limit_exceeded";
    if (status == 503) return "service_unavailable";
    return nullptr;
}

void append_head(std::string& whole, const response_head& head, std::string_view content_lines) {
    whole.append("HTTP/1.1 ")
        .append(std::to_string(head.status))
        .append(" ")
        .append(reason_phrase(head.status));
    whole.append("\r\nDate: ").append(http_date(head.unix_now)).append("\r\n").append(content_lines);
    if (!head.request_id.empty()) whole.append("x-request-id: ").append(head.request_id).append("\r\n");
    if (!head.connection.empty()) whole.append("Connection: ").append(head.connection).append("\r\n");
    whole.append(head.extra_lines).append("\r\n");
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

json::object usage_of(const call& asked) {
    const std::uint64_t answered = completion_tokens(asked);
    return {{"prompt_tokens", asked.prompt_tokens},
            {"completion_tokens", answered},
            {"total_tokens", asked.prompt_tokens + answered}};
}

std::string completion_body(const call& asked, std::string_view request_id, std::int64_t unix_now) {
    if (asked.spoken == dialect::llm_engine) {
        const json::object output{{"text", answer_text(asked.prompts.front())},
                                  {"num_prompt_tokens", asked.prompt_tokens},
                                  {"num_completion_tokens", completion_tokens(asked)},
                                  {"tokens", nullptr}};
        return json::serialize(json::object{{"request_id", request_id}, {"output", output}});
    }
    const bool chat = asked.spoken == dialect::openai_chat;
    return json::serialize(json::object{{"id", (chat ? "chatcmpl-" : "cmpl-") + std::string(request_id)},
                                        {"object", chat ? "chat.completion" : "text_completion"},
                                        {"created", unix_now},
                                        {"model", asked.model},
                                        {"choices", choices(asked)},
                                        {"usage", usage_of(asked)}});
}

std::string repeatable_id(const call& asked) {
    std::uint64_t hash = batch::line_hash(asked.model);
    for (const std::string& prompt : asked.prompts) hash = batch::mixed(hash ^ batch::line_hash(prompt));
    return "req-" + std::to_string(hash);
}

std::string error_body(stagger::dialect spoken, unsigned status, std::string_view message,
                       std::string_view member, std::int64_t unix_now) {
    if (spoken == dialect::llm_engine) {
        if (status == 429) {
            return json::serialize(
                json::object{{"error", "Too many requests"}, {"timestamp", rfc3339(unix_now)}});
        }
        return json::serialize(json::object{{"detail", message}});
    }
    const json::value parameter = member.empty() ? json::value(nullptr) : json::value(member);
    const json::object error{{"message", message},
                             {"type", openai_type(status)},
                             {"param", parameter},
                             {"code", openai_code(status)}};
    return json::serialize(json::object{{"error", error}});
}

std::string_view provider_message(unsigned status) {
    if (status == 429) return "Rate limit reached, please try again later";
    if (status == 503 || status == 529)
        return "The service is overloaded or unavailable, please try again later";
    return status < 500 ? "The request was refused" : "The server had an error while processing the request";
}

std::string hint_lines(const provider::decision& decided, const provider::hints_description& hints,
                       std::int64_t unix_now) {
    std::string lines;
    if (decided.retry_after) append_retry_after(lines, decided.retry_after_kind, *decided.retry_after);
    append_limit_headers(lines, hints.headers, decided.headers, unix_now);
    return lines;
}

std::string whole_response(const response_head& head, std::string_view body) {
    std::string whole;
    whole.reserve(320 + head.extra_lines.size() + body.size());
    append_head(whole, head,
                "Content-Type: application/json\r\nContent-Length: " + std::to_string(body.size()) + "\r\n");
    return whole.append(body);
}

std::string stream_head(const response_head& head, bool chunked) {
    std::string whole;
    append_head(whole, head,
                chunked ? "Content-Type: text/event-stream; charset=utf-8\r\nCache-Control: no-store\r\n"
                          "Transfer-Encoding: chunked\r\n"
                        : "Content-Type: text/event-stream; charset=utf-8\r\nCache-Control: no-store\r\n");
    return whole;
}

std::string rfc3339(std::int64_t unix_time) {
    return utc(unix_time, "%Y-%m-%dT%H:%M:%SZ");
}

}  // namespace stagger::server
