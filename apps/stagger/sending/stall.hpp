#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "stagger/coordinator.hpp"
#include "stagger/observer.hpp"

namespace app {

/// Nothing is admitted though something was tried, whether the server has said until when or not.
struct stall {
    stagger::duration lasts{0};
    std::string words;  ///< of the last refusal or failure; may be empty
};

/** @brief Notices that a run stands still, and says when that is to be told, and of a model that is refused.
 *
 * Each stall is told once, and where nobody sees a display, now and then as long as it lasts.
 */
class stall_watch {
 public:
    static constexpr stagger::duration told_every = std::chrono::seconds(30);

    void attempt_ended(const stagger::attempt_events::done& attempt);
    /// The stall that holds, once it is longer than a few seconds.
    std::optional<stall> look(stagger::time_point now, const stagger::coordinator_status& seen);

    struct news {
        std::string text;  ///< a sentence
        bool again;        ///< the same was said before
    };
    /// What is to be said of it now.
    std::optional<news> tell(stagger::time_point now, const std::optional<stall>& current);
    /// The same of prompts whose model or key is refused while others are admitted: once.
    std::optional<std::string> tell_refused_kind(stagger::time_point now,
                                                 const stagger::coordinator_status& seen);

 private:
    std::string words_;
    std::string refusal_;                       // the last that was one of a limit
    std::optional<stagger::time_point> since_;  // the last admission, or the last time that nobody waited
    std::optional<stagger::time_point> kind_refused_since_;
    std::optional<stagger::time_point> said_at_;
    std::optional<stagger::time_point> quiet_until_;
    std::uint64_t accepted_ = 0;
    std::uint64_t turned_away_ = 0;  // until `since_`
    bool said_this_one_ = false;
    bool kind_said_ = false;
};

/// "nothing was admitted for 30 s: \"the server's words\""
std::string stall_text(const stall& one);

}  // namespace app
