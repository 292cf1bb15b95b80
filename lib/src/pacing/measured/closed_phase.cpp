#include "pacing/measured/closed_phase.hpp"

#include <algorithm>

namespace stagger {

namespace {

constexpr seconds longest_gap{2};
constexpr double longest_gap_of_closed = 0.05;
// Who says a minute of what takes a day is asked fifty times in it.
constexpr double longest_part_where_told_wrong = 0.25;
constexpr seconds longest_gap_where_told_wrong{3600};
constexpr double gap_growth = 1.6;
// While a penalty for impatience is possible, longer silences are tried sooner.
constexpr double gap_growth_by_silence = 2;
constexpr seconds doubling_from{0.7};
constexpr seconds longest_silence_tried{6.4};
constexpr double longest_silence_of_closed = 0.125;
constexpr double gap_jitter = 0.1;

}  // namespace

time_point closed_phase::next_probe(time_point gate) const {
    if (probe_) return never;
    return trial_at_ ? *trial_at_ : std::max(gate, probe_at_);
}

void closed_phase::sent(const departure& sent, seconds silence) {
    probe_ = probe{sent, silence, trial_at_.has_value()};
    trial_at_.reset();
}

void closed_phase::rejected(time_point now, seconds rtt, bool waits_by_silence) {
    const probe failed = *probe_;
    probe_.reset();
    last_rejected_ = failed.sent.at;
    any_probe_rejected_ = true;
    if (failed.trial) return;
    longest_failed_silence_ = std::max(longest_failed_silence_, failed.silence);
    if (first_completion_ && failed.sent.at > *first_completion_) failed_after_completion_ = true;

    const seconds closed = now - since_;
    seconds cap = std::max(longest_gap, longest_gap_of_closed * closed);
    if (told_wrong_) {
        cap = std::max(cap, std::min(longest_gap_where_told_wrong, longest_part_where_told_wrong * closed));
    }
    const bool doubling = waits_by_silence && gap_ > doubling_from;
    gap_ = std::max(gap_, rtt) * (doubling ? gap_growth_by_silence : gap_growth);
    if (gap_ <= cap) return;
    const seconds longer = 2 * longest_failed_silence_;
    const bool worth_it =
        longer > cap && longer <= std::max(longest_silence_tried, longest_silence_of_closed * closed);
    gap_ = waits_by_silence && worth_it ? longer : cap;
}

void closed_phase::distrust(seconds told) {
    told_wrong_ = true;
    gap_ = std::max(gap_, told);
}

void closed_phase::schedule(time_point now, random_source& random) {
    probe_at_ = after(now, gap_ * random.uniform(1 - gap_jitter, 1 + gap_jitter));
}

}  // namespace stagger
