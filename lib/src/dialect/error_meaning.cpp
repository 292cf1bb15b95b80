#include "dialect/error_meaning.hpp"

#include <algorithm>
#include <array>
#include <string>
#include <string_view>

#include "base/date.hpp"
#include "dialect/quota_opening.hpp"

namespace stagger::wire {

namespace {

using kind = named_meaning::kind;

struct known_name {
    std::string_view name;
    kind what;
};

constexpr std::array known_names{
    // OpenAI, and whoever copies it.
    known_name{"insufficient_quota", kind::exhausted},
    known_name{"credit_balance_exhausted", kind::exhausted},
    known_name{"organization_spend_limit_exceeded", kind::exhausted},
    known_name{"project_spend_limit_exceeded", kind::exhausted},
    known_name{"organization_usage_limit_exceeded", kind::exhausted},
    known_name{"billing_not_active", kind::exhausted},
    known_name{"billing_hard_limit_reached", kind::exhausted},
    known_name{"account_deactivated", kind::exhausted},
    known_name{"invalid_api_key", kind::key_refused},
    known_name{"rate_limit_exceeded", kind::throttled},
    known_name{"slow_down", kind::throttled},
    known_name{"server_is_overloaded", kind::overloaded},
    // Anthropic.
    known_name{"billing_error", kind::exhausted},
    known_name{"enforced_spend_limit_reached", kind::exhausted},
    known_name{"rate_limit_error", kind::throttled},
    known_name{"overloaded_error", kind::overloaded},
    // Google.
    known_name{"API_KEY_INVALID", kind::key_refused},
    known_name{"RESOURCE_EXHAUSTED", kind::throttled},
    known_name{"UNAVAILABLE", kind::overloaded},
    // Groq, OpenRouter, Mistral, Bedrock.
    known_name{"blocked_api_access", kind::exhausted},
    known_name{"openrouter_in_flight_budget", kind::throttled},
    known_name{"service_tier_capacity_exceeded", kind::throttled},
    known_name{"ServiceQuotaExceededException", kind::exhausted},
    known_name{"ThrottlingException", kind::throttled},
    known_name{"ModelNotReadyException", kind::overloaded},
    // Text Generation Inference, llama.cpp.
    known_name{"overloaded", kind::overloaded},
    known_name{"unavailable_error", kind::overloaded},
};

/// Statuses that stand as a code inside an answer. 498 is Groq's for its flex tier.
constexpr std::array known_statuses{
    known_name{"402", kind::exhausted},  known_name{"429", kind::throttled},
    known_name{"408", kind::overloaded}, known_name{"498", kind::overloaded},
    known_name{"502", kind::overloaded}, known_name{"503", kind::overloaded},
    known_name{"529", kind::overloaded},
};

template <class Names>
kind first_known(const Names& known, const error_body& error) {
    for (const known_name& one : known) {
        if (error.is_named(one.name)) return one.what;
    }
    return kind::none;
}

bool contains(std::string_view text, std::string_view part) {
    return text.find(part) != std::string_view::npos;
}

/// Anthropic's 400s have no name of their own.
bool tells_used_up_account(std::string_view message) {
    return contains(message, "credit balance is too low") ||
           (contains(message, "reached your specified") && contains(message, "usage limits"));
}

/// "You will regain access on 2026-12-01 at 00:00 UTC."
std::optional<double> date_of_access(std::string_view message) {
    constexpr std::string_view before = "regain access on ";
    constexpr std::size_t date_length = 10;
    const auto at = message.find(before);
    if (at == std::string_view::npos) return std::nullopt;
    return parse_rfc3339(std::string(message.substr(at + before.size(), date_length)) + "T00:00:00Z");
}

bool is_counted_by_the_day(const error_body& error) {
    return std::any_of(error.names.begin(), error.names.end(),
                       [](const std::string& name) { return contains(name, "PerDay"); });
}

std::optional<double> opening_of(const error_body& error, double unix_now) {
    if (is_counted_by_the_day(error)) return next_midnight_pacific(unix_now);
    if (error.is_named("enforced_spend_limit_reached")) return next_month_utc(unix_now);
    return date_of_access(error.message);
}

}  // namespace

named_meaning meaning_of_names(const error_body& error, double unix_now) {
    // A budget of what is in flight empties by itself, whatever else the error is called.
    if (error.is_named("openrouter_in_flight_budget")) return {kind::throttled, std::nullopt};
    const bool used_up = is_counted_by_the_day(error) || tells_used_up_account(error.message);
    const kind what = used_up ? kind::exhausted : first_known(known_names, error);
    if (what != kind::exhausted) return {what, std::nullopt};
    return {what, opening_of(error, unix_now)};
}

named_meaning meaning_inside_answer(const error_body& error, double unix_now) {
    named_meaning named = meaning_of_names(error, unix_now);
    if (named.what == kind::none) named.what = first_known(known_statuses, error);
    return named;
}

}  // namespace stagger::wire
