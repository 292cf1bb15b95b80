#pragma once

#include <exception>

#include "stagger/attempt_result.hpp"
#include "stagger/error.hpp"
#include "stagger/time.hpp"

namespace stagger {

/** @brief What is known of a retried call: what stop conditions, computed waits and hooks decide by.
 *
 * Valid only during the call that it is passed to.
 */
struct retry_state {
    time_point started{};   ///< when the call began, before any waiting
    unsigned attempts = 0;  ///< begun so far, this one included: from 1
    duration elapsed{0};    ///< from the start of the call to now: an attempt is about to begin, or has ended
    duration idle{0};       ///< of which between attempts: in line, or backing off
    duration last_wait{0};  ///< what the backoff policy said the last time; zero at first
    duration next_wait{0};  ///< the least wait before the next attempt; zero while that is not known
    const attempt_result* outcome = nullptr;  ///< of the last attempt; null before the first has ended
    classification judged;                    ///< what `classify` said of it
    classification judged_before;             ///< the same of the attempt before; `ok` where there was none
};

/// Figures of a call for whoever started it; see `retry_policy::statistics`.
struct retry_statistics {
    time_point started{};               ///< when the call began
    unsigned attempts = 0;              ///< begun so far
    duration elapsed{0};                ///< until the last attempt's end
    duration idle{0};                   ///< of which between attempts: in line, or backing off
    error_code last_error;              ///< of the last attempt, if it had one
    std::exception_ptr last_exception;  ///< of the last attempt, if it threw
    bool ended = false;                 ///< no further attempt follows
    bool succeeded = false;             ///< it ended well
};

}  // namespace stagger
