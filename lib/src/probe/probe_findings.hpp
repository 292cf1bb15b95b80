#pragma once

#include <cstddef>
#include <optional>
#include <string_view>
#include <vector>

#include "probe/hint_check.hpp"
#include "probe/limit_fit.hpp"
#include "probe/probe_plan.hpp"
#include "probe/server_line.hpp"

namespace stagger::probe {

enum class probe_verdict {
    none_found,   ///< nothing was refused
    rate,         ///< so many a second, with a burst
    window,       ///< a quota in each
    concurrency,  ///< so many in flight
    closed,       ///< refused, and never admitted again while it was watched for a second or more
    undecided,    ///< refused, and then not watched for that long
    unanswered,   ///< ended while the first ones were still on their way
    down,         ///< not an answer
    unusable,     ///< refused for good
};
std::string_view to_string(probe_verdict verdict);

/// What a probe found out, and what it cost.
struct probe_findings {
    probe_verdict verdict = probe_verdict::none_found;
    probe_end end = probe_end::finished;
    limit_fit limit;                       ///< of rate, window and concurrency
    std::vector<limit_fit> also_possible;  ///< other rules that explain as much, by one answer at most
    std::optional<limit_fit> next_best;    ///< of the rules that explain less
    bool wants_silence = false;  ///< what looks like a limit may be a server that admits after a pause only
    std::optional<server_line> line;
    hint_checks hints;

    std::size_t requests = 0;
    std::size_t admitted = 0;
    std::size_t refused = 0;
    std::size_t failed = 0;
    duration took{0};
    std::size_t most_at_once = 0;    ///< admitted requests in flight together
    std::size_t most_in_second = 0;  ///< admitted requests that were sent within a second

    /// Requests a second that keep below whatever the limit is: no more than half of what was admitted on
    /// average once something had been refused, and than the slowest of the limits allows that were
    /// considered. 0: unknown.
    double cautious_per_s = 0;

    /// Whether `limit` gives most of the answers: forty-nine in fifty of all, and seven in eight of the rarer
    /// kind. Whoever says "always admitted", or "always refused", explains the more frequent ones and none of
    /// the others. Where it does not, the server does something else, or something disturbed the probe.
    bool explains_answers() const { return explains(1); }
    /// Whether it does, with half as many exceptions, its pace was measured closely, and what could be in its
    /// place means the same pace. A limit on requests in flight is to have lasted until the probe's own end,
    /// and to be known within one, or a tenth.
    bool is_sure() const;
    /// Requests a second in the long run, by `limit` and all that could be in its place.
    fitted_range rate_per_s() const;
    bool has_limit() const {
        return verdict == probe_verdict::rate || verdict == probe_verdict::window ||
               verdict == probe_verdict::concurrency;
    }

 private:
    bool explains(std::size_t strictness) const;
    bool is_sure_of_places() const;
};

probe_findings conclude(const std::vector<probe_answer>& answers, probe_end end);

}  // namespace stagger::probe
