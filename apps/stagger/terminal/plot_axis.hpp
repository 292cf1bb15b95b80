#pragma once

#include <string>
#include <vector>

namespace app {

/// A linear axis from 0, with ticks at round numbers.
class plot_axis {
 public:
    /// @param end the largest value to show, > 0
    /// @param pixels its length
    /// @param most_ticks beside the one at 0, from 1
    plot_axis(double end, double pixels, unsigned most_ticks);
    /// The same, with an end that is moved up to the next tick.
    static plot_axis up_to_a_tick(double end, double pixels, unsigned most_ticks);

    /// Where a value stands, in pixels from the axis's beginning; values beyond the end stand at the end.
    double pixels(double value) const;
    double end() const { return end_; }
    /// Multiples of 1, 2 or 5 times a power of ten, 0 included.
    std::vector<double> ticks() const;

 private:
    double end_;
    double length_;
    double step_;
};

/// A tick's value for people: "1,500", "0.25".
std::string tick_label(double value);

}  // namespace app
