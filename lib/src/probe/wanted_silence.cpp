#include "probe/wanted_silence.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace stagger::probe {

wanted_silence find_wanted_silence(const limit_evidence& evidence) {
    constexpr double nothing_follows = std::numeric_limits<double>::infinity();
    wanted_silence found{0, std::numeric_limits<double>::infinity(), 2 * evidence.slack_s};
    std::size_t next = 0;  // admitted after the refusal that is looked at
    for (std::size_t each = 0; each < evidence.refused_at_s.size(); ++each) {
        const double refused_s = evidence.refused_at_s[each];
        const double following_s =
            each + 1 < evidence.refused_at_s.size() ? evidence.refused_at_s[each + 1] : nothing_follows;
        while (next < evidence.admitted.size() &&
               evidence.admitted[next].at_s <= refused_s + evidence.slack_s) {
            ++next;
        }
        if (next < evidence.admitted.size() && evidence.admitted[next].at_s < following_s) {
            found.shortest_rewarded_s =
                std::min(found.shortest_rewarded_s, evidence.admitted[next].at_s - refused_s);
        } else if (std::isfinite(following_s)) {
            found.longest_in_vain_s = std::max(found.longest_in_vain_s, following_s - refused_s);
        }
    }
    return found;
}

}  // namespace stagger::probe
