#pragma once

#include <cstddef>
#include <optional>
#include <vector>

#include "probe/limit_fit.hpp"
#include "probe/probe_answer.hpp"

namespace stagger::probe {

/// Whether something that a server says proved true.
enum class hint_truth {
    unknown,     ///< nothing was asked that could tell
    holds,       ///< refused before, admitted after
    rounded_up,  ///< admitted before, by less than the second to which it is rounded
    too_long,    ///< admitted well before
    too_short,   ///< refused after, though nothing came in between
};

/// What was said of the time until a request is admitted again, held against what came of it.
struct wait_check {
    std::size_t said = 0;  ///< by so many answers
    duration shortest{0};
    duration longest{0};
    hint_truth truth = hint_truth::unknown;
    duration off{0};  ///< the most by which it was too long, or too short
};

struct hint_checks {
    wait_check retry_after;             ///< of refusals
    std::size_t rate_headers = 0;       ///< answers that say a limit, what remains of it, or when it is reset
    std::optional<double> limit;        ///< as the last of them says
    std::size_t token_headers = 0;      ///< answers that say the same of tokens, which a probe does not test
    std::optional<double> token_limit;  ///< as the last of them says
    hint_truth remaining =
        hint_truth::unknown;  ///< `holds`, or `too_long`: refused although something remained
    wait_check reset;         ///< of refusals, by a window that opens all at once; of others it is
                              ///< the time until everything is free
};

hint_checks check_hints(const std::vector<probe_answer>& answers, const limit_fit& limit);

}  // namespace stagger::probe
