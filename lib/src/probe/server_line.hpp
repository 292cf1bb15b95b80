#pragma once

#include <algorithm>
#include <cmath>
#include <optional>
#include <vector>

#include "probe/probe_answer.hpp"

namespace stagger::probe {

/// Requests that the server lets in and makes wait for each other.
struct server_line {
    double served_per_s = 0;  ///< how fast it moves
    double longest_s = 0;     ///< the longest answer took
    double alone_s = 0;       ///< the shortest time of one that has nobody before it
    double work_s = 0;        ///< how long these are worked on, on average

    /// One request is done sooner than the line moves by one: its pace is a limit, not work.
    bool is_paced() const { return served_per_s * alone_s < most_places; }
    /// About how many are worked on at once where it is not paced; the others stand behind them.
    double places() const { return std::max(1.0, std::round(served_per_s * work_s)); }

 private:
    // Of a server that works on one request at a time this would be 1; less than that is nobody's work.
    static constexpr double most_places = 0.7;
};

/// The line that requests sent together stood in, if their answers came evenly one after the other.
std::optional<server_line> find_line(const std::vector<probe_answer>& answers);

}  // namespace stagger::probe
