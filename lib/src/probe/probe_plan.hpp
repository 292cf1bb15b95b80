#pragma once

#include <cstddef>
#include <optional>
#include <string_view>
#include <vector>

#include "probe/probe_answer.hpp"
#include "probe/probe_choice.hpp"
#include "probe/probe_trial.hpp"

namespace stagger::probe {

/// What a probe may cost.
struct probe_bounds {
    std::size_t max_requests = 400;
    duration max_time = std::chrono::minutes(5);
    unsigned max_in_flight = 256;
};

/// Why a probe came to its end.
enum class probe_end {
    running,
    finished,         ///< nothing more is to be learned
    out_of_requests,  ///< `max_requests` are spent
    out_of_time,
    down,      ///< nothing is answered
    unusable,  ///< the endpoint, the key or the request is refused for good
    stopped,   ///< by the caller
};

/** @brief Decides what a probe asks next.
 *
 * It knows no clock and sends nothing: the driver calls `next` until it says to wait, again at that time and
 * after everything that it tells.
 */
class probe_plan {
 public:
    struct step {
        enum class kind { send, wait, finished } what = kind::wait;
        time_point at = never;    ///< of `wait`
        std::size_t request = 0;  ///< of `send`: its number, from 0
    };

    probe_plan(const probe_bounds& bounds, time_point start) : bounds_(bounds), start_(start) {}

    step next(time_point now);
    /// The request has left only now: connecting took until then.
    void departed(std::size_t request, time_point now) { answers_[request].sent = now; }
    void answered(std::size_t request, time_point now, probe_answer::outcome what, const hints& said);
    void stop(time_point now) { finish(probe_end::stopped, now); }

    probe_end end() const { return end_; }
    std::string_view doing() const { return trial_.name; }
    const std::vector<probe_answer>& answers() const { return answers_; }

 private:
    void finish(probe_end why, time_point now);
    bool begin_trial(time_point now);
    step send(time_point now);
    time_point next_send() const;
    /// When the last trial's requests are all known to be admitted or refused, if nothing comes until then.
    time_point settles_at() const;
    bool was_admitted_in_trial(time_point now) const;
    probe_view view(time_point now) const;
    duration patience() const;
    std::size_t in_flight() const;
    bool nobody_answers() const;

    probe_bounds bounds_;
    time_point start_;
    std::vector<probe_answer> answers_;
    probe_choice choice_;
    probe_trial trial_;
    std::size_t trial_begin_ = 0;  // the number of its first request
    static constexpr duration longest_patience = std::chrono::seconds(2);
    duration patience_ = longest_patience;  // what is not answered for so long has not been refused
    probe_end end_ = probe_end::running;
};

}  // namespace stagger::probe
