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

double doubled(duration base, unsigned failed_attempts, duration cap) {
    const auto exponent = static_cast<int>(std::min(failed_attempts, 2000U)) - 1;
    return std::min(std::ldexp(nanoseconds(base), std::max(exponent, 0)), nanoseconds(cap));
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

}  // namespace

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

backoff_policy backoff_policy::exponential(duration multiplier, duration max, duration min) {
    return {formula::exponential, not_negative("multiplier", multiplier), not_negative("max", max),
            not_negative("min", min)};
}

backoff_policy backoff_policy::fibonacci(duration max) {
    return {formula::fibonacci, duration::zero(), not_negative("max", max), duration::zero()};
}

backoff_policy backoff_policy::exponential_jitter(duration initial, duration max, duration jitter) {
    return {formula::exponential_jitter, not_negative("initial", initial), not_negative("max", max),
            not_negative("jitter", jitter)};
}

backoff_policy backoff_policy::random_exponential(duration multiplier, duration max, duration min) {
    return {formula::uniform_above_minimum, not_negative("multiplier", multiplier), not_negative("max", max),
            not_negative("min", min)};
}

backoff_policy backoff_policy::expo_full_jitter(duration factor, duration max) {
    return {formula::full, not_negative("factor", factor), not_negative("max", max), duration::zero()};
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

duration backoff_policy::next(unsigned failed_attempts, duration previous, random_source& random) const {
    if (!parts_.empty()) return next_of_parts(failed_attempts, previous, random);
    const double base = nanoseconds(base_);
    const double cap = nanoseconds(cap_);
    const double low = nanoseconds(min_);
    const double high = doubled(base_, failed_attempts, cap_);
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
            const double drawn = random.uniform(base, 3 * std::max(base, nanoseconds(previous)));
            return to_duration(std::min(cap, drawn));
        }
        case formula::openai:
            return to_duration(high * (1 - 0.25 * random.uniform()));
        default:
            return base_;
    }
}

duration backoff_policy::next_of_parts(unsigned failed_attempts, duration previous,
                                       random_source& random) const {
    const auto wait_of = [&](const backoff_policy& part) {
        return part.next(failed_attempts, previous, random);
    };
    if (kind_ == formula::chain) {
        return wait_of(parts_[std::clamp<std::size_t>(failed_attempts, 1, parts_.size()) - 1]);
    }
    if (kind_ == formula::jittered_part) {
        return to_duration(random.uniform(0, nanoseconds(wait_of(parts_.front()))));
    }
    double sum = 0;
    for (const backoff_policy& part : parts_) sum += nanoseconds(wait_of(part));
    return to_duration(sum);
}

}  // namespace stagger
