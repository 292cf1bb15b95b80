#pragma once

#include <exception>
#include <optional>
#include <string>
#include <string_view>
#include <typeinfo>
#include <utility>

#include "stagger/error.hpp"
#include "stagger/time.hpp"

namespace stagger {

/// What an attempt's ending means for the next one.
enum class verdict {
    ok,         ///< done
    throttled,  ///< refused for now: wait for the coordinator, and for Retry-After where one was given
    transient,  ///< failed by accident: may be tried again
    permanent,  ///< trying again cannot help
};

/// A verdict with the wait the server asked for, if it asked for one.
struct classification {
    stagger::verdict verdict = stagger::verdict::ok;
    std::optional<duration> retry_after = std::nullopt;

    friend bool operator==(const classification&, const classification&) = default;
};

/** @brief What one attempt of any operation ended with: an error code, an exception, or a result.
 *
 * A view for the time of one call; except for the exception it owns nothing.
 */
class attempt_result {
 public:
    explicit attempt_result(error_code error) : error_(error) {}
    explicit attempt_result(std::exception_ptr exception);

    /// An attempt that returned `value`.
    template <class T>
    static attempt_result of(const T& value) {
        attempt_result result{error_code()};
        result.refer_to(value);
        return result;
    }
    /// An attempt that failed with `error`, of which `detail` knows more. `message` says what happened, where
    /// that is more than the code's own text.
    template <class T>
    static attempt_result of_error(error_code error, const T& detail, std::string_view message = {}) {
        attempt_result result{error};
        result.refer_to(detail);
        result.message_ = message;
        return result;
    }

    /// The error code; for an exception that is a `boost::system::system_error` or a `std::system_error`, its
    /// code.
    error_code error() const { return error_; }
    /// The exception, or null.
    const std::exception_ptr& exception() const { return exception_; }
    /// True if there is an error code or an exception: no result.
    bool failed() const { return error_ || exception_; }
    /// The result, if the attempt returned one and it is a `T`.
    template <class T>
    const T* value() const {
        return failed() ? nullptr : referred<T>();
    }
    /// What is known beside the error, if it is a `T`: the `diagnostic` of a failed completion.
    template <class T>
    const T* detail() const {
        return failed() ? referred<T>() : nullptr;
    }
    /// The text of the failure: the server's own words, the exception's `what()`, or the code's message.
    /// Empty without a failure, and for an exception without a text.
    std::string message() const;

 private:
    template <class T>
    void refer_to(const T& what) {
        referred_ = &what;
        type_ = &typeid(T);
    }
    template <class T>
    const T* referred() const {
        return type_ && *type_ == typeid(T) ? static_cast<const T*>(referred_) : nullptr;
    }

    error_code error_;
    std::exception_ptr exception_;
    std::string_view message_;
    const void* referred_ = nullptr;
    const std::type_info* type_ = nullptr;
};

/** @brief The default `classify`.
 *
 * No error: `ok`. Otherwise by `condition`: `throttled`, `retryable` (broken connections of the system and of
 * Asio included) as `transient`. Cancellation, passed deadlines, other codes, and exceptions without a code:
 * `permanent`.
 */
classification classify_by_default(const attempt_result& result);

}  // namespace stagger
