#include "dialect/own_header.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <span>

#include "base/decimal.hpp"

namespace stagger::wire {

namespace {

constexpr std::array<std::string_view, 11> transport_headers{"host",
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

/// What the known APIs take a key in, and what a proxy in front of one may.
constexpr std::array<std::string_view, 6> account_headers{"authorization", "proxy-authorization", "x-api-key",
                                                          "api-key",       "x-goog-api-key",      "cookie"};

bool is_one_of(std::span<const std::string_view> names, std::string_view name) {
    return std::any_of(names.begin(), names.end(),
                       [&](std::string_view one) { return equal_ignoring_case(one, name); });
}

bool is_token(std::string_view name) {
    constexpr std::string_view symbols = "!#$%&'*+-.^_`|~";  // RFC 9110, 5.6.2
    return !name.empty() && std::all_of(name.begin(), name.end(), [&](unsigned char c) {
        return (c < 128 && std::isalnum(c)) || symbols.find(static_cast<char>(c)) != std::string_view::npos;
    });
}

bool is_header_value(std::string_view value) {
    return std::none_of(value.begin(), value.end(),
                        [](unsigned char c) { return (c < 32 && c != '\t') || c == 127; });
}

}  // namespace

std::string broken_header(std::string_view name, std::string_view value) {
    const std::string quoted = "\"" + std::string(name) + "\"";
    if (!is_token(name)) return "header: the name must be a token, is " + quoted;
    if (!is_header_value(value))
        return "header: the value of " + quoted + " must not contain control characters";
    if (is_one_of(transport_headers, name)) return "header: " + quoted + " is set by the transport";
    return {};
}

std::string broken_request_header(std::string_view name, std::string_view value) {
    if (auto problem = broken_header(name, value); !problem.empty()) return problem;
    if (!is_one_of(account_headers, name)) return {};
    return "header: \"" + std::string(name) + "\" is the client's, which is one account";
}

}  // namespace stagger::wire
