#include "http/http_request.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <stdexcept>

#include "base/decimal.hpp"
#include "dialect/own_header.hpp"

namespace stagger {

namespace {

void append_field(std::string& text, std::string_view name, std::string_view value) {
    text.append(name).append(": ").append(value).append("\r\n");
}

/// Whether one of the formatted lines is a field of that name.
bool has_line(std::string_view lines, std::string_view name) {
    while (!lines.empty()) {
        if (wire::equal_ignoring_case(lines.substr(0, lines.find(':')), name)) return true;
        lines.remove_prefix(lines.find("\r\n") + 2);
    }
    return false;
}

/// The lines but for those of fields that a request has itself.
void append_others(std::string& to, std::string_view lines, std::span<const wire::field> own) {
    while (!lines.empty()) {
        const std::string_view name = lines.substr(0, lines.find(':'));
        const std::string_view line = lines.substr(0, lines.find("\r\n") + 2);
        const bool replaced = std::any_of(own.begin(), own.end(), [&](const wire::field& one) {
            return wire::equal_ignoring_case(one.name, name);
        });
        if (!replaced) to.append(line);
        lines.remove_prefix(line.size());
    }
}

}  // namespace

std::string format_fixed_fields(const std::vector<std::pair<std::string, std::string>>& headers) {
    std::string text;
    for (const auto& [name, value] : headers) {
        if (const auto problem = wire::broken_header(name, value); !problem.empty())
            throw std::invalid_argument(problem);
        append_field(text, name, value);
    }
    return text;
}

common_head make_common_head(std::string_view authority, const wire::encoding_context& encoding,
                             wire::delivery how, std::string_view own_lines) {
    common_head head{wire::common_target(encoding), {}, {}};
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

void forward_by(const proxy_address& proxy, const endpoint& target, common_head& head) {
    head.origin = "http://" + target.authority;
    if (!proxy.authorization.empty()) append_field(head.lines, "Proxy-Authorization", proxy.authorization);
}

void format_http_request(std::string& to, const request_parts& own, const common_head& common) {
    to.clear();
    to.append("POST ").append(common.origin).append(own.target.empty() ? common.target : own.target);
    to.append(" HTTP/1.1\r\n");
    if (own.fields.empty()) {
        to.append(common.lines);
    } else {
        append_others(to, common.lines, own.fields);
    }
    for (const wire::field& one : own.fields) append_field(to, one.name, one.value);
    std::array<char, 20> digits{};
    const auto end = std::to_chars(digits.begin(), digits.end(), own.body.size()).ptr;
    to.append("Content-Length: ").append(digits.begin(), end).append("\r\n\r\n").append(own.body);
}

}  // namespace stagger
