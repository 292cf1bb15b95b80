#pragma once

#include <cstddef>
#include <optional>
#include <vector>

#include "stagger/time.hpp"

namespace stagger::gateway {

/// How long the last thousand calls have waited.
class recent_waits {
 public:
    void add(duration one);
    /// The least wait that a share of them did not exceed; nothing as long as there are none.
    /// @param share 0 to 1
    std::optional<duration> quantile(double share) const;

 private:
    std::vector<duration> last_;
    std::size_t next_ = 0;
};

}  // namespace stagger::gateway
