#pragma once

#include <array>
#include <cstddef>

#include "stagger/time.hpp"

namespace stagger::gateway {

/// How long answers have taken lately, from sending to the head.
class service_times {
 public:
    void add(duration one);
    /// Nine of ten of the last hundred took no longer; zero as long as there are none.
    duration p90() const;

 private:
    static constexpr std::size_t most = 100;
    std::array<duration, most> last_{};
    std::size_t count_ = 0;
    mutable duration known_{0};
    mutable bool stale_ = false;
};

}  // namespace stagger::gateway
