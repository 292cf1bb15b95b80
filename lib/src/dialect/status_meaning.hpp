#pragma once

#include "stagger/attempt_result.hpp"
#include "stagger/error.hpp"

namespace stagger::wire {

/// What a response is to the caller, to the retry and to the measured limit.
struct status_meaning {
    errc error;
    stagger::verdict verdict;
    bool tells_limit;  ///< false: no limit was applied, or it is unknown whether one was
};

/// Whether a response with this status is an answer.
inline bool is_success(unsigned status) {
    return status >= 200 && status < 300;
}

/// Of a response that is no answer, by its status alone (docs/retries.md has the table).
status_meaning meaning_of_status(unsigned status);

}  // namespace stagger::wire
