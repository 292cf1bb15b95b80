#include "gateway/passed_fields.hpp"

#include <algorithm>
#include <array>
#include <cctype>

#include "server/request.hpp"

namespace stagger::gateway {

namespace {

using http_server::same_name;

constexpr std::array<std::string_view, 11> of_connection = {"connection",
                                                            "keep-alive",
                                                            "proxy-authenticate",
                                                            "proxy-authorization",
                                                            "proxy-connection",
                                                            "te",
                                                            "trailer",
                                                            "transfer-encoding",
                                                            "upgrade",
                                                            "content-length",
                                                            "expect"};
constexpr std::array<std::string_view, 3> of_client = {"host", "cookie", "accept-encoding"};
constexpr std::array<std::string_view, 5> of_account = {"authorization", "x-api-key", "api-key",
                                                        "openai-organization", "openai-project"};

template <class Names>
bool is_one_of(const Names& listed, std::string_view name) {
    return std::ranges::any_of(listed, [&](std::string_view one) { return same_name(one, name); });
}

bool begins_with(std::string_view name, std::string_view prefix) {
    return name.size() >= prefix.size() && same_name(name.substr(0, prefix.size()), prefix);
}

/// Whether the Connection field names it.
bool is_named_by(const std::vector<wire::field>& fields, std::string_view name) {
    for (const wire::field& one : fields) {
        if (!same_name(one.name, "connection")) continue;
        std::string_view rest = one.value;
        while (!rest.empty()) {
            std::string_view item = rest.substr(0, rest.find(','));
            rest.remove_prefix(std::min(item.size() + 1, rest.size()));
            while (item.starts_with(' ') || item.starts_with('\t')) item.remove_prefix(1);
            while (item.ends_with(' ') || item.ends_with('\t')) item.remove_suffix(1);
            if (same_name(item, name)) return true;
        }
    }
    return false;
}

bool concerns_connection(const std::vector<wire::field>& fields, std::string_view name) {
    return is_one_of(of_connection, name) || is_named_by(fields, name);
}

void append_line(std::string& to, std::string_view name, std::string_view value) {
    to.append(name).append(": ").append(value).append("\r\n");
}

}  // namespace

std::string upstream_lines(const std::vector<wire::field>& fields, const upstream_identity& who,
                           api_shape shape) {
    const auto replaced = [&](std::string_view name) {
        if (who.replaces_account() && is_one_of(of_account, name)) return true;
        return std::ranges::any_of(who.headers, [&](const auto& one) { return same_name(one.first, name); });
    };
    std::string lines;
    for (const wire::field& one : fields) {
        if (concerns_connection(fields, one.name) || is_one_of(of_client, one.name)) continue;
        if (begins_with(one.name, "x-stagger-") || replaced(one.name)) continue;
        append_line(lines, one.name, one.value);
    }
    append_line(lines, "Accept-Encoding", "identity");
    if (!who.api_key.empty()) {
        const bool anthropic = shape == api_shape::anthropic;
        append_line(lines, anthropic ? "x-api-key" : "Authorization",
                    anthropic ? who.api_key : "Bearer " + who.api_key);
    }
    for (const auto& [name, value] : who.headers) append_line(lines, name, value);
    return lines;
}

std::string client_lines(const std::vector<wire::field>& fields, bool own_key, bool& dated) {
    std::string lines;
    dated = false;
    for (const wire::field& one : fields) {
        if (concerns_connection(fields, one.name) || same_name(one.name, "set-cookie")) continue;
        const bool tells_limit =
            begins_with(one.name, "x-ratelimit-") || begins_with(one.name, "anthropic-ratelimit-");
        if (own_key && tells_limit) continue;
        dated = dated || same_name(one.name, "date");
        append_line(lines, one.name, one.value);
    }
    return lines;
}

}  // namespace stagger::gateway
