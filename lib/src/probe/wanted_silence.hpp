#pragma once

#include "probe/limit_evidence.hpp"

namespace stagger::probe {

/// How long nobody had asked when something was admitted again, and when it was not.
struct wanted_silence {
    double longest_in_vain_s = 0;    ///< from a refused request to the next one, which was refused, too
    double shortest_rewarded_s = 0;  ///< to the next one, which was admitted; infinite where none was
    double slack_s = 0;

    /// Whether a server that admits nothing until nobody has asked for a while explains every opening: no
    /// request was admitted sooner after a refused one than others were refused after one.
    bool is_possible() const { return longest_in_vain_s <= shortest_rewarded_s + slack_s; }
};

wanted_silence find_wanted_silence(const limit_evidence& evidence);

}  // namespace stagger::probe
