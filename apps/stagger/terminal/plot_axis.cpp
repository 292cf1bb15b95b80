#include "plot_axis.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace app {
namespace {

// Far above the rounding errors of a few operations, far below a pixel.
constexpr double tolerance = 1e-9;

double round_step(double least) {
    const double power = std::pow(10, std::floor(std::log10(least)));
    for (const double factor : {1.0, 2.0, 5.0}) {
        if (factor * power >= least * (1 - tolerance)) return factor * power;
    }
    return 10 * power;
}

}  // namespace

plot_axis::plot_axis(double end, double pixels, unsigned most_ticks)
    : end_(end), length_(pixels), step_(round_step(end / most_ticks)) {}

plot_axis plot_axis::up_to_a_tick(double end, double pixels, unsigned most_ticks) {
    plot_axis axis(end, pixels, most_ticks);
    axis.end_ = std::ceil(end / axis.step_ * (1 - tolerance)) * axis.step_;
    return axis;
}

double plot_axis::pixels(double value) const {
    return std::clamp(value / end_, 0.0, 1.0) * length_;
}

std::vector<double> plot_axis::ticks() const {
    std::vector<double> all;
    const auto last = static_cast<unsigned>(std::floor(end_ / step_ * (1 + tolerance)));
    for (unsigned each = 0; each <= last; ++each) all.push_back(each * step_);
    return all;
}

std::string tick_label(double value) {
    if (value != std::floor(value)) return fmt::format("{:.6g}", value);
    const std::string digits = fmt::format("{:.0f}", value);
    std::string label;
    for (std::size_t each = 0; each < digits.size(); ++each) {
        if (each > 0 && (digits.size() - each) % 3 == 0) label += ',';
        label += digits[each];
    }
    return label;
}

}  // namespace app
