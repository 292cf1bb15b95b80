#include "http/http_request.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <charconv>
#include <stdexcept>

namespace stagger {

namespace {

bool is_token(std::string_view name) {
    constexpr std::string_view symbols = "!#$%&'*+-.^_`|~";  // RFC 9110, 5.6.2
    return !name.empty() && std::all_of(name.begin(), name.end(), [&](unsigned char c) {
        return (c < 128 && std::isalnum(c)) || symbols.find(static_cast<char>(c)) != std::string_view::npos;
    });
}

bool is_field_value(std::string_view value) {
    return std::none_of(value.begin(), value.end(),
                        [](unsigned char c) { return (c < 32 && c != '\t') || c == 127; });
}

bool equal_without_case(std::string_view left, std::string_view right) {
    return std::equal(left.begin(), left.end(), right.begin(), right.end(),
                      [](unsigned char a, unsigned char b) { return std::tolower(a) == std::tolower(b); });
}

void append_field(std::string& text, std::string_view name, std::string_view value) {
    text.append(name).append(": ").append(value).append("\r\n");
}

/// Whether one of the formatted lines is a field of that name.
bool has_line(std::string_view lines, std::string_view name) {
    while (!lines.empty()) {
        if (equal_without_case(lines.substr(0, lines.find(':')), name)) return true;
        lines.remove_prefix(lines.find("\r\n") + 2);
    }
    return false;
}

}  // namespace

std::string format_fixed_fields(const std::vector<std::pair<std::string, std::string>>& headers) {
    constexpr std::array<std::string_view, 11> ours = {"host",
                                                       "content-length",
                                                       "transfer-encoding",
                                                       "connection",
                                                       "accept-encoding",
                                                       "content-type",
                                                       "content-encoding",
                                                       "expect",
                                                       "upgrade",
                                                       "te",
                                                       "trailer"};
    std::string text;
    for (const auto& header : headers) {
        const auto& name = header.first;
        const auto& value = header.second;
        if (!is_token(name))
            throw std::invalid_argument("header: the name must be a token, is \"" + name + "\"");
        if (!is_field_value(value)) {
            throw std::invalid_argument("header: the value of \"" + name +
                                        "\" must not contain control characters");
        }
        const bool taken = std::any_of(ours.begin(), ours.end(),
                                       [&](std::string_view one) { return equal_without_case(one, name); });
        if (taken) throw std::invalid_argument("header: \"" + name + "\" is set by the transport");
        append_field(text, name, value);
    }
    return text;
}

common_head make_common_head(std::string_view authority, const wire::encoding_context& encoding,
                             wire::delivery how, std::string_view own_lines) {
    common_head head{wire::common_target(encoding), {}};
    append_field(head.lines, "Host", authority);
    // Without it a server may choose any encoding (RFC 9110, 12.5.3), and none is understood.
    append_field(head.lines, "Accept-Encoding", "identity");
    std::vector<wire::field> replaceable = wire::common_fields(encoding, how);
    replaceable.push_back({"User-Agent", "stagger"});
    for (const wire::field& one : replaceable) {
        if (!has_line(own_lines, one.name)) append_field(head.lines, one.name, one.value);
    }
    head.lines.append(own_lines);
    return head;
}

void format_http_request(std::string& to, const request_parts& own, const common_head& common) {
    to.clear();
    to.append("POST ").append(own.target.empty() ? common.target : own.target);
    to.append(" HTTP/1.1\r\n").append(common.lines);
    for (const wire::field& one : own.fields) append_field(to, one.name, one.value);
    std::array<char, 20> digits{};
    const auto end = std::to_chars(digits.begin(), digits.end(), own.body.size()).ptr;
    to.append("Content-Length: ").append(digits.begin(), end).append("\r\n\r\n").append(own.body);
}

}  // namespace stagger
