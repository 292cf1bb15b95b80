#include "closing.hpp"

#include <algorithm>

#include "stagger/error.hpp"

namespace app {
namespace {

// Hints are rounded: what ends a little later is the same closing.
constexpr double like = 0.05;
// A limit by the minute closes every minute.
constexpr auto quiet_time = std::chrono::minutes(10);

stagger::duration share_of(double part, stagger::duration whole) {
    return stagger::from_seconds(part * stagger::to_seconds(whole));
}

}  // namespace

void closing_watch::attempt_ended(stagger::time_point now, const stagger::attempt_events::done& attempt) {
    if (!attempt.was_admitted || attempt.info.last_error != stagger::condition::throttled) return;
    words_ = attempt.info.message;
    if (!attempt.said.retry_after) return;
    const auto wait = attempt.hint_cut_to.value_or(*attempt.said.retry_after);
    const stagger::time_point until = stagger::saturating_add(now, wait);
    told_until_ = told_until_ ? std::max(*told_until_, until) : until;
}

std::optional<closing> closing_watch::look(stagger::time_point now,
                                           const stagger::coordinator_status& seen) const {
    if (seen.opens_at > now) return closing{*seen.opens_at, words_};
    // A strategy that closes nothing lets each task wait for what it was told.
    const auto all_wait = seen.all_wait_until;
    if (!told_until_ || !all_wait || *all_wait <= now || *all_wait > *told_until_) return std::nullopt;
    return closing{*all_wait, words_};
}

std::optional<closing_watch::news> closing_watch::tell(stagger::time_point now,
                                                       const std::optional<closing>& current,
                                                       const wall_clock& clock) {
    if (!current) {
        const bool early = said_until_ && *said_until_ - now > a_few_seconds;
        said_until_.reset();
        if (!early) return std::nullopt;
        quiet_until_.reset();
        return news{"the server admits again, earlier than it has said", !was_shown_};
    }
    const stagger::duration length = current->opens_at - now;
    if (said_until_) {
        const auto later = current->opens_at - *said_until_;
        if (later <= std::max<stagger::duration>(a_few_seconds, share_of(like, length))) return std::nullopt;
    } else if (length <= a_few_seconds) {
        return std::nullopt;
    }
    const bool repeats =
        quiet_until_ && now < *quiet_until_ && length <= longest_said_ + share_of(like, longest_said_);
    said_until_ = current->opens_at;
    was_shown_ = !repeats;
    if (!repeats) {
        quiet_until_ = stagger::saturating_add(now, quiet_time);
        longest_said_ = length;
    }
    return news{closing_text(*current, now, clock), repeats};
}

std::string closing_text(const closing& one, stagger::time_point now, const wall_clock& clock) {
    return "nothing is admitted " + until_text(one.opens_at - now, clock) + in_its_words(one.words);
}

std::string in_its_words(const std::string& words) {
    return words.empty() ? "" : ": \"" + words + "\"";
}

}  // namespace app
