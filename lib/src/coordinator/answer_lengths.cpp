#include "coordinator/answer_lengths.hpp"

#include <algorithm>
#include <cmath>

namespace stagger {

void answer_lengths::note(double tokens) {
    static const double longest = std::exp2((bins - 1) / bins_per_doubling);
    const double length = std::clamp(tokens, 1.0, longest);
    const double bin = std::ceil(bins_per_doubling * std::log2(length));
    weights_[std::min(static_cast<std::size_t>(bin), bins - 1)] += next_weight_;
    weight_ += next_weight_;
    sum_ += next_weight_ * std::clamp(tokens, 0.0, longest);
    next_weight_ *= remembered / (remembered - 1);
    if (constexpr double large = 1e100; next_weight_ > large) rescale();
}

void answer_lengths::rescale() {
    for (double& each : weights_) each /= next_weight_;
    weight_ /= next_weight_;
    sum_ /= next_weight_;
    next_weight_ = 1;
}

double answer_lengths::quantile(double share) const {
    double below = 0;
    std::size_t bin = 0;
    for (; bin + 1 < bins; ++bin) {
        below += weights_[bin];
        if (below >= share * weight_) break;
    }
    return std::exp2(static_cast<double>(bin) / bins_per_doubling);
}

}  // namespace stagger
