#pragma once

#include <cstddef>
#include <optional>
#include <vector>

#include "probe/limit_fit.hpp"
#include "probe/probe_answer.hpp"
#include "probe/probe_trial.hpp"

namespace stagger::probe {

/// How far a probe has come when it looks for its next trial.
struct probe_view {
    const std::vector<probe_answer>& answers;
    std::size_t trial_begin = 0;  ///< the first answer of the last trial
    time_point now{};
    time_point end{};  ///< when time is up
    std::size_t requests_left = 0;
    duration patience{};  ///< what is not answered for so long has not been refused

    bool admitted(const probe_answer& answer) const;
    bool anything(probe_answer::outcome what) const;
    /// The first request of the last trial that was admitted.
    std::optional<time_point> first_admitted() const;
    std::size_t refused_in_trial() const;
    time_point last_sent() const;
};

/** @brief Which trial comes next, by the limits that explain all answers so far.
 *
 * 1. One request alone: is there anybody, and how long does an answer take? A few more of them.
 * 2. Bursts, each twice the last, until something is refused.
 * 3. One request after the other, ever more seldom, until one is admitted; then a few at once.
 * 4. Where the limit may be on requests in flight: a loop that keeps as many in flight, bursts, and that loop
 *    for a while.
 *    Where it looks like a rate: more than is admitted, evenly; a rest, and a burst again.
 *    Where it looks like a window: the quota at once, and when it opens again; the quota in two halves.
 * 5. Where only pauses were rewarded: asking all the time.
 * 6. Half of what was found: whoever is refused then is refused by something else, or by chance.
 */
class probe_choice {
 public:
    /// Nothing: there is nothing more to be learned.
    std::optional<probe_trial> next(const probe_view& seen);

 private:
    std::optional<probe_trial> find_refusal(const probe_view& seen);
    probe_trial await_opening(const probe_view& seen) const;
    probe_trial last_look(const probe_view& seen) const;
    std::optional<probe_trial> look_closer(const probe_view& seen);
    std::optional<probe_trial> look_for_limit(const probe_view& seen);
    std::optional<probe_trial> ask_for_half(const probe_view& seen);
    std::optional<probe_trial> deny_silence(const probe_view& seen, const limit_fit& fit);
    std::optional<probe_trial> test_concurrency(const probe_view& seen, const limit_fit& fit);
    std::optional<probe_trial> keep_in_flight(const probe_view& seen, std::size_t places);
    std::optional<probe_trial> measure_rate(const probe_view& seen, const limit_fit& fit);
    std::optional<probe_trial> close_in(const probe_view& seen, const limit_fit& fit) const;
    std::optional<probe_trial> measure_depth(const probe_view& seen, const limit_fit& fit);
    std::optional<probe_trial> measure_window(const probe_view& seen, const limit_fit& fit, bool doubtful);
    probe_trial fill_window(const probe_view& seen, const limit_fit& fit);
    probe_trial await_window(const probe_view& seen, const limit_fit& fit) const;
    std::optional<probe_trial> split_window(const probe_view& seen, const limit_fit& fit) const;

    std::size_t greetings_ = 0;
    bool tried_alone_ = false;
    std::size_t next_burst_ = 32;
    bool awaits_opening_ = false;
    bool opened_once_ = false;
    time_point opened_{};  // the request that was admitted first after the last refusals
    bool tried_after_opening_ = false;
    bool tried_closed_loop_ = false;
    int concurrent_trials_ = 0;
    bool kept_in_flight_ = false;
    int rate_trials_ = 0;
    bool tried_depth_ = false;
    bool tried_asking_on_ = false;
    bool tried_half_ = false;
    enum class window_step { fill, await, split, done } window_ = window_step::fill;
    int fills_ = 0;
    bool tried_halves_ = false;
    int window_rounds_ = 0;
};

/// The fits in the order in which they are believed: one on requests in flight only where no paced line is
/// the reason, and then before others that explain as much.
std::vector<limit_fit> ranked_fits(const std::vector<probe_answer>& answers);

}  // namespace stagger::probe
