#include "stagger/backoff_policy.hpp"

#include <algorithm>
#include <cmath>
#include <stdexcept>
#include <string>
#include <string_view>

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

backoff_policy backoff_policy::exponential(duration multiplier, duration max) {
    return {formula::exponential, not_negative("multiplier", multiplier), not_negative("max", max),
            duration::zero()};
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

duration backoff_policy::next(unsigned failed_attempts, duration previous, random_source& random) const {
    const double high = doubled(base_, failed_attempts, cap_);
    switch (kind_) {
        case formula::constant:
            return base_;
        case formula::exponential:
            return to_duration(high);
        case formula::uniform_above_minimum: {
            const double low = nanoseconds(min_);
            return to_duration(random.uniform(low, std::max(low, high)));
        }
        case formula::full:
            return to_duration(random.uniform(0, high));
        case formula::equal:
            return to_duration(random.uniform(high / 2, high));
        case formula::decorrelated: {
            const double low = nanoseconds(base_);
            const double drawn = random.uniform(low, 3 * std::max(low, nanoseconds(previous)));
            return to_duration(std::min(nanoseconds(cap_), drawn));
        }
        case formula::openai:
            return to_duration(high * (1 - 0.25 * random.uniform()));
    }
    return base_;
}

}  // namespace stagger
