#include "policies.hpp"

#include <algorithm>
#include <array>

#include "exit_code.hpp"

namespace app {
namespace {

using stagger::backoff_policy;
using stagger::pacing_kind;
using namespace std::chrono_literals;

// tenacity's usual recipe for rate limits: wait_random_exponential(min=1, max=60), stop_after_attempt(6).
constexpr unsigned tenacity_attempts = 6;
// openai-python: two retries.
constexpr unsigned openai_attempts = 3;
// The libraries leave base and cap to the caller; one second and one minute are what their examples use.
constexpr auto base = 1s;
constexpr auto cap = 60s;

constexpr std::array<std::string_view, 13> names{
    "coordinated", "none",     "tenacity",     "backoff-expo", "full-jitter", "equal-jitter", "decorrelated",
    "openai-sdk",  "cookbook", "aws-adaptive", "aimd",         "inspect",     "fixed-rate"};

policy per_task(const std::string& name, backoff_policy wait, unsigned attempts = 0,
                bool obeys_retry_after = false) {
    return {name, pacing_kind::unpaced, wait, attempts, obeys_retry_after};
}

}  // namespace

policy find_policy(const std::string& name) {
    if (name == "coordinated") return {name};
    if (name == "none") return per_task(name, backoff_policy::none());
    if (name == "tenacity") {
        return per_task(name, backoff_policy::random_exponential(base, cap, 1s), tenacity_attempts);
    }
    if (name == "backoff-expo") return per_task(name, backoff_policy::expo_full_jitter(base, cap));
    if (name == "full-jitter") return per_task(name, backoff_policy::full_jitter(base, cap));
    if (name == "equal-jitter") return per_task(name, backoff_policy::equal_jitter(base, cap));
    if (name == "decorrelated") return per_task(name, backoff_policy::decorrelated(base, cap));
    if (name == "openai-sdk") return per_task(name, backoff_policy::openai(), openai_attempts, true);
    if (std::find(names.begin(), names.end(), name) != names.end()) {
        throw failure(exit_code::wrong_usage, "--policy " + name + ": not yet in this version");
    }
    throw failure(exit_code::wrong_usage, "--policy: \"" + name + "\" is none of " + policy_names());
}

std::string policy_names() {
    std::string all;
    for (const auto name : names) all.append(all.empty() ? "" : ", ").append(name);
    return all;
}

}  // namespace app
