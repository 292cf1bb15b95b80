#include "coordinator/send_policy.hpp"

#include <algorithm>
#include <utility>

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
// openai-python obeys a Retry-After of up to this, and makes no further attempt after a longer one (since
// 2.52.0, openai/openai-python, src/openai/_base_client.py). openai-node stops obeying at one minute.
constexpr auto openai_longest_retry_after = 120s;
// The article that the AWS SDKs' formula is from leaves the base to the reader (Marc Brooker, "Exponential
// Backoff And Jitter"); its three kinds of jitter are compared with the SDKs' longest wait.
constexpr auto aws_cap = 20s;
// The SDKs' standard and adaptive modes (the defaults since 10 November 2026; boto/botocore,
// botocore/retries/standard.py): full jitter that begins with a second after a refusal, and with 50 ms after
// anything else. A service may name a wait by x-amz-retry-after, which is then kept within 5 s of the drawn
// one; servers of language models send none.
constexpr auto aws_base_throttled = 1s;
constexpr auto aws_base = 50ms;
constexpr unsigned aws_attempts = 3;

send_policy alone(std::string_view name, backoff_policy wait, unsigned max_attempts = unlimited) {
    return {name, pacing_kind::unpaced, std::move(wait), max_attempts, false};
}

backoff_policy aws_sdk_wait() {
    return backoff_policy::when_throttled(backoff_policy::full_jitter(aws_base_throttled, aws_cap),
                                          backoff_policy::full_jitter(aws_base, aws_cap));
}

send_policy openai_sdk() {
    send_policy policy = alone("openai-sdk", backoff_policy::openai(), openai_attempts);
    policy.obeys_retry_after = true;
    policy.longest_retry_after = openai_longest_retry_after;
    return policy;
}

send_policy aws_standard() {
    send_policy policy = alone("aws-standard", aws_sdk_wait(), aws_attempts);
    policy.has_retry_quota = true;
    return policy;
}

// The adaptive mode, but for its three attempts and its retry quota: it is there to be compared by the time
// in which all is answered, and a policy that gives prompts up is fast by that alone.
send_policy aws_adaptive_without_end() {
    return {"aws-adaptive", pacing_kind::aws_adaptive, aws_sdk_wait(), unlimited, false};
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
        openai_sdk(),
        aws_standard(),
        {"cookbook", pacing_kind::cookbook_pause, backoff_policy::none(), cookbook_attempts, false},
        aws_adaptive_without_end(),
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
