#include "dialect/rate_limit_headers.hpp"

#include <algorithm>
#include <array>
#include <string_view>

#include "base/date.hpp"
#include "base/decimal.hpp"
#include "dialect/rate_limit_field.hpp"
#include "dialect/retry_after.hpp"

namespace stagger::wire {

namespace {

/// A limit above this is no limit; such values come from sentinels like 2^53.
constexpr double largest_count = 1e12;
/// Quotas reset after a month at most.
constexpr double longest_reset_s = 31 * 86400.0;
/// From here on a number is a date in seconds (2001) or in milliseconds, not a span.
constexpr double first_unix_s = 1e9;
constexpr double first_unix_ms = 1e11;

std::optional<double> parse_count(std::string_view text) {
    // Draft 6 lets the policy follow the number: "20, 20;w=2".
    const auto value = parse_decimal(text.substr(0, text.find_first_of(",;")));
    return value && *value <= largest_count ? value : std::nullopt;
}

std::optional<duration> parse_reset(std::string_view text, double unix_now) {
    auto seconds = parse_span_s(text);
    if (seconds && *seconds >= first_unix_ms) {
        seconds = *seconds / 1000 - unix_now;
    } else if (seconds && *seconds >= first_unix_s) {
        seconds = *seconds - unix_now;
    }
    if (!seconds) {
        auto date = parse_rfc3339(text);
        if (!date) date = parse_http_date(text);
        if (date) seconds = *date - unix_now;
    }
    if (!seconds || *seconds > longest_reset_s) return std::nullopt;
    return bounded_span(*seconds, duration::max());
}

enum class part { limit, remaining, reset };

/// Families in the order of preference within a dimension.
enum class family {
    openai_requests,
    anthropic_requests,
    mistral_requests,
    ietf6,
    legacy,
    openai_tokens,
    openai_project_tokens,
    anthropic_tokens,
    anthropic_input,
    anthropic_output,
    mistral_tokens,
    together_tokens,
};
constexpr std::size_t families = 12;

struct known_field {
    std::string_view name;
    wire::part part;
    wire::family family;
};

// Anthropic's priority tier is left out: what is beyond it is served all the same, as any other request.
constexpr std::array known_fields{
    known_field{"x-ratelimit-limit-requests", part::limit, family::openai_requests},
    known_field{"x-ratelimit-remaining-requests", part::remaining, family::openai_requests},
    known_field{"x-ratelimit-reset-requests", part::reset, family::openai_requests},
    known_field{"x-ratelimit-limit-tokens", part::limit, family::openai_tokens},
    known_field{"x-ratelimit-remaining-tokens", part::remaining, family::openai_tokens},
    known_field{"x-ratelimit-reset-tokens", part::reset, family::openai_tokens},
    known_field{"x-ratelimit-limit-project-tokens", part::limit, family::openai_project_tokens},
    known_field{"x-ratelimit-remaining-project-tokens", part::remaining, family::openai_project_tokens},
    known_field{"x-ratelimit-reset-project-tokens", part::reset, family::openai_project_tokens},
    known_field{"x-ratelimit-limit-req-minute", part::limit, family::mistral_requests},
    known_field{"x-ratelimit-remaining-req-minute", part::remaining, family::mistral_requests},
    known_field{"x-ratelimit-limit-tokens-minute", part::limit, family::mistral_tokens},
    known_field{"x-ratelimit-remaining-tokens-minute", part::remaining, family::mistral_tokens},
    known_field{"x-tokenlimit-limit", part::limit, family::together_tokens},
    known_field{"x-tokenlimit-remaining", part::remaining, family::together_tokens},
    known_field{"x-tokenlimit-reset", part::reset, family::together_tokens},
    known_field{"anthropic-ratelimit-requests-limit", part::limit, family::anthropic_requests},
    known_field{"anthropic-ratelimit-requests-remaining", part::remaining, family::anthropic_requests},
    known_field{"anthropic-ratelimit-requests-reset", part::reset, family::anthropic_requests},
    known_field{"anthropic-ratelimit-tokens-limit", part::limit, family::anthropic_tokens},
    known_field{"anthropic-ratelimit-tokens-remaining", part::remaining, family::anthropic_tokens},
    known_field{"anthropic-ratelimit-tokens-reset", part::reset, family::anthropic_tokens},
    known_field{"anthropic-ratelimit-input-tokens-limit", part::limit, family::anthropic_input},
    known_field{"anthropic-ratelimit-input-tokens-remaining", part::remaining, family::anthropic_input},
    known_field{"anthropic-ratelimit-input-tokens-reset", part::reset, family::anthropic_input},
    known_field{"anthropic-ratelimit-output-tokens-limit", part::limit, family::anthropic_output},
    known_field{"anthropic-ratelimit-output-tokens-remaining", part::remaining, family::anthropic_output},
    known_field{"anthropic-ratelimit-output-tokens-reset", part::reset, family::anthropic_output},
    known_field{"ratelimit-limit", part::limit, family::ietf6},
    known_field{"ratelimit-remaining", part::remaining, family::ietf6},
    known_field{"ratelimit-reset", part::reset, family::ietf6},
    known_field{"x-ratelimit-limit", part::limit, family::legacy},
    known_field{"x-ratelimit-remaining", part::remaining, family::legacy},
    known_field{"x-ratelimit-reset", part::reset, family::legacy},
};

/// What all fields of a response say, before one is chosen for each dimension.
struct collected {
    std::array<limit_hint, families> by_family{};
    std::vector<std::string_view> rate_limit;
    std::vector<std::string_view> rate_limit_policy;
    std::optional<duration> retry_after;
    std::optional<duration> retry_after_ms;

    limit_hint& operator[](family which) { return by_family[static_cast<std::size_t>(which)]; }
};

/// A proxy may add a second Retry-After: the longer one satisfies both.
void keep_longer(std::optional<duration>& kept, std::optional<duration> further) {
    if (further && (!kept || *further > *kept)) kept = further;
}

void store(limit_hint& hint, part which, std::string_view value, double unix_now) {
    switch (which) {
        case part::limit:
            hint.limit = parse_count(value);
            return;
        case part::remaining:
            hint.remaining = parse_count(value);
            return;
        case part::reset:
            hint.reset = parse_reset(value, unix_now);
            return;
    }
}

void collect(collected& all, const field& one, double unix_now) {
    // Most fields of a response are about other things: the first letter tells most of them apart.
    constexpr std::string_view first_letters = "rRxXaA";
    if (one.name.empty() || first_letters.find(one.name.front()) == std::string_view::npos) return;
    for (const auto& known : known_fields) {
        if (!equal_ignoring_case(one.name, known.name)) continue;
        store(all[known.family], known.part, one.value, unix_now);
        return;
    }
    if (equal_ignoring_case(one.name, "retry-after")) {
        keep_longer(all.retry_after, parse_retry_after(one.value, unix_now));
    } else if (equal_ignoring_case(one.name, "retry-after-ms") ||
               equal_ignoring_case(one.name, "x-amz-retry-after")) {
        keep_longer(all.retry_after_ms, parse_retry_after_ms(one.value));
    } else if (equal_ignoring_case(one.name, "ratelimit")) {
        all.rate_limit.push_back(one.value);
    } else if (equal_ignoring_case(one.name, "ratelimit-policy")) {
        all.rate_limit_policy.push_back(one.value);
    }
}

bool says_anything(const limit_hint& hint) {
    return hint.limit || hint.remaining;
}

/// Of two limits that hold at once, the one of which less is left.
const limit_hint& tighter_of(const limit_hint& one, const limit_hint& other) {
    if (!other.remaining) return says_anything(one) ? one : other;
    if (!one.remaining) return other;
    const bool have_limits = one.limit && other.limit && *one.limit > 0 && *other.limit > 0;
    const bool is_less = have_limits ? *other.remaining * *one.limit < *one.remaining * *other.limit
                                     : *other.remaining < *one.remaining;
    return is_less ? other : one;
}

limit_hint from_quota(const quota_state& quota) {
    limit_hint hint;
    if (quota.limit && *quota.limit <= largest_count) hint.limit = quota.limit;
    if (quota.remaining && *quota.remaining <= largest_count) hint.remaining = quota.remaining;
    if (quota.reset_s && *quota.reset_s <= longest_reset_s) {
        hint.reset = bounded_span(*quota.reset_s, duration::max());
    }
    return hint;
}

template <std::size_t Count>
limit_hint first_that_says_anything(const std::array<limit_hint, Count>& candidates) {
    const auto found = std::find_if(candidates.begin(), candidates.end(), says_anything);
    return found == candidates.end() ? limit_hint() : *found;
}

}  // namespace

bool may_carry_hints(const std::vector<field>& fields) {
    constexpr std::array<std::string_view, 6> prefixes{"retry-after",  "ratelimit",
                                                       "x-ratelimit",  "anthropic-ratelimit",
                                                       "x-tokenlimit", "x-amz-retry-after"};
    constexpr std::string_view first_letters = "rRxXaA";  // asked first: most fields begin otherwise
    return std::any_of(fields.begin(), fields.end(), [&](const field& one) {
        if (one.name.empty() || first_letters.find(one.name.front()) == first_letters.npos) return false;
        return std::any_of(prefixes.begin(), prefixes.end(), [&](std::string_view prefix) {
            return equal_ignoring_case(std::string_view(one.name).substr(0, prefix.size()), prefix);
        });
    });
}

hints read_hints(const std::vector<field>& fields, double unix_now) {
    collected all;
    for (const auto& one : fields) collect(all, one, unix_now);

    const auto structured = read_rate_limit_fields(all.rate_limit, all.rate_limit_policy);
    hints said;
    said.retry_after = all.retry_after;
    if (all.retry_after_ms) {
        said.retry_after = all.retry_after_ms;
        said.retry_after_kind = opening_hint::retry_after_ms;
        if (all.retry_after) said.otherwise = {opening_hint::retry_after, *all.retry_after};
    }
    said.requests = first_that_says_anything(std::array{
        all[family::openai_requests], all[family::anthropic_requests], all[family::mistral_requests],
        from_quota(structured.requests), all[family::ietf6], all[family::legacy]});
    said.tokens = first_that_says_anything(
        std::array{tighter_of(all[family::openai_tokens], all[family::openai_project_tokens]),
                   all[family::anthropic_tokens],
                   tighter_of(all[family::anthropic_input], all[family::anthropic_output]),
                   all[family::mistral_tokens], all[family::together_tokens], from_quota(structured.tokens)});
    return said;
}

}  // namespace stagger::wire
