#pragma once

#include <optional>

#include "pacing/budget.hpp"
#include "pacing/make_pacing.hpp"
#include "pacing/measured/charge_unit_learner.hpp"
#include "pacing/measured/climb.hpp"
#include "pacing/measured/closed_phase.hpp"
#include "pacing/measured/concurrency_learner.hpp"
#include "pacing/measured/failure_streak.hpp"
#include "pacing/measured/header_tracker.hpp"
#include "pacing/measured/hint_gate.hpp"
#include "pacing/measured/limit_testing.hpp"
#include "pacing/measured/load_response.hpp"
#include "pacing/measured/lockout_learner.hpp"
#include "pacing/measured/lost_limit.hpp"
#include "pacing/measured/rate_estimator.hpp"
#include "pacing/measured/refusal_voices.hpp"
#include "pacing/measured/refusals_by_chance.hpp"
#include "pacing/measured/round_trip.hpp"
#include "pacing/measured/send_log.hpp"
#include "pacing/measured/share_pace.hpp"
#include "pacing/measured/unmet_limit.hpp"
#include "pacing/measured/window_learner.hpp"
#include "pacing/measured/window_turns.hpp"
#include "pacing/pacer.hpp"
#include "pacing/pacing.hpp"

namespace stagger {

/** @brief Paces everybody at the limit, which it measures from rejections.
 *
 * The mode machine that holds the parts together. RAMP doubles the pace until the first rejection. SEARCH
 * lowers it until rejections are far enough apart to measure with. RIDE holds it at the measured limit, tests
 * a little above it, and measures again at every rejection. When a run of rejections shows that nothing is
 * admitted, or an end is announced, it is CLOSED: one probe at a time, until one is admitted. Rejections
 * change the pace once a round trip: those of requests sent before the last cut tell nothing new.
 */
class ride_the_limit final : public pacing {
 public:
    ride_the_limit(const coordinator_options& options, std::uint64_t seed,
                   memory_age age = memory_age::unknown);

    opening next_opening(time_point now, const line_view& line) override;
    departure on_send(time_point now, const cost& what) override;
    void on_accepted(time_point now, const departure& sent, const hints& said) override;
    void on_answering(time_point now, const departure& sent, const hints& said) override;
    void on_answered(time_point now, const departure& sent) override;
    void on_throttled(time_point now, const departure& sent, const hints& said) override;
    hints believed(time_point now, const departure& sent, const hints& said) override;
    void on_failed(time_point now, const departure& sent) override;
    void on_abandoned(time_point now, const departure& sent) override;
    void on_unsent(time_point now, const departure& sent) override;
    void on_settled(time_point now, double more_tokens) override { budget_.settled(now, more_tokens); }
    void describe(time_point now, coordinator_status& status) const override;
    void probe_again() override { testing_.look_again(); }
    std::optional<remembered_limits> learned(time_point now) const override;

 private:
    using mode = coordinator_mode;
    using voice = refusal_voices::voice;
    static constexpr send_number waste_measured_over = 500;

    bool closed() const { return mode_ == mode::closed; }
    double rate(time_point now) const;
    /// As the refusals have made it, whatever else governs at the moment: what the server's headers tell may
    /// be next to nothing for the rest of a window.
    double own_rate() const { return by_share_ ? by_share_->per_s() : climb_.rate(); }
    /// Before this the server admits nothing, by its own word.
    time_point announced_opening(time_point now) const;
    double measured_or_base() const { return measured_.value_or(climb_.base()); }
    double rate_when_sent(const departure& sent) const;
    /// A probe that has not been rejected by now counts as admitted.
    void presume_probe_admitted(time_point now);
    /// Tests the limit by a faster pace, where it is time to: at sends, since nothing else uses the pace.
    void step_up(time_point now);
    void settle(time_point now, const departure& sent, outcome result) {
        --in_flight_;
        note_outcome(now, sent, result);
    }
    void note_outcome(time_point now, const departure& sent, outcome result) {
        log_.settle(sent, result, now);
        if (result == outcome::accepted || result == outcome::rejected) failures_.ended();
    }
    /// An admitted attempt gives its place in flight back.
    void note_service(time_point now, const departure& sent);
    void note_headers(const departure& sent, const hints& said, bool admitted) {
        if (!said.requests.limit && !said.tokens.limit) return;  // most servers send none
        headers_.note(sent, log_.unit().of(said), admitted, log_, rtt_.mean());
    }
    void hear_admission(time_point now, const departure& sent, const hints& said);

    // What an earlier run learned, and what the next one can start from.
    void begin(time_point now);
    void remember(const remembered_limits& limits, memory_age age);
    void finish_in_this_window();
    std::optional<double> learned_rate() const;
    std::optional<double> admitted_without_limit() const;

    // Whose refusal it is: a limit's, or chance's.
    void judge(time_point now, const departure& sent, const hints& said);
    void judge_failure(time_point now, const departure& sent);
    bool cut_by_failure(time_point now, const departure& failed);
    send_number presumed_to(time_point now) const;
    double bar(const departure& sent, const hints& said) const;
    bool tells_of_load(const departure& sent) const;
    void refused_by_limit(time_point now, const departure& sent, const hints& said);
    bool holds_share_of(voice whose) const { return by_share_ && held_by_share_ == whose; }
    void go_on_by_chance(time_point now, const load_response::finding& found, voice whose);
    void hold_share(time_point now, double pace, voice whose);
    void refused_behind_chance(time_point now, const departure& sent, const hints& said);
    void learn_from_look(time_point now);
    void search_from_share(time_point now);

    void hear_retry_after(time_point now, const departure& rejected, const hints& said);

    // Open: what a rejection does to the pace.
    void cut_window(time_point now, const departure& rejected);
    void cut_pace(time_point now, const departure& rejected, const rejected_run& run, voice whose);
    void cut(time_point now, double to);
    void cut_once_a_round(time_point now, const departure& rejected, const rejected_run& run, voice whose);
    void end_of_growth(time_point now, const departure& rejected, const estimate& limit);
    void end_test(const estimate& limit);
    void hold(time_point now, double measured);
    seconds doubles_every() const;
    bool memory_was_right(time_point now, const departure& rejected);
    bool explained_by_memory(const departure& last, double pace) const;
    void search(time_point now, const estimate& limit);
    void ride(time_point now, const rejected_run& run, const estimate& limit);
    double after_ramp(const departure& rejected) const;
    void measure_anew(time_point now, const departure& rejected, send_number since);
    void note_clean_run(const departure& rejected);
    void note_limit(double per_second);

    void look_for_lost_limit(time_point now);
    void go_on_looking(time_point now);
    void look_failed(time_point now, const departure& rejected, voice whose);

    // Closed: probes, and what ends it.
    bool shuts(const departure& rejected, const rejected_run& run) const;
    bool long_wait_announced(time_point now) const;
    bool is_probe(const departure& sent) const;
    void close(time_point now, time_point since, double rate_at_rejection);
    time_point probe_is_certain_at() const;
    void probe_rejected(time_point now);
    void admitted_while_closed(time_point now, const departure& sent);
    void probe_admitted(time_point now, const departure& probe);
    void begin_anew(time_point now, const departure& probe);
    void reopen_behind_chance(time_point now, const departure& probe);
    bool reopens_in_growth(time_point now, const departure& probe);
    void reopen_after_lockout(time_point now, const departure& probe, const open_run& before, double rate);
    void note_turn(const departure& probe, const window_learner::cycle& done);
    void reopen_after_window(time_point now, const departure& probe);
    bool was_presumed_admitted(time_point now, const departure& rejected) const;
    void close_again();
    void refute_hint(time_point now);
    void note_failure_while_closed(time_point now, const departure& sent);

    random_source random_;
    mode mode_ = mode::ramp;
    std::optional<double> measured_;
    bool provisional_ = false;  ///< `measured_` was told or guessed, not measured from rejections
    limit_testing testing_;
    double probing_;
    std::optional<remembered_limits> memory_;  ///< what it began with
    std::optional<double> held_;       ///< admitted until the remembered rate was doubled once too often
    bool rate_is_remembered_ = false;  ///< `measured_` is still what an earlier run measured
    std::optional<seconds> doubt_;     ///< until a rejection, what is remembered doubles every so often
    std::optional<open_run> until_first_rejection_;  ///< of a ramp: what was saved is in it
    time_point last_cut_ = time_point::min();

    pacer pacer_;
    budget budget_;
    send_log log_;
    round_trip rtt_;
    unmet_limit unmet_;
    rate_estimator estimator_;
    refusal_voices voices_;
    refusals_by_chance failing_;  ///< what accidents tell of chance
    unsigned failure_cuts_ = 0;   ///< for accidents, one soon behind the other
    send_number last_failure_cut_ = 0;
    load_response response_;
    lost_limit lost_;
    bool fall_is_known_ = false;          ///< the limit was measured anew, lower, since it last held
    std::optional<share_pace> by_share_;  ///< while a limit behind chance is held
    voice held_by_share_ = voice::limit;  ///< whose refusals tell how
    charge_unit_learner units_;
    climb climb_;
    hint_gate gate_;
    header_tracker headers_;
    concurrency_learner concurrency_;
    window_learner windows_;
    window_turns turns_;
    lockout_learner lockout_;

    std::optional<closed_phase> phase_;
    mode mode_before_closing_ = mode::search;
    double rate_before_closing_ = 0;
    departure opened_;  ///< the probe that ended the last closed phase, else the first send
    bool ever_opened_ = false;

    struct presumption {
        departure probe;
        departure opened_before;
        bool ever_opened_before;
        window_learner windows_before;
    };
    std::optional<presumption> presumed_;  ///< the last reopening, until it is certain
    std::optional<send_number> hint_refuted_by_;

    unsigned in_flight_ = 0;
    std::optional<seconds> service_;
    seconds assumed_service_{1};  ///< until an answer came
    double backlog_ = 0;
    failure_streak failures_;
    bool closed_by_failures_ = false;
};

}  // namespace stagger
