#pragma once

#include <optional>

#include "provider/description.hpp"
#include "stagger/random.hpp"

namespace stagger::provider {

/// Random errors and outages.
class faults {
 public:
    faults(faults_description description, std::uint64_t seed, time_point origin);

    /// The status of the failure that meets a request now; nothing if none does.
    std::optional<unsigned> strike(time_point now);
    /// The end of the outage that `now` falls into, and of those that follow it without a gap; else `now`.
    time_point outage_end(time_point now) const;

 private:
    faults_description description_;
    random_source random_;
    time_point origin_;
};

}  // namespace stagger::provider
