#pragma once

#include <exception>
#include <stdexcept>

#include "stagger/error.hpp"
#include "stagger/retry_state.hpp"
#include "stagger/time.hpp"

namespace stagger {

/// Thrown by `async_retry` in place of the last attempt's own ending, where the policy says `reraise(false)`:
/// a limit ended the call although another attempt was wanted.
class retry_error : public std::runtime_error {
 public:
    /// The call as it was when it was given up.
    explicit retry_error(const retry_state& given_up);

    unsigned attempts() const noexcept { return attempts_; }
    duration elapsed() const noexcept { return elapsed_; }
    duration idle() const noexcept { return idle_; }
    /// The last attempt's error code, if it had one.
    error_code code() const noexcept { return code_; }
    /// The last attempt's exception; null if it returned a result that was not accepted.
    const std::exception_ptr& last_exception() const noexcept { return last_exception_; }

 private:
    unsigned attempts_;
    duration elapsed_;
    duration idle_;
    error_code code_;
    std::exception_ptr last_exception_;
};

}  // namespace stagger
