#include "stall.hpp"

#include "batch/endpoint_watch.hpp"
#include "closing.hpp"
#include "stagger/error.hpp"
#include "terminal/duration_text.hpp"

namespace app {
namespace {

// What stands still for some seconds every minute is news once.
constexpr auto quiet_time = std::chrono::minutes(10);
// A batch to which nothing is ever answered ends by itself, and says why.
constexpr auto until_unreachable = stagger::batch::endpoint_watch::patience + std::chrono::seconds(1);

}  // namespace

void stall_watch::attempt_ended(const stagger::attempt_events::done& attempt) {
    if (!attempt.was_admitted || !attempt.info.last_error) return;
    words_ = attempt.info.message;
    if (attempt.info.last_error == stagger::condition::throttled) refusal_ = attempt.info.message;
}

// What is in flight may have been admitted long ago: where nothing was turned away, a slow server is at work.
std::optional<stall> stall_watch::look(stagger::time_point now, const stagger::coordinator_status& seen) {
    const std::uint64_t turned_away = seen.throttled + seen.failed;
    const bool idle = seen.waiting == 0 && seen.in_flight == 0;
    if (idle || !since_ || seen.accepted != accepted_) {
        since_ = now;
        accepted_ = seen.accepted;
        turned_away_ = turned_away;
    }
    const bool never_answered = seen.accepted + seen.throttled == 0;
    const stagger::duration patience = never_answered ? stagger::duration(until_unreachable) : a_few_seconds;
    if (turned_away == turned_away_ || now - *since_ <= patience) return std::nullopt;
    return stall{now - *since_, words_};
}

std::optional<stall_watch::news> stall_watch::tell(stagger::time_point now,
                                                   const std::optional<stall>& current) {
    if (!current) {
        said_this_one_ = false;
        return std::nullopt;
    }
    const bool long_enough = current->lasts >= told_every && (!said_at_ || now - *said_at_ >= told_every);
    const bool first = !said_this_one_ && !(quiet_until_ && now < *quiet_until_);
    if (!first && !long_enough) return std::nullopt;
    said_at_ = now;
    quiet_until_ = stagger::saturating_add(now, quiet_time);
    const bool again = said_this_one_;
    said_this_one_ = true;
    return news{stall_text(*current), again};
}

std::optional<std::string> stall_watch::tell_refused_kind(stagger::time_point now,
                                                          const stagger::coordinator_status& seen) {
    if (seen.kind_refused == 0) {
        kind_refused_since_.reset();
        return std::nullopt;
    }
    if (!kind_refused_since_) kind_refused_since_ = now;
    if (kind_said_ || now - *kind_refused_since_ <= a_few_seconds) return std::nullopt;
    kind_said_ = true;
    return std::to_string(seen.kind_refused) +
           " prompts wait, since all of their model or key is refused while others are admitted" +
           in_its_words(refusal_);
}

std::string stall_text(const stall& one) {
    const auto whole_s = std::chrono::floor<std::chrono::seconds>(one.lasts);
    return "nothing was admitted for " + span_text(whole_s) + in_its_words(one.words);
}

}  // namespace app
