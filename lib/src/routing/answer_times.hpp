#pragma once

#include <array>
#include <cstddef>
#include <optional>

#include "stagger/time.hpp"

namespace stagger::routing {

/// How long one route's answers have taken lately.
class answer_times {
 public:
    void add(duration one);
    /// Of the last ones; none as long as there were too few to speak of.
    std::optional<duration> median() const;
    /// 99 of 100 of the last ones took no longer.
    std::optional<duration> p99() const;

 private:
    static constexpr std::size_t most = 200;
    static constexpr std::size_t fewest = 10;

    std::array<duration, most> last_{};    // in the order in which they came, as a ring
    std::array<duration, most> sorted_{};  // the same
    std::size_t known_ = 0;
    std::size_t oldest_ = 0;
};

}  // namespace stagger::routing
