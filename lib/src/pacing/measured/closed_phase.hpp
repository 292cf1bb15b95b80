#pragma once

#include <optional>

#include "pacing/measured/round_trip.hpp"
#include "pacing/measured/send_log.hpp"
#include "stagger/random.hpp"

namespace stagger {

/** @brief One time in which nothing is admitted: when to probe, and what the probes have shown.
 *
 * One request at a time is sent to see whether the server admits again; everybody else waits. Each probe that
 * is rejected makes the next gap longer, up to two seconds or a small part of the time already closed. Where
 * an end is announced or expected, the first probe waits for it. A probe that has not been rejected when a
 * rejection should have come back counts as admitted: nobody waits for its completion.
 */
class closed_phase {
 public:
    struct probe {
        departure sent;
        seconds silence{0};  ///< since the send before it
        bool trial = false;  ///< sent before an announced end, to see whether that is true
    };

    /// @param since when the first of the rejections that closed it was sent
    closed_phase(time_point since, time_point now, send_number next, seconds first_gap)
        : since_(since), first_send_(next), gap_(first_gap), last_rejected_(now) {}

    /// An end was announced: probes wait for it, except one `trial` at an earlier time.
    void announced(time_point end, std::optional<time_point> trial_at) {
        announced_end_ = end;
        trial_at_ = trial_at;
    }
    std::optional<time_point> announced_end() const { return announced_end_; }

    /// When the next probe may go; `never` while one is out.
    time_point next_probe(time_point gate) const;
    bool probe_out() const { return probe_.has_value(); }
    const std::optional<probe>& out() const { return probe_; }
    void sent(const departure& sent, seconds silence);
    void call_back() { probe_.reset(); }

    /// @param waits_by_silence long gaps are tried too: a penalty may end only after a silence longer than
    /// any so far
    void rejected(time_point now, seconds rtt, bool waits_by_silence);
    /// The server says when it opens, and proves wrong: it is asked after no less than that, and ever less
    /// often.
    void distrust(seconds told);
    void schedule(time_point now, random_source& random);
    /// No probe before a likely end.
    void expect_end(time_point end) {
        probe_at_ = std::max(probe_at_, end);
        waits_for_expected_end_ = true;
    }
    /// The silence before the first probe was no test of silence.
    bool waits_for_expected_end() const { return waits_for_expected_end_; }
    void reset_gap(seconds gap) { gap_ = gap; }
    seconds gap() const { return gap_; }

    time_point since() const { return since_; }
    /// The first send of the closed phase; earlier ones were under way when it closed.
    send_number first_send() const { return first_send_; }
    time_point last_rejected() const { return last_rejected_; }
    bool any_probe_rejected() const { return any_probe_rejected_; }
    seconds longest_failed_silence() const { return longest_failed_silence_; }

    /// A completion came back: if the limit is on concurrency, it opens now.
    void note_completion(time_point now) {
        if (!first_completion_) first_completion_ = now;
    }
    /// It opened with the first completion since: a probe that failed came before it.
    bool opened_by_completion() const { return first_completion_ && !failed_after_completion_; }

 private:
    time_point since_;
    send_number first_send_;
    seconds gap_;
    time_point probe_at_{};
    time_point last_rejected_;
    seconds longest_failed_silence_{0};
    std::optional<time_point> announced_end_;
    std::optional<time_point> trial_at_;
    std::optional<probe> probe_;
    std::optional<time_point> first_completion_;
    bool any_probe_rejected_ = false;
    bool told_wrong_ = false;
    bool failed_after_completion_ = false;
    bool waits_for_expected_end_ = false;
};

}  // namespace stagger
