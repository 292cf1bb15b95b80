#pragma once

#include <exception>
#include <functional>
#include <optional>
#include <typeinfo>

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
 * A view for the time of one `classify` call; it owns nothing.
 */
class attempt_result {
 public:
    explicit attempt_result(error_code error) : error_(error) {}
    explicit attempt_result(std::exception_ptr exception);

    template <class T>
    static attempt_result of(const T& value) {
        attempt_result result{error_code()};
        result.value_ = &value;
        result.type_ = &typeid(T);
        return result;
    }

    /// The error code; for an exception that is a `boost::system::system_error` or a `std::system_error`, its
    /// code.
    error_code error() const { return error_; }
    /// The exception, or null.
    const std::exception_ptr& exception() const { return exception_; }
    /// The result, if the attempt returned one and it is a `T`.
    template <class T>
    const T* value() const {
        return type_ && *type_ == typeid(T) ? static_cast<const T*>(value_) : nullptr;
    }

 private:
    error_code error_;
    std::exception_ptr exception_;
    const void* value_ = nullptr;
    const std::type_info* type_ = nullptr;
};

/** @brief The default `classify`.
 *
 * No error: `ok`. Otherwise by `condition`: `throttled`, `retryable` (broken connections of the system and of
 * Asio included) as `transient`. Cancellation, passed deadlines, other codes, and exceptions without a code:
 * `permanent`.
 */
classification classify_by_default(const attempt_result& result);

/** @brief *Whether* to try again: which endings, how often, for how long.
 *
 * How long a task waits is `backoff_policy`'s question; when anyone may send is the `coordinator`'s.
 *
 * @par Thread safety
 * Distinct objects: safe. Shared objects: const members are safe when `classify` is.
 */
class retry_policy {
 public:
    using classifier = std::function<classification(const attempt_result&)>;

    /// Attempts in all, the first included. 0: no limit. Default 0: a deadline should end tasks, not a count.
    retry_policy& max_attempts(unsigned count);
    /// No further attempt once this long has passed since the first, >= 0. Zero: no limit (default).
    /// @throws std::invalid_argument if negative
    retry_policy& stop_after(duration limit);
    /// Replaces `classify_by_default`. @throws std::invalid_argument if empty
    retry_policy& classify(classifier function);

    unsigned max_attempts() const { return max_attempts_; }
    duration stop_after() const { return stop_after_; }
    /// False once `classify` was given a function.
    bool classifies_by_default() const { return by_default_; }
    stagger::classification classify(const attempt_result& result) const { return classify_(result); }

    /// True if an attempt that ended with `verdict` is followed by another one.
    bool should_retry(verdict ended, unsigned attempts_made, duration elapsed) const;

 private:
    unsigned max_attempts_ = 0;
    duration stop_after_{0};
    classifier classify_ = classify_by_default;
    bool by_default_ = true;
};

}  // namespace stagger
