#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "stagger/remembered_limits.hpp"
#include "stagger/time.hpp"

namespace stagger {

/// How attempts are admitted. `ride_the_limit` is what this library is for; the others are for comparison.
enum class pacing_kind {
    ride_the_limit,    ///< measure the limit from rejections and pace everyone at it
    unpaced,           ///< every task backs off alone, and keeps its place in flight while it does
    cookbook_pause,    ///< everyone pauses for 15 s after a rejection, as OpenAI's cookbook script does
    aws_adaptive,      ///< the AWS SDKs' adaptive mode: a token bucket whose rate follows CUBIC
    netflix_aimd,      ///< Netflix's limit on attempts in flight: one more, or nine tenths
    inspect_adaptive,  ///< inspect_ai's adaptive connections: a limit on tasks, cut once an episode
    fixed_rate,        ///< evenly at exactly `requests_per_minute`, which it needs
};
std::string_view to_string(pacing_kind kind);

class decision_recorder;

/** @brief Options of a `coordinator`. Setters chain and check their value at once.
 *
 * Every option is in the header of a decision log (format_decision_line.cpp, parse_decision_line.cpp in
 * lib/src/records), since decisions depend on it.
 *
 * @throws std::invalid_argument from a setter, naming the field, its rule and the value
 */
class coordinator_options {
 public:
    /// Attempts in flight at most, from 1. Default 256.
    coordinator_options& max_in_flight(unsigned count);
    /// A known limit, kept without testing it; 0 (default): unknown, measured. Requests per minute, >= 0.
    coordinator_options& requests_per_minute(double rate);
    /// The same for tokens per minute. Needs the tokens in the `cost` of every task.
    coordinator_options& tokens_per_minute(double rate);
    static constexpr double least_probing = 0.001;
    static constexpr double most_probing = 0.2;
    /// How far above the measured limit it is tested, as a fraction in [0.001, 0.2]: about this share of the
    /// requests is rejected, and a risen limit is noticed within a few times its inverse. Default 0.01.
    /// 0: not at all. The limit is found as usual where nothing is remembered or configured; then the pace
    /// stays at it, follows it down when requests are rejected, and is tested again only by `probe_again`.
    coordinator_options& probing(double fraction);
    /// Longest Retry-After that is obeyed, > 0; what is longer is taken for this, and told as cut
    /// (`coordinator_status::hints_cut`, attempt_events::done::hint_cut_to). Default none, `duration::max()`:
    /// a server's word is good until it proves wrong, which one early request finds out.
    coordinator_options& retry_after_cap(duration longest);
    /// A task that is refused for reasons of its own (errc::prompt_refused) ends this long after its first
    /// refusal at the earliest, however clear it is by then. > 0. Default 20 s: few disturbances last longer.
    coordinator_options& prompt_refused_after(duration shortest);
    /// First guess of the rate in requests per second, > 0, doubled until the first rejection. Default 32.
    coordinator_options& initial_rate(double per_second);
    /// What an earlier run learned (`coordinator::learned`). Default: nothing. The pace starts a little below
    /// the remembered rate and needs no ramp; a window of requests in flight is held, a lockout avoided, from
    /// the first request on. Unlike a configured rate all of it is tested. `requests_per_minute` goes first.
    coordinator_options& remembered(const remembered_limits& limits);
    /// Default `ride_the_limit`.
    coordinator_options& pacing(pacing_kind kind);
    /// Makes the coordinator a member of a fleet under that name: its slots are planned by the fleet's
    /// leader, see `coordinator::fleet_hear`. Everything else here is what the leader goes by, should it be
    /// this one, and what is gone by where no fleet is to be heard. Words of letters and digits, at most 64.
    /// Default: empty, no member of any.
    coordinator_options& fleet_member(std::string name);
    /// Is told every call and every decision of the one coordinator that is made of these options; see
    /// stagger/decision_log.hpp. Default: none.
    coordinator_options& recorder(std::shared_ptr<decision_recorder> told);

    unsigned max_in_flight() const { return max_in_flight_; }
    double requests_per_minute() const { return requests_per_minute_; }
    double tokens_per_minute() const { return tokens_per_minute_; }
    double probing() const { return probing_; }
    duration retry_after_cap() const { return retry_after_cap_; }
    duration prompt_refused_after() const { return prompt_refused_after_; }
    double initial_rate() const { return initial_rate_; }
    const std::optional<remembered_limits>& remembered() const { return remembered_; }
    pacing_kind pacing() const { return pacing_; }
    const std::string& fleet_member() const { return fleet_member_; }
    const std::shared_ptr<decision_recorder>& recorder() const { return recorder_; }

 private:
    unsigned max_in_flight_ = 256;
    double requests_per_minute_ = 0;
    double tokens_per_minute_ = 0;
    double probing_ = 0.01;
    duration retry_after_cap_ = duration::max();
    duration prompt_refused_after_ = std::chrono::seconds(20);
    double initial_rate_ = 32;
    std::optional<remembered_limits> remembered_;
    pacing_kind pacing_ = pacing_kind::ride_the_limit;
    std::string fleet_member_;
    std::shared_ptr<decision_recorder> recorder_;
};

}  // namespace stagger
