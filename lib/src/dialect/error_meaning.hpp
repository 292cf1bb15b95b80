#pragma once

#include <optional>

#include "dialect/error_body.hpp"

namespace stagger::wire {

/// What an error says of itself by the names in it, whatever the status that it came with.
struct named_meaning {
    enum class kind {
        none,         ///< nothing that is known here
        throttled,    ///< a limit refuses for now
        overloaded,   ///< the server, or what is behind it, can take no more for now
        exhausted,    ///< a quota is used up: waiting helps only until `opens_at`, where there is one
        key_refused,  ///< the key is not accepted
    };
    kind what = kind::none;
    std::optional<double> opens_at;  ///< seconds since 1970: when a quota is filled again, as is known of it
};

/** @brief Reads the names of an error, and of those that Anthropic does not name, the words.
 *
 * @param unix_now seconds since 1970, for quotas by the day and the month
 */
named_meaning meaning_of_names(const error_body& error, double unix_now);

/// The same of an error inside an answer of status 200, whose code may be what would have been the status.
named_meaning meaning_inside_answer(const error_body& error, double unix_now);

}  // namespace stagger::wire
