#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <unordered_map>

#include "fairness/fair_line.hpp"
#include "stagger/time.hpp"

namespace stagger::gateway {

/** @brief The places of those who left the line unserved, for when they come again.
 *
 * A client that gives up and tries again sends the same bytes: by a hash of them its place is found. No
 * answer is shared, so that a false match costs nothing but order.
 */
class kept_places {
 public:
    void keep(std::uint64_t what, const fairness::fair_line::standing& where, time_point now);
    /// A place is given back once.
    std::optional<fairness::fair_line::standing> take(std::uint64_t what, time_point now);
    std::size_t size() const { return places_.size(); }

 private:
    struct kept {
        fairness::fair_line::standing where;
        time_point until;
    };
    void forget_old(time_point now);

    std::unordered_multimap<std::uint64_t, kept> places_;
    std::deque<std::pair<time_point, std::uint64_t>> ends_;
};

}  // namespace stagger::gateway
