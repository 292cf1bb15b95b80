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

    void look() const;

    std::array<duration, most> last_{};
    std::size_t count_ = 0;
    mutable std::size_t looked_at_ = 0;  // `count_` when the two below were computed
    mutable duration median_{0};
    mutable duration p99_{0};
};

}  // namespace stagger::routing
