#include "core/send_policy.hpp"

#include <algorithm>

namespace stagger {

namespace {

using namespace std::chrono_literals;

// tenacity and backoff leave base and cap to the caller; their examples use one second and one minute.
constexpr auto base = 1s;
constexpr auto cap = 60s;
constexpr unsigned unlimited = 0;
// OpenAI's guide to rate limits shows tenacity with stop_after_attempt(6).
constexpr unsigned tenacity_attempts = 6;
// openai-python: two retries (DEFAULT_MAX_RETRIES in _constants.py).
constexpr unsigned openai_attempts = 3;
// --max_attempts of OpenAI's script (cookbook_pause).
constexpr unsigned cookbook_attempts = 5;
// The AWS SDKs' longest wait. Their formula is full jitter, in the adaptive mode too: U(0, 1) * min(2^(n-1),
// 20) s (boto/botocore, botocore/retries/standard.py, ExponentialBackoff); the other two are of the article
// they refer to (Marc Brooker, "Exponential Backoff And Jitter"). The SDKs give up after three attempts,
// which would hide what the waits do.
constexpr auto aws_cap = 20s;

send_policy alone(std::string_view name, backoff_policy wait, unsigned max_attempts = unlimited,
                  bool obeys_retry_after = false) {
    return {name, pacing_kind::unpaced, wait, max_attempts, obeys_retry_after};
}

const std::vector<send_policy>& table() {
    static const std::vector<send_policy> policies{
        {"coordinated"},
        alone("none", backoff_policy::none()),
        alone("tenacity", backoff_policy::random_exponential(base, cap, base), tenacity_attempts),
        alone("tenacity-unlimited", backoff_policy::random_exponential(base, cap, base)),
        alone("backoff-expo", backoff_policy::expo_full_jitter(base, cap)),
        alone("full-jitter", backoff_policy::full_jitter(base, aws_cap)),
        alone("equal-jitter", backoff_policy::equal_jitter(base, aws_cap)),
        alone("decorrelated", backoff_policy::decorrelated(base, aws_cap)),
        alone("openai-sdk", backoff_policy::openai(), openai_attempts, true),
        {"cookbook", pacing_kind::cookbook_pause, backoff_policy::none(), cookbook_attempts, false},
        {"aws-adaptive", pacing_kind::aws_adaptive, backoff_policy::full_jitter(base, aws_cap), unlimited,
         false},
        {"aimd", pacing_kind::netflix_aimd, std::nullopt, unlimited, false},
        {"inspect", pacing_kind::inspect_adaptive, backoff_policy::exponential_jitter(3s, 30min, 3s),
         unlimited, false},
        {"fixed-rate", pacing_kind::fixed_rate, std::nullopt, unlimited, false},
    };
    return policies;
}

}  // namespace

std::optional<send_policy> find_send_policy(std::string_view name) {
    const auto& all = table();
    const auto found =
        std::find_if(all.begin(), all.end(), [&](const auto& each) { return each.name == name; });
    return found == all.end() ? std::nullopt : std::optional(*found);
}

std::vector<std::string_view> send_policy_names() {
    std::vector<std::string_view> names;
    for (const send_policy& each : table()) names.push_back(each.name);
    return names;
}

}  // namespace stagger
