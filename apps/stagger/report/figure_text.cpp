#include "report/figure_text.hpp"

#include <fmt/format.h>

#include <cmath>

#include "plot_axis.hpp"

namespace app {

std::string amount_text(double value) {
    constexpr double four_digits = 1000;
    return std::abs(value) >= four_digits ? tick_label(std::round(value)) : fmt::format("{:.4g}", value);
}

std::string span_text(double ms) {
    constexpr double second = 1000;
    return ms < second ? amount_text(ms) + " ms" : amount_text(ms / second) + " s";
}

}  // namespace app
