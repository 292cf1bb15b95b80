#include "pacing/measured/hint_gate.hpp"

#include <algorithm>

namespace stagger {

namespace {

// A request admitted in the last fifth may have been helped by rounding and by the way there and back.
constexpr double early_part = 0.8;
// After ten minutes the server may have been changed.
constexpr seconds ignore_for{600};
// A hint much longer than the refuted one speaks of something else.
constexpr double much_longer = 2;
constexpr seconds rounding_of_hints{0.1};
constexpr seconds longest_ignored{24 * 3600};
// Words whose ends differ by less say the same.
constexpr double clearly_less = 0.5;
constexpr seconds long_wait{60};

}  // namespace

bool hint_gate::announcement::well_before_end(time_point at) const {
    return seconds(at - rejected.at) < early_part * told.wait;
}

std::optional<hint_gate::word> hint_gate::believed_of(time_point now, const hints& said) const {
    if (!said.retry_after) return std::nullopt;
    const word first{said.retry_after_kind, seconds(*said.retry_after)};
    if (!said.otherwise) return first;
    const word other{said.otherwise->kind, seconds(said.otherwise->wait)};
    if (!as_end_.believes(other.kind) || ignored(other.kind).covers(now, other.wait)) return first;
    // What says the same is as wrong.
    const bool is_earlier = other.wait < clearly_less * first.wait;
    const bool is_later = first.wait < clearly_less * other.wait;
    if (ignored(first.kind).covers(now, first.wait)) return is_earlier ? other : first;
    return !as_end_.believes(first.kind) && (is_earlier || is_later) ? other : first;
}

// Its like may have been sent at the same time, and the answers of those that are admitted come later.
void hint_gate::refused(const departure& sent, const send_log& log) {
    if (!last_ || last_->is_judged || sent.at < opens_at_ || sent.number <= last_->rejected.number) return;
    last_->is_judged = true;
    const send_number before = sent.number - 1;
    const bool is_first = !log.remembers(before) || log[before].sent.at < opens_at_;
    if (!is_first) return;
    as_end_.proved_false(last_->told.kind);
    // Behind a short wait it may be another client's doing, who was there first.
    if (last_->told.wait >= long_wait) as_end_.proved_false(last_->told.kind);
}

bool hint_gate::announce(time_point now, const departure& rejected, const word& told, const send_log& log) {
    if (ignored(told.kind).covers(now, told.wait)) return false;
    last_ = announcement{rejected, told};
    for (send_number later = rejected.number + 1; log.remembers(later); ++later) {
        if (!last_->well_before_end(log[later].sent.at)) break;
        if (log[later].result == outcome::accepted) return true;
    }
    opens_at_ = std::max(opens_at_, after(now, told.wait));
    return false;
}

void hint_gate::admitted(const departure& sent) {
    if (!last_ || last_->is_judged || sent.number <= last_->rejected.number) return;
    if (last_->well_before_end(sent.at)) return;
    last_->is_judged = true;
    as_earliest_.proved_true(last_->told.kind);
    as_end_.proved_true(last_->told.kind);
}

void hint_gate::refute(time_point now) {
    if (last_) {
        refuted_last_ = last_->told.kind;
        // The first time for `ignore_for`.
        const double errors = 1 / as_earliest_.weight_of(refuted_last_);
        as_earliest_.proved_false(refuted_last_);
        ignored(refuted_last_) = {after(now, std::min(longest_ignored, errors * ignore_for)),
                                  much_longer * last_->told.wait + rounding_of_hints};
    }
    opens_at_ = time_point::min();
    last_.reset();
}

void hint_gate::trust_again() {
    ignored(refuted_last_).until = time_point::min();
    as_earliest_.proved_true(refuted_last_);
}

std::optional<time_point> hint_gate::trial_at(time_point now, seconds rtt) const {
    constexpr double latest_fraction = 0.5;
    // Where impatience is punished, a knock right after the rejection costs most.
    constexpr seconds patient_from{3};
    constexpr seconds least_patience{1};
    const seconds announced = opens_at_ - now;
    seconds wait = trial_fraction_ * announced;
    if (trial_fraction_ > latest_fraction || wait <= 2 * rtt) return std::nullopt;
    if (announced >= patient_from) wait = std::max(wait, least_patience);
    return after(now, wait);
}

}  // namespace stagger
