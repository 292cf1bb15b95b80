#pragma once

#include <array>
#include <optional>

#include "pacing/measured/hint_scores.hpp"
#include "pacing/measured/round_trip.hpp"
#include "pacing/measured/send_log.hpp"

namespace stagger {

/** @brief Holds everyone back until the time a Retry-After announced, for as long as such hints prove true.
 *
 * A Retry-After stops the whole endpoint: whoever else asks earlier is refused as well. But many servers
 * round it up to a second or more while they admit again within milliseconds. A request admitted well before
 * the announced end refutes the hint; hints that are not much longer are then ignored for a while. The
 * request that received one is held to it in any case; that is the waiting line's doing.
 *
 * And some say a minute of what opens tomorrow. The first request after an announced end tells, where nothing
 * was admitted before it: refused, it was no end. A kind of hint that proves false again and again is a lower
 * bound and no more, and gives way to what the refusal says otherwise. Each kind is judged by itself.
 */
class hint_gate {
 public:
    /// What a refusal announces by the kinds that are believed.
    struct word {
        opening_hint kind = opening_hint::retry_after;
        seconds wait{0};
    };
    /// Of what a refusal says the first that is believed; where nothing is, what it says first.
    std::optional<word> believed_of(time_point now, const hints& said) const;

    /// Any refusal: tells whether the end was one that was announced last.
    void refused(const departure& sent, const send_log& log);
    /// Takes a rejection's Retry-After. True if something sent after it was admitted before the announced
    /// end.
    bool announce(time_point now, const departure& rejected, const word& told, const send_log& log);
    /// Any admission: an announced end that it came behind was none too early.
    void admitted(const departure& sent);
    /// True if this admission shows that the last hint announced too late an end.
    bool refuted_by(const departure& admitted) const {
        return last_ && admitted.number > last_->rejected.number && last_->well_before_end(admitted.at);
    }
    /// The hint was wrong: open the gate and ignore its like for a while, longer each time.
    void refute(time_point now);
    /// What was last refuted was right after all.
    void trust_again();

    /// When to test an announced end by one request before it: early, because most false hints are false by
    /// far, and later each time that this failed. None once testing has failed too often, or for too short a
    /// wait.
    std::optional<time_point> trial_at(time_point now, seconds rtt) const;
    void trial_failed() { trial_fraction_ *= 2; }

    /// Nobody goes before.
    time_point opens_at() const { return opens_at_; }
    /// Whether something may be admitted then: not where such hints have proved to end too early.
    bool is_end() const { return !last_ || as_end_.believes(last_->told.kind); }
    /// The wait that was announced last, since something was admitted.
    seconds told() const { return last_ ? last_->told.wait : seconds(0); }

 private:
    struct announcement {
        departure rejected;
        word told;
        bool is_judged = false;
        bool well_before_end(time_point at) const;
    };
    /// Of one kind, once it was refuted.
    struct ignoring {
        time_point until = time_point::min();
        seconds up_to{0};
        bool covers(time_point now, seconds wait) const { return now < until && wait <= up_to; }
    };
    ignoring& ignored(opening_hint kind) { return ignored_[static_cast<std::size_t>(kind)]; }
    const ignoring& ignored(opening_hint kind) const { return ignored_[static_cast<std::size_t>(kind)]; }

    std::optional<announcement> last_;
    time_point opens_at_ = time_point::min();
    hint_scores as_earliest_;  ///< that nothing is admitted before the end
    hint_scores as_end_;       ///< that something is admitted behind it
    std::array<ignoring, opening_hints.size()> ignored_;
    opening_hint refuted_last_ = opening_hint::retry_after;
    double trial_fraction_ = 0.125;
};

}  // namespace stagger
