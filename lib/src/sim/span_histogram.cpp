#include "sim/span_histogram.hpp"

#include <algorithm>
#include <cmath>

namespace stagger::sim {

void span_histogram::add(duration span) {
    const double steps = std::log(std::max(to_seconds(span), shortest_s) / shortest_s) / std::log(growth);
    ++counts_[std::min(buckets - 1, static_cast<std::size_t>(steps))];
    ++total_;
}

double span_histogram::quantile_s(double share) const {
    const double wanted = share * static_cast<double>(total_);
    double seen = 0;
    for (std::size_t each = 0; each < buckets && total_ > 0; ++each) {
        seen += static_cast<double>(counts_[each]);
        if (seen >= wanted) return shortest_s * std::pow(growth, static_cast<double>(each) + 0.5);
    }
    return 0;
}

}  // namespace stagger::sim
