#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "closing_notice.hpp"
#include "prices/cost_counter.hpp"
#include "stagger/coordinator.hpp"

namespace app {

/// How long answers took lately, from sending the request to their end.
struct latency_view {
    stagger::duration p50{0};
    stagger::duration p95{0};
};

/// What the progress line and the panel tell.
struct progress {
    std::string title;  ///< of one run among several; may be empty
    std::size_t done = 0;
    std::size_t failed = 0;
    std::optional<std::size_t> left;  ///< not recorded yet; nothing if unknown
    double results_per_s = 0;         ///< lately
    std::uint64_t prompt_tokens = 0;
    std::uint64_t completion_tokens = 0;
    std::optional<cost_counts> costs;     ///< nothing where no prices are known
    std::optional<latency_view> latency;  ///< nothing before the first answer
    stagger::coordinator_status gate;
    std::string stalled_by;               ///< why nothing is admitted, where nobody has said until when
    std::optional<closing_view> closing;  ///< the server admits nothing for now, and has said until when
    stagger::duration elapsed{0};
    bool stopping = false;
};

/// What the first in line waits for, as docs/cli.md explains it.
std::string_view in_words(stagger::wait_reason why);

/// The server's words while nothing is admitted; else empty.
const std::string& server_words(const progress& view);

/// " (pace)", " (server said when, until 14:05:12 UTC)"; empty where nobody waits.
std::string why_waiting(const progress& view);
/// How many wait since their whole model or key is refused; nothing where none do.
std::string of_refused_kinds(const stagger::coordinator_status& gate);

/// "limit 20.0/s" or "limit 16 in flight" once measured, else the pace of the search for it, "pace 20.0/s".
std::string limit_found(const stagger::coordinator_status& gate);

/// One line of at most `width` columns. What matters least is left out first where it would be longer.
std::string format_progress(const progress& view, unsigned width);

/// The essential figures as one line for a log: "0:30  195/400 done  19.4/s  limit 20.0/s  …".
std::string heartbeat_text(const progress& view);

/// All of it as one JSON object, without a line end; docs/cli.md explains the members.
std::string progress_json(const progress& view);

/// "950", "12.3k", "4.56M"
std::string short_count(std::uint64_t count);

/// "0.52 s", "12.3 s": three digits.
std::string seconds_text(stagger::duration span);

/// "3 answers have no price", "1 answer has no price"; empty where all have one.
std::string unpriced_text(const cost_counts& costs);

/// How long the rest takes at the present pace; nothing while that cannot be told.
std::optional<stagger::duration> time_left(const progress& view);

}  // namespace app
