#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>

#include "batch/batch_error.hpp"
#include "batch/batch_line.hpp"
#include "json/json_text.hpp"
#include "json/json_writer.hpp"
#include "json/lenient_json.hpp"

namespace stagger::wire {

namespace {

/// A result nests the answer two levels deeper.
constexpr std::size_t max_result_depth = max_json_depth + 2;

void append_hex(std::string& out, std::uint64_t value) {
    constexpr std::string_view digits = "0123456789abcdef";
    for (int shift = 60; shift >= 0; shift -= 4) out += digits[value >> shift & 15];
}

void append_quoted_hex(std::string& out, std::uint64_t value) {
    out += '"';
    append_hex(out, value);
    out += '"';
}

std::optional<std::uint64_t> hex_value(const json_member* member) {
    const auto text = member ? json_string_value(member->value) : std::nullopt;
    std::uint64_t value = 0;
    if (!text || text->size() != 16) return std::nullopt;
    const auto* end = text->data() + text->size();
    const auto read = std::from_chars(text->data(), end, value, 16);
    return read.ec == std::errc() && read.ptr == end ? std::optional(value) : std::nullopt;
}

/// The same prompt gets the same id in every run: FNV-1a of its custom_id.
std::string result_id(std::string_view custom_id) {
    std::uint64_t hash = 0xcbf29ce484222325U;
    for (const char character : custom_id) {
        hash = (hash ^ static_cast<unsigned char>(character)) * 0x100000001b3U;
    }
    std::string id = "batch_req_";
    append_hex(id, hash);
    return id;
}

/// Line ends can only stand between tokens.
void append_json_in_one_line(std::string& out, std::string_view json) {
    const auto begin = out.size();
    out += json_trimmed(json);
    for (const char line_end : {'\n', '\r'}) {
        for (auto at = out.find(line_end, begin); at != std::string::npos; at = out.find(line_end, at))
            out[at] = ' ';
    }
}

void append_seconds(std::string& out, duration span) {
    std::array<char, 64> digits{};
    constexpr int microseconds = 6;
    const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), to_seconds(span),
                                   std::chars_format::fixed, microseconds);
    out.append(digits.data(), end.ptr);
}

/// The body as it came if it is JSON, on one line; as a string otherwise. That of an answer was understood
/// before.
// What is no JSON, and was read as others do, is written as it was read: the line has to be JSON.
void append_body(std::string& out, std::string_view raw, bool answered) {
    if (!answered && json_problem(raw)) return append_json_string(out, raw);
    const auto exchanged = as_others_read(raw);
    append_json_in_one_line(out, exchanged ? *exchanged : raw);
}

void append_response(std::string& out, const completion& result, bool answered) {
    if (result.info.http_status == 0) {
        out += "null";
        return;
    }
    object_writer response(out);
    response.count("status_code", result.info.http_status);
    response.string("request_id", result.info.request_id);
    append_body(response.key("body"), result.raw, answered);
    response.close();
}

void append_error(std::string& out, std::string_view code, std::string_view message) {
    object_writer error(out);
    error.string("code", code);
    error.string("message", message);
    error.close();
}

void append_tries(std::string& out, const std::vector<failed_try>& tries) {
    out += '[';
    for (const failed_try& each : tries) {
        if (&each != &tries.front()) out += ',';
        object_writer one(out);
        append_seconds(one.key("sent_after_s"), each.sent_after);
        one.string("code", batch::result_code(each.error));
        if (each.http_status != 0) one.count("status_code", each.http_status);
        one.string("message", each.message);
        one.close();
    }
    out += ']';
}

void append_ours(std::string& out, const completion& result, bool answered, bool is_copy,
                 const result_origin& origin) {
    const diagnostic& info = result.info;
    const token_usage& usage = result.usage;
    object_writer history(out);
    history.count("attempts", info.attempts);
    history.count("rejections", info.rejections);
    append_seconds(history.key("waiting_s"), info.queued);
    append_seconds(history.key("service_s"), info.served);
    if (!info.tries.empty()) append_tries(history.key("tries"), info.tries);
    if (is_copy) history.raw("copy", "true");
    if (answered && result.empty) history.raw("empty", "true");
    const bool asked_again = std::any_of(info.tries.begin(), info.tries.end(), [](const failed_try& each) {
        return each.error == batch::batch_errc::answer_not_as_expected;
    });
    // Of all answers; the body tells only those of the last one.
    if (asked_again && usage.prompt_tokens) history.count("prompt_tokens", *usage.prompt_tokens);
    if (asked_again && usage.completion_tokens) history.count("completion_tokens", *usage.completion_tokens);
    if (origin.line > 0) {
        history.count("line", origin.line);
        append_quoted_hex(history.key("line_hash"), origin.line_hash);
        append_quoted_hex(history.key("parameters_hash"), origin.parameters);
        if (!origin.format.empty()) history.string("format", origin.format);
        if (!origin.separator.empty()) history.string("separator", origin.separator);
    }
    history.close();
}

std::optional<result_origin> origin_of(const std::vector<json_member>& line) {
    const auto* ours = find_member(line, "stagger");
    const auto members = ours ? json_members(ours->value) : std::nullopt;
    const auto* number = members ? find_member(*members, "line") : nullptr;
    if (!number) return std::nullopt;
    result_origin origin;
    const auto* end = number->value.data() + number->value.size();
    const auto read = std::from_chars(number->value.data(), end, origin.line);
    const auto line_hash = hex_value(find_member(*members, "line_hash"));
    const auto parameters = hex_value(find_member(*members, "parameters_hash"));
    if (read.ec != std::errc() || read.ptr != end || origin.line == 0 || !line_hash || !parameters) {
        return std::nullopt;
    }
    origin.line_hash = *line_hash;
    origin.parameters = *parameters;
    if (const auto* format = find_member(*members, "format"))
        origin.format = json_string_value(format->value).value_or(std::string());
    if (const auto* separator = find_member(*members, "separator"))
        origin.separator = json_string_value(separator->value).value_or(std::string());
    return origin;
}

bool is_success(const json_member& response) {
    const auto members = json_members(response.value);
    const auto* status = members ? find_member(*members, "status_code") : nullptr;
    return status && status->value.size() == 3 && status->value.front() == '2';
}

}  // namespace

std::string failure_message(error_code error, const diagnostic& info) {
    if (info.message.empty()) return error.message();
    if (error == errc::deadline_exceeded) return error.message() + "; last attempt: " + info.message;
    return info.message;
}

std::string format_result_line(std::string_view custom_id, error_code error, const completion& result,
                               const result_origin& origin) {
    std::string out;
    // Room for the answer as it is and for the names around it.
    out.reserve(result.raw.size() + custom_id.size() + 420);
    object_writer line(out);
    line.string("id", result_id(custom_id));
    line.string("custom_id", custom_id);
    append_response(line.key("response"), result, !error);
    if (error) {
        append_error(line.key("error"), batch::result_code(error), failure_message(error, result.info));
    } else {
        line.raw("error", "null");
    }
    // An answer for which nothing was sent is that of another request.
    const bool is_copy = result.info.http_status != 0 && result.info.attempts == 0;
    append_ours(line.key("stagger"), result, !error, is_copy, origin);
    line.close();
    return out;
}

std::string format_input_error_line(std::string_view custom_id, std::string_view problem,
                                    const result_origin& origin) {
    completion nothing;
    nothing.info.message = problem;
    return format_result_line(custom_id, errc::invalid_request, nothing, origin);
}

std::optional<result_summary> parse_result_line(std::string_view line) {
    if (json_problem(line, max_result_depth)) return std::nullopt;
    const auto members = json_members(line);
    if (!members) return std::nullopt;
    const auto* custom_id = find_member(*members, "custom_id");
    const auto* response = find_member(*members, "response");
    const auto* error = find_member(*members, "error");
    if (!custom_id || !response) return std::nullopt;
    auto id = json_string_value(custom_id->value);
    if (!id) return std::nullopt;
    const bool succeeded = (!error || error->value == "null") && is_success(*response);
    return result_summary{std::move(*id), succeeded, origin_of(*members)};
}

}  // namespace stagger::wire
