#include "report/figure_text.hpp"

#include <fmt/format.h>

#include <cmath>
#include <limits>

#include "terminal/plot_axis.hpp"

namespace app {

std::string amount_text(double value) {
    constexpr double four_digits = 1000;
    if (std::abs(value) >= four_digits) return tick_label(std::round(value));
    // What reads as a half is rounded up, as scripts do it, also where the binary number is a little less:
    // the charts beside the tables show the same figures.
    return fmt::format("{:.4g}", value * (1 + std::numeric_limits<double>::epsilon()));
}

std::string span_text(double ms) {
    constexpr double second = 1000;
    constexpr auto no_break_space = "\u00a0";
    if (ms >= second) return amount_text(ms / second) + no_break_space + "s";
    if (ms >= 1 || ms == 0) return amount_text(ms) + no_break_space + "ms";
    constexpr double us_per_ms = 1000;
    return amount_text(ms * us_per_ms) + no_break_space + "µs";
}

}  // namespace app
