#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

#include "stagger/time.hpp"

namespace stagger {

/** @brief What one attempt costs a limit.
 *
 * Its tokens are reserved when it is sent. What is only estimated follows what the server counted of earlier
 * attempts, also while the task waits, and is settled when its own count is known (`coordinator::accepted`):
 * what was not used is given back to the pace, what was used beyond it is charged.
 */
struct cost {
    double requests = 1;
    double tokens = 0;  ///< taken as they are: those of the prompt, where known, and what an answer may have
                        ///< at most, which providers charge whether it is used or not
    double prompt_tokens = 0;  ///< besides, those of the prompt where they are estimated by its length
    double open_answers = 0;   ///< besides, answers whose length nothing bounds: the usual one is reserved

    bool is_estimated() const { return prompt_tokens > 0 || open_answers > 0; }
    /// Every member is to be a finite number >= 0. @throws std::invalid_argument naming the one that is not
    void validate() const;
    friend bool operator==(const cost&, const cost&) = default;
};

/// One dimension of a provider's rate-limit headers, as the header values say, relative to their arrival.
struct limit_hint {
    std::optional<double> limit;
    std::optional<double> remaining;
    std::optional<duration> reset;
    friend bool operator==(const limit_hint&, const limit_hint&) = default;
};

/// Where a server's word of when it admits again stands. Each kind is believed as far as it proved true.
enum class opening_hint : std::uint8_t {
    retry_after,     ///< the header of that name
    retry_after_ms,  ///< retry-after-ms, x-amz-retry-after
    body,            ///< of the error: Google's RetryInfo
    quota,           ///< when a quota is filled again that the error names, by the calendar
};
inline constexpr std::array opening_hints{opening_hint::retry_after, opening_hint::retry_after_ms,
                                          opening_hint::body, opening_hint::quota};
std::string_view to_string(opening_hint kind);

/// A refusal's further word of when the server admits again, by another kind than the first.
struct other_opening {
    opening_hint kind = opening_hint::retry_after;
    duration wait{0};
    friend bool operator==(const other_opening&, const other_opening&) = default;
};

/// What an answer tells about the limit. Hints are believed only while they prove true.
struct hints {
    /// The server admits nothing before: of several such words the one that is the most to be relied on.
    std::optional<duration> retry_after;
    limit_hint requests;
    limit_hint tokens;
    /// Of a refusal: the server speaks of its own load (503, 529, `errc::overloaded`), not of what this
    /// client may ask. Such refusals often come whatever the pace, so they are weighed apart from the others.
    bool overloaded = false;
    /// Of which kind `retry_after` is.
    opening_hint retry_after_kind = opening_hint::retry_after;
    /// Counts where that kind has proved false.
    std::optional<other_opening> otherwise = std::nullopt;
    friend bool operator==(const hints&, const hints&) = default;
};

}  // namespace stagger
