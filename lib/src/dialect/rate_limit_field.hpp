#pragma once

#include <optional>
#include <string_view>
#include <vector>

namespace stagger::wire {

struct quota_state {
    std::optional<double> limit;
    std::optional<double> remaining;
    std::optional<double> reset_s;
};

/// The tightest quota of each dimension. A quota counts tokens if its name says so.
struct quota_states {
    quota_state requests;
    quota_state tokens;
};

/** Reads the values of RateLimit and RateLimit-Policy fields (draft-ietf-httpapi-ratelimit-headers).
 *
 * Draft 7: `limit=20, remaining=19, reset=2`. Draft 8 and later: `"name"; r=19; t=2`, with `"name"; q=20;
 * w=2` as the policy of the same name; a policy whose unit (`qu`) is not requests is left out.
 */
quota_states read_rate_limit_fields(const std::vector<std::string_view>& rate_limit,
                                    const std::vector<std::string_view>& policies);

}  // namespace stagger::wire
