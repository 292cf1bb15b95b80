#include "provider/faults.hpp"

#include <algorithm>
#include <utility>

namespace stagger::provider {

faults::faults(faults_description description, std::uint64_t seed, time_point origin)
    : description_(std::move(description)), random_(seed), origin_(origin) {
    std::sort(description_.outages.begin(), description_.outages.end(),
              [](const outage& a, const outage& b) { return a.from < b.from; });
}

time_point faults::outage_end(time_point now) const {
    for (const outage& each : description_.outages) {
        if (now >= origin_ + each.from && now < origin_ + each.to) now = origin_ + each.to;
    }
    return now;
}

std::optional<unsigned> faults::strike(time_point now) {
    for (const outage& each : description_.outages) {
        if (now >= origin_ + each.from && now < origin_ + each.to) return each.status;
    }
    // Drawn only where errors are asked for, so that adding an outage does not change who is hit.
    if (description_.error_rate > 0 && random_.uniform() < description_.error_rate) {
        return description_.error_status;
    }
    return std::nullopt;
}

}  // namespace stagger::provider
