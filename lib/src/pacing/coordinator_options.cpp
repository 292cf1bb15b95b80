#include <algorithm>
#include <cmath>
#include <stdexcept>
#include <string>
#include <utility>

#include "stagger/coordinator_options.hpp"

namespace stagger {

namespace {

void require(bool holds, const char* field, const char* rule, double value) {
    if (holds) return;
    throw std::invalid_argument(std::string("coordinator_options: ") + field + " must be " + rule + ", got " +
                                std::to_string(value));
}

}  // namespace

coordinator_options& coordinator_options::max_in_flight(unsigned count) {
    require(count >= 1, "max_in_flight", ">= 1", count);
    max_in_flight_ = count;
    return *this;
}

coordinator_options& coordinator_options::requests_per_minute(double rate) {
    require(std::isfinite(rate) && rate >= 0, "requests_per_minute", "finite and >= 0", rate);
    requests_per_minute_ = rate;
    return *this;
}

coordinator_options& coordinator_options::tokens_per_minute(double rate) {
    require(std::isfinite(rate) && rate >= 0, "tokens_per_minute", "finite and >= 0", rate);
    tokens_per_minute_ = rate;
    return *this;
}

coordinator_options& coordinator_options::probing(double fraction) {
    require(fraction == 0 || (fraction >= least_probing && fraction <= most_probing), "probing",
            "0 or in [0.001, 0.2]", fraction);
    probing_ = fraction;
    return *this;
}

coordinator_options& coordinator_options::retry_after_cap(duration longest) {
    require(longest > duration::zero(), "retry_after_cap", "> 0 s", to_seconds(longest));
    retry_after_cap_ = longest;
    return *this;
}

coordinator_options& coordinator_options::prompt_refused_after(duration shortest) {
    require(shortest > duration::zero(), "prompt_refused_after", "> 0 s", to_seconds(shortest));
    prompt_refused_after_ = shortest;
    return *this;
}

coordinator_options& coordinator_options::initial_rate(double per_second) {
    require(std::isfinite(per_second) && per_second > 0, "initial_rate", "finite and > 0", per_second);
    initial_rate_ = per_second;
    return *this;
}

coordinator_options& coordinator_options::remembered(const remembered_limits& limits) {
    if (const auto broken = broken_rule(limits)) {
        throw std::invalid_argument("coordinator_options: remembered." + std::string(broken->field) + " " +
                                    std::string(broken->rule));
    }
    remembered_ = limits;
    return *this;
}

coordinator_options& coordinator_options::pacing(pacing_kind kind) {
    pacing_ = kind;
    return *this;
}

coordinator_options& coordinator_options::fleet_member(std::string name) {
    constexpr std::size_t longest = 64;
    const bool is_word =
        name.size() <= longest && std::all_of(name.begin(), name.end(), [](char c) {
            return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
        });
    if (!is_word) {
        throw std::invalid_argument(
            "coordinator_options: fleet_member must be at most 64 letters and digits, got \"" + name + "\"");
    }
    fleet_member_ = std::move(name);
    return *this;
}

coordinator_options& coordinator_options::recorder(std::shared_ptr<decision_recorder> told) {
    recorder_ = std::move(told);
    return *this;
}

}  // namespace stagger
