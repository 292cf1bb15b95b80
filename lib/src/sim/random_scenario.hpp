#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

#include "provider/description.hpp"

namespace stagger::sim {

enum class random_kind {
    token_bucket,     ///< 1 to 500 requests a second, 1 to 2 s worth of burst
    window,           ///< fixed or sliding, 20 to 5000 requests in 1 to 60 s
    concurrency,      ///< 2 to 256 requests in flight
    adverse,          ///< everything that a provider can do, several things at once; short
    fixed_window,     ///< half of what `window` draws
    sliding_window,   ///< the other half
    overload,         ///< 1 to 30 % of the answers are 429, 503 or 529 whatever the load; no limit
    overload_bucket,  ///< the same, and what `token_bucket` draws
    closed_at_start,  ///< refuses everything for 1 to 60 s, then has no limit or what `token_bucket` draws
    dip,            ///< what `token_bucket` draws; its rate falls to 5 to 50 % for 10 to 60 s and comes back
    late_refusals,  ///< what `token_bucket` draws; a refusal is told after 1 to 10 s only
    closing_connections,  ///< what `token_bucket` draws; instead of refusing it closes the connection
    poisoned_prompt,  ///< 1 to 3 requests are refused for ever, with no limit or what `token_bucket` draws
};
std::string_view to_string(random_kind kind);

inline constexpr std::array random_kinds{random_kind::token_bucket,    random_kind::window,
                                         random_kind::concurrency,     random_kind::adverse,
                                         random_kind::fixed_window,    random_kind::sliding_window,
                                         random_kind::overload,        random_kind::overload_bucket,
                                         random_kind::closed_at_start, random_kind::dip,
                                         random_kind::late_refusals,   random_kind::closing_connections,
                                         random_kind::poisoned_prompt};

/// The kinds of limit in which an efficiency means something: one limit, which binds.
inline constexpr std::array measured_kinds{random_kind::token_bucket, random_kind::window,
                                           random_kind::concurrency};

/// The kinds in which a refusal is no limit, or none that stays, and those in which it does not look like
/// one. A policy is compared with others there, since an efficiency would speak of the refusals' luck.
inline constexpr std::array refusal_kinds{random_kind::overload,        random_kind::overload_bucket,
                                          random_kind::closed_at_start, random_kind::dip,
                                          random_kind::late_refusals,   random_kind::closing_connections,
                                          random_kind::poisoned_prompt};

/// Those of them in which refusals are told as such, at once, and to everybody.
inline constexpr std::array plain_refusal_kinds{random_kind::overload, random_kind::overload_bucket,
                                                random_kind::closed_at_start, random_kind::dip};

/** @brief A scenario drawn from a seed, named after both: "token_bucket-17".
 *
 * The measured kinds have one client with 300 to 20,000 requests, 64 to 4096 of them in flight at most, 0.2
 * to 20 s of lognormal service and 1 to 300 ms of round trip, one in four with hints. Draws in which the
 * limit hardly matters are drawn again: by the limit alone the job takes at least three times as long as by
 * its latency.
 *
 * The refusal kinds have the same client, service and round trip, with the limit that their name says, and
 * nothing is drawn again but a bucket that hardly matters, and a dip that the job does not outlast by a
 * tenth of its requests. A dip begins when a fifth to three fifths of the job's time are over.
 *
 * The kinds' shape is fixed, so that a policy that was improved with some seeds can be judged by others.
 */
provider::scenario random_scenario(random_kind kind, std::uint64_t seed);

/// The scenario of that name, if it is one that `random_scenario` gives.
std::optional<provider::scenario> find_random_scenario(std::string_view name);

}  // namespace stagger::sim
