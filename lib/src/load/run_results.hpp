#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "stagger/wait_reason.hpp"

/// What `stagger bench` measured, as values that are named after the members of its results file;
/// docs/results.schema.json has the file's form, docs/measuring.md the meaning of each figure.
namespace stagger::load {

/// How one kind of latency was distributed, in milliseconds.
struct latency_summary {
    struct bucket {
        double upper_ms = 0;
        std::uint64_t count = 0;
        friend bool operator==(const bucket&, const bucket&) = default;
    };

    std::uint64_t count = 0;
    double mean = 0;
    double min = 0;
    double p50 = 0;
    double p90 = 0;
    double p95 = 0;
    double p99 = 0;
    double p999 = 0;
    double max = 0;
    std::vector<bucket> histogram;  ///< in rising order; buckets of nothing are left out
    friend bool operator==(const latency_summary&, const latency_summary&) = default;
};

/// The kinds of latency, the keys of `run_results::latency_ms`.
namespace latency_kinds {
inline constexpr std::string_view total = "total";  ///< from the scheduled send to the whole answer
inline constexpr std::string_view from_actual_send = "from_actual_send";
inline constexpr std::string_view waiting_in_line = "waiting_in_line";
inline constexpr std::string_view backing_off = "backing_off";
inline constexpr std::string_view connecting = "connecting";    ///< of attempts that opened a connection
inline constexpr std::string_view first_token = "first_token";  ///< of streams, from the scheduled send
inline constexpr std::string_view between_tokens = "between_tokens";  ///< of streams
inline constexpr std::string_view service = "service";  ///< of attempts that succeeded, from sent to whole
}  // namespace latency_kinds

/// How well the sender of an open loop kept to its schedule.
struct schedule_results {
    std::optional<double> asked_per_s;
    double achieved_per_s = 0;
    double lag_p50_ms = 0;
    double lag_p99_ms = 0;
    double lag_max_ms = 0;
    bool fell_behind = false;
    friend bool operator==(const schedule_results&, const schedule_results&) = default;
};

/// One step of time. Attempts count when they are sent, also those that were rejected, successes when they
/// end; the rest is as it was at the step's end.
struct timeline_row {
    double t_s = 0;  ///< where the step begins
    std::uint64_t attempts = 0;
    std::uint64_t rejections = 0;
    std::uint64_t successes = 0;
    std::optional<double> pace_per_s;              ///< at which the client may send, where it paces
    std::optional<double> limit_per_s;             ///< that the client has measured
    std::optional<std::uint64_t> limit_in_flight;  ///< the same, of a limit on requests in flight
    std::uint64_t in_flight = 0;
    std::uint64_t waiting = 0;
    friend bool operator==(const timeline_row&, const timeline_row&) = default;
};

/// What the answers of a batch were like, for its page; no part of a results file.
struct answer_results {
    std::uint64_t truncated = 0;  ///< cut off at their greatest length
    std::uint64_t refused = 0;    ///< by the model
    std::optional<double> cost;   ///< by a list of prices; nothing without one
    std::uint64_t unpriced = 0;   ///< answers without a price
    friend bool operator==(const answer_results&, const answer_results&) = default;
};

struct timeline_results {
    double step_s = 0;
    std::vector<timeline_row> rows;  ///< of the whole run, warm-up and cool-down included
    friend bool operator==(const timeline_results&, const timeline_results&) = default;
};

/// One policy's turn. Everything but `elapsed_s` and `timeline` is of the measured part of the run.
struct run_results {
    std::string policy;
    bool interrupted = false;  ///< ended before its load was complete; what had not ended is in no figure
    double elapsed_s = 0;
    double measured_s = 0;  ///< without warm-up and cool-down
    std::uint64_t requests = 0;
    std::uint64_t succeeded = 0;
    std::uint64_t failed = 0;
    std::map<std::string, std::uint64_t> failures;  ///< by the name of the error
    std::uint64_t attempts = 0;
    std::uint64_t rejections = 0;
    double goodput_per_s = 0;
    std::optional<double> slo_goodput_per_s;
    std::optional<double> attempts_per_success;  ///< of no success: nothing
    std::optional<double> rejections_per_100_successes;
    std::uint64_t wasted_tokens = 0;
    std::uint64_t prompt_tokens = 0;
    std::uint64_t completion_tokens = 0;
    double tokens_per_s = 0;
    std::uint64_t peak_10ms = 0;
    std::uint64_t peak_1s = 0;
    double closed_s = 0;
    std::optional<std::uint64_t> empty_answers;  ///< of those that succeeded; of none: nothing
    std::optional<schedule_results> schedule;    ///< of open loops
    std::optional<answer_results> answers;       ///< of a batch
    std::map<std::string, latency_summary> latency_ms;
    waiting_sums waiting_s;
    timeline_results timeline;
    friend bool operator==(const run_results&, const run_results&) = default;
};

struct machine_description {
    std::string system;
    std::string cpu;
    unsigned cores = 0;
    std::string compiler;
    friend bool operator==(const machine_description&, const machine_description&) = default;
};

/// The load that every policy met.
struct load_description {
    std::string kind;  ///< closed, constant, poisson, burst, ramp or batch
    std::optional<std::uint64_t> concurrency;
    std::optional<double> rate_per_s;
    std::optional<double> ramp_to_per_s;
    std::optional<std::uint64_t> burst;
    std::optional<std::uint64_t> requests;
    std::optional<double> duration_s;
    std::uint64_t seed = 0;
    double warm_up_s = 0;
    double cool_down_s = 0;
    bool stream = false;
    std::string prompts;
    friend bool operator==(const load_description&, const load_description&) = default;
};

/// What an answer must keep to in order to count as good.
struct service_level {
    std::optional<double> first_token_ms;
    std::optional<double> total_ms;
    friend bool operator==(const service_level&, const service_level&) = default;
};

/// A whole results file.
struct results_document {
    std::vector<std::string> command;  ///< as given, secrets masked
    std::string started;               ///< RFC 3339, UTC
    std::string stagger;               ///< the version
    machine_description machine;
    std::string endpoint;
    std::optional<std::string> model;
    load_description load;
    std::optional<service_level> slo;
    std::vector<run_results> runs;
    friend bool operator==(const results_document&, const results_document&) = default;
};

}  // namespace stagger::load
