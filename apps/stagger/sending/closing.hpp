#pragma once

#include <optional>
#include <string>

#include "stagger/coordinator.hpp"
#include "stagger/observer.hpp"
#include "terminal/wall_clock.hpp"

namespace app {

/// A closing no longer than this is over before it is read.
inline constexpr auto a_few_seconds = std::chrono::seconds(5);

/// The server has said that it admits nothing for a while.
struct closing {
    stagger::time_point opens_at;
    std::string words;  ///< the server's, of its last refusal; may be empty
};

/** @brief Puts together what a run is told of closings: when one ends, and in whose words.
 *
 * Asked often, it says each of them once.
 */
class closing_watch {
 public:
    /// An attempt has ended.
    void attempt_ended(stagger::time_point now, const stagger::attempt_events::done& attempt);
    /// The closing that holds, if one does.
    std::optional<closing> look(stagger::time_point now, const stagger::coordinator_status& seen) const;
    /// The latest that any attempt was told to wait, whatever became of its request.
    std::optional<stagger::time_point> told_until() const { return told_until_; }
    /// The server's words of its last refusal; may be empty.
    const std::string& words() const { return words_; }

    struct news {
        std::string text;  ///< a sentence
        bool repeats;      ///< much like what was said minutes ago
    };
    /// What is to be said now: a closing that is not a matter of seconds, or that it ended before its time.
    std::optional<news> tell(stagger::time_point now, const std::optional<closing>& current,
                             const wall_clock& clock);

 private:
    std::string words_;
    std::optional<stagger::time_point> told_until_;  // the latest that any attempt was told
    std::optional<stagger::time_point> said_until_;  // of the closing that was said
    bool was_shown_ = false;                         // not as a repetition
    std::optional<stagger::time_point> quiet_until_;
    stagger::duration longest_said_{0};
};

/// "nothing is admitted until 14:05:12 (13:05:12 UTC), in 59 min: \"the server's words\""
std::string closing_text(const closing& one, stagger::time_point now, const wall_clock& clock);

/// ": \"words\""; nothing for none.
std::string in_its_words(const std::string& words);

}  // namespace app
