#include "probe/probe_advice.hpp"

#include <cmath>

namespace stagger::probe {
namespace {

// Beyond it the low end is less than half of the middle: a batch that is told nothing is soon faster.
constexpr double usable_uncertainty = 0.5;

/// In three digits, rounded down.
probe_advice at_rate(double per_s) {
    const double per_minute = 60 * per_s;
    if (!(per_minute > 0)) return {};
    const double digit = std::pow(10, std::floor(std::log10(per_minute)) - 2);
    return {std::floor(per_minute / digit) * digit, 0};
}

}  // namespace

probe_advice advise(const probe_findings& found) {
    if (!found.has_limit()) return {};
    if (found.is_sure() && found.verdict == probe_verdict::concurrency)
        return {0, static_cast<std::size_t>(found.limit.capacity.best)};
    if (found.explains_answers() && found.rate_per_s().uncertainty() > usable_uncertainty) return {};
    // Just below the low end: what is a little too fast is refused again and again, and the end itself is
    // known as closely only as requests keep to their times.
    constexpr double margin = 0.99;
    return at_rate(margin * (found.is_sure() ? found.rate_per_s().low : found.cautious_per_s));
}

}  // namespace stagger::probe
