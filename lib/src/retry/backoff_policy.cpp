#include "stagger/backoff_policy.hpp"

#include <algorithm>
#include <cmath>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

namespace stagger {

namespace {

// Waits are computed as doubles: 2^(n-1) overflows any integer, a double only becomes infinite and is then
// capped.
double nanoseconds(duration span) {
    return static_cast<double>(span.count());
}

duration to_duration(double count) {
    constexpr double beyond = 0x1p63;
    return count >= beyond ? duration::max() : duration(static_cast<duration::rep>(count));
}

double grown(duration start, double growth, unsigned failed_attempts, duration cap) {
    if (start == duration::zero()) return 0;  // times an infinite power it would be no number
    const double exponent = failed_attempts > 1 ? failed_attempts - 1.0 : 0;
    return std::min(nanoseconds(start) * std::pow(growth, exponent), nanoseconds(cap));
}

double fibonacci_number(unsigned n, double enough) {
    double before = 0;
    double number = 1;
    for (unsigned i = 1; i < n && number < enough; ++i) before = std::exchange(number, before + number);
    return number;
}

duration not_negative(std::string_view name, duration span) {
    if (span >= duration::zero()) return span;
    throw std::invalid_argument(std::string(name) + ": must be >= 0, is " + std::to_string(to_seconds(span)) +
                                " s");
}

double above_zero(double base) {
    if (base > 0 && std::isfinite(base)) return base;
    throw std::invalid_argument("base: must be a finite number > 0, is " + std::to_string(base));
}

}  // namespace

backoff_policy::backoff_policy(formula kind, duration base, duration cap, duration min, double growth)
    : kind_(kind), base_(base), cap_(cap), min_(min), growth_(growth) {}

backoff_policy::backoff_policy(formula kind, const backoff_policy& part, duration bound)
    : backoff_policy(kind, bound, duration::zero(), duration::zero()) {
    parts_.push_back(part);
}

backoff_policy backoff_policy::none() {
    return {formula::constant, duration::zero(), duration::zero(), duration::zero()};
}

backoff_policy backoff_policy::constant(duration wait) {
    return {formula::constant, not_negative("wait", wait), duration::zero(), duration::zero()};
}

backoff_policy backoff_policy::uniform(duration min, duration max) {
    return {formula::uniform, not_negative("min", min), not_negative("max", max), duration::zero()};
}

backoff_policy backoff_policy::incrementing(duration start, duration increment, duration max) {
    return {formula::incrementing, not_negative("start", start), not_negative("max", max),
            not_negative("increment", increment)};
}

backoff_policy backoff_policy::exponential(duration multiplier, duration max, duration min, double base) {
    return {formula::exponential, not_negative("multiplier", multiplier), not_negative("max", max),
            not_negative("min", min), above_zero(base)};
}

backoff_policy backoff_policy::fibonacci(duration max) {
    return {formula::fibonacci, duration::zero(), not_negative("max", max), duration::zero()};
}

backoff_policy backoff_policy::exponential_jitter(duration initial, duration max, duration jitter,
                                                  double base) {
    return {formula::exponential_jitter, not_negative("initial", initial), not_negative("max", max),
            not_negative("jitter", jitter), above_zero(base)};
}

backoff_policy backoff_policy::random_exponential(duration multiplier, duration max, duration min,
                                                  double base) {
    return {formula::uniform_above_minimum, not_negative("multiplier", multiplier), not_negative("max", max),
            not_negative("min", min), above_zero(base)};
}

backoff_policy backoff_policy::expo_full_jitter(duration factor, duration max, double base) {
    return {formula::full, not_negative("factor", factor), not_negative("max", max), duration::zero(),
            above_zero(base)};
}

backoff_policy backoff_policy::full_jitter(duration base, duration cap) {
    return {formula::full, not_negative("base", base), not_negative("cap", cap), duration::zero()};
}

backoff_policy backoff_policy::equal_jitter(duration base, duration cap) {
    return {formula::equal, not_negative("base", base), not_negative("cap", cap), duration::zero()};
}

backoff_policy backoff_policy::decorrelated(duration base, duration cap) {
    return {formula::decorrelated, not_negative("base", base), not_negative("cap", cap), duration::zero()};
}

backoff_policy backoff_policy::openai() {
    using namespace std::chrono_literals;
    return {formula::openai, 500ms, 8s, 0s};
}

backoff_policy::backoff_policy(formula kind, std::vector<backoff_policy> parts)
    : backoff_policy(kind, duration::zero(), duration::zero(), duration::zero()) {
    parts_ = std::move(parts);
}

backoff_policy backoff_policy::chain(std::vector<backoff_policy> steps) {
    if (steps.empty()) throw std::invalid_argument("steps: must be at least one, are none");
    return {formula::chain, std::move(steps)};
}

backoff_policy operator+(backoff_policy first, backoff_policy second) {
    return {backoff_policy::formula::sum, {std::move(first), std::move(second)}};
}

backoff_policy backoff_policy::fully_jittered() const {
    return {formula::jittered_part, {*this}};
}

backoff_policy backoff_policy::at_least(duration least) const {
    return {formula::floored_part, *this, not_negative("least", least)};
}

backoff_policy backoff_policy::at_most(duration most) const {
    return {formula::capped_part, *this, not_negative("most", most)};
}

backoff_policy backoff_policy::until(duration limit) const {
    return {formula::part_until, *this, not_negative("limit", limit)};
}

backoff_policy backoff_policy::computed(wait_function wait) {
    if (!wait) throw std::invalid_argument("wait: must not be empty");
    backoff_policy policy(formula::computed, duration::zero(), duration::zero(), duration::zero());
    policy.wait_ = std::move(wait);
    return policy;
}

backoff_policy backoff_policy::retry_after_or(backoff_policy otherwise) {
    return {formula::retry_after, {std::move(otherwise)}};
}

backoff_policy backoff_policy::when_throttled(backoff_policy refused, backoff_policy otherwise) {
    return {formula::by_verdict, {std::move(refused), std::move(otherwise)}};
}

duration backoff_policy::next(unsigned failed_attempts, duration previous, random_source& random) const {
    retry_state state;
    state.attempts = failed_attempts;
    state.last_wait = previous;
    return next(state, random);
}

duration backoff_policy::next(const retry_state& state, random_source& random) const {
    if (kind_ == formula::computed) return std::max(wait_(state), duration::zero());
    if (!parts_.empty()) return next_of_parts(state, random);
    const unsigned failed_attempts = state.attempts;
    const double base = nanoseconds(base_);
    const double cap = nanoseconds(cap_);
    const double low = nanoseconds(min_);
    const double high = grown(base_, growth_, failed_attempts, cap_);
    switch (kind_) {
        case formula::uniform:
            return to_duration(random.uniform(base, cap));
        case formula::incrementing:
            return to_duration(std::min(cap, base + low * (std::max(failed_attempts, 1U) - 1)));
        case formula::exponential:
            return to_duration(std::max(low, high));
        case formula::fibonacci: {
            constexpr double unit = 1e9;
            return to_duration(std::min(cap, unit * fibonacci_number(failed_attempts, cap / unit)));
        }
        case formula::uniform_above_minimum:
            return to_duration(random.uniform(low, std::max(low, high)));
        case formula::exponential_jitter:
            return to_duration(std::min(cap, high + random.uniform(0, low)));
        case formula::full:
            return to_duration(random.uniform(0, high));
        case formula::equal:
            return to_duration(random.uniform(high / 2, high));
        case formula::decorrelated: {
            const double drawn = random.uniform(base, 3 * std::max(base, nanoseconds(state.last_wait)));
            return to_duration(std::min(cap, drawn));
        }
        case formula::openai:
            return to_duration(high * (1 - 0.25 * random.uniform()));
        default:
            return base_;
    }
}

duration backoff_policy::next_of_parts(const retry_state& state, random_source& random) const {
    switch (kind_) {
        case formula::chain:
            return parts_[std::clamp<std::size_t>(state.attempts, 1, parts_.size()) - 1].next(state, random);
        case formula::jittered_part:
            return to_duration(random.uniform(0, nanoseconds(parts_.front().next(state, random))));
        case formula::floored_part:
            return std::max(base_, parts_.front().next(state, random));
        case formula::capped_part:
            return std::min(base_, parts_.front().next(state, random));
        case formula::part_until:
            return std::min(std::max(base_ - state.elapsed, duration::zero()),
                            parts_.front().next(state, random));
        case formula::retry_after:
            return state.judged.retry_after ? *state.judged.retry_after : parts_.front().next(state, random);
        case formula::by_verdict:
            return parts_[state.judged.verdict == verdict::throttled ? 0 : 1].next(state, random);
        default: {
            double sum = 0;
            for (const backoff_policy& part : parts_) sum += nanoseconds(part.next(state, random));
            return to_duration(sum);
        }
    }
}

}  // namespace stagger
