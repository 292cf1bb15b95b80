#include "dialect/rate_limit_field.hpp"

#include <algorithm>

#include "base/decimal.hpp"

namespace stagger::wire {

namespace {

/// Items of one field, at most; honest servers send one to three.
constexpr std::size_t most_items = 16;

/// Cuts the text up to the next `separator` outside of quotes off the front.
std::string_view take_until(std::string_view& text, char separator) {
    bool quoted = false;
    std::size_t at = 0;
    for (; at < text.size(); ++at) {
        if (quoted && text[at] == '\\') {
            ++at;
        } else if (text[at] == '"') {
            quoted = !quoted;
        } else if (!quoted && text[at] == separator) {
            break;
        }
    }
    const auto taken = text.substr(0, at);
    text.remove_prefix(std::min(at + 1, text.size()));
    return trim(taken);
}

std::string_view unquoted(std::string_view text) {
    const bool quoted = text.size() >= 2 && text.front() == '"' && text.back() == '"';
    return quoted ? text.substr(1, text.size() - 2) : text;
}

/// A quota with its name, from a state or from a policy.
struct named_quota {
    std::string_view name;
    quota_state state;
    bool counts_requests = true;
};

void set_parameter(named_quota& quota, std::string_view key, std::string_view value) {
    if (key == "r" || key == "remaining") quota.state.remaining = parse_decimal(value);
    if (key == "t" || key == "reset") quota.state.reset_s = parse_decimal(value);
    if (key == "q" || key == "limit") quota.state.limit = parse_decimal(value);
    if (key == "qu") quota.counts_requests = equal_ignoring_case(unquoted(value), "requests");
}

void read_parameter(named_quota& quota, std::string_view parameter) {
    const auto equals = std::min(parameter.find('='), parameter.size());
    const auto value = parameter.substr(std::min(equals + 1, parameter.size()));
    set_parameter(quota, trim(parameter.substr(0, equals)), trim(value));
}

/// `"name"; q=20; w=2`
named_quota read_item(std::string_view item) {
    named_quota quota;
    quota.name = unquoted(take_until(item, ';'));
    while (!item.empty()) read_parameter(quota, take_until(item, ';'));
    return quota;
}

/// Whether the field is draft 7's dictionary rather than a list of named quotas.
bool is_dictionary(std::string_view value) {
    value = trim(value);
    return value.starts_with("limit") || value.starts_with("remaining") || value.starts_with("reset");
}

std::vector<named_quota> read_quotas(const std::vector<std::string_view>& values) {
    std::vector<named_quota> quotas;
    for (auto value : values) {
        if (is_dictionary(value) && value.find('=') < value.find(';')) {
            named_quota quota;
            while (!value.empty()) read_parameter(quota, take_until(value, ','));
            quotas.push_back(quota);
            continue;
        }
        while (!value.empty() && quotas.size() < most_items)
            quotas.push_back(read_item(take_until(value, ',')));
    }
    return quotas;
}

bool contains_token(std::string_view name) {
    constexpr std::string_view word = "token";
    for (std::size_t at = 0; at + word.size() <= name.size(); ++at) {
        if (equal_ignoring_case(name.substr(at, word.size()), word)) return true;
    }
    return false;
}

void keep_tighter(quota_state& kept, const quota_state& further) {
    if (!further.remaining) return;
    if (!kept.remaining || *further.remaining < *kept.remaining) kept = further;
}

}  // namespace

quota_states read_rate_limit_fields(const std::vector<std::string_view>& rate_limit,
                                    const std::vector<std::string_view>& policies) {
    quota_states tightest;
    if (rate_limit.empty()) return tightest;
    const auto known = read_quotas(policies);
    for (auto& quota : read_quotas(rate_limit)) {
        const auto policy = std::find_if(known.begin(), known.end(),
                                         [&](const named_quota& one) { return one.name == quota.name; });
        if (policy != known.end()) {
            if (!quota.state.limit) quota.state.limit = policy->state.limit;
            quota.counts_requests = quota.counts_requests && policy->counts_requests;
        }
        const bool tokens = contains_token(quota.name);
        if (tokens || quota.counts_requests)
            keep_tighter(tokens ? tightest.tokens : tightest.requests, quota.state);
    }
    return tightest;
}

}  // namespace stagger::wire
