#pragma once

#include <exception>
#include <functional>
#include <string>
#include <utility>

#include "stagger/attempt_result.hpp"
#include "stagger/error.hpp"

namespace stagger {

/** @brief *Which endings* are tried again: a value that is asked about every attempt.
 *
 * `a | b`, `a & b` and `!a` combine conditions; the right side is asked only if the left one does not decide.
 *
 *     retry_if_error(condition::throttled) | retry_if_result<response>(is_incomplete)
 *
 * `!` negates the whole answer: `!retry_if_exception<E>()` also repeats attempts that returned a result.
 *
 * @par Thread safety
 * Distinct objects: safe. Shared objects: safe when the functions they were made from are.
 */
class retry_condition {
 public:
    using predicate = std::function<bool(const attempt_result&)>;

    /// Any rule of your own. @throws std::invalid_argument if empty
    explicit retry_condition(predicate rule);

    bool operator()(const attempt_result& result) const { return rule_(result); }

    friend retry_condition operator|(retry_condition first, retry_condition second);
    friend retry_condition operator&(retry_condition first, retry_condition second);
    friend retry_condition operator!(retry_condition condition);

 private:
    predicate rule_;
};

namespace detail {

/// Calls `rule` with the exception if it is an `Exception`.
template <class Exception, class Rule>
bool exception_matches(const std::exception_ptr& thrown, const Rule& rule) {
    if (!thrown) return false;
    try {
        std::rethrow_exception(thrown);
    } catch (const Exception& exception) {
        return rule(exception);
    } catch (...) {
        return false;
    }
}

/// What `thrown` was thrown because of (std::throw_with_nested), or null.
std::exception_ptr cause_of(const std::exception_ptr& thrown);

}  // namespace detail

/// Every ending.
retry_condition retry_always();
/// None.
retry_condition retry_never();
/// After every error code and every exception, whatever it is.
retry_condition retry_if_failed();
/// After any exception; of a `client`, which throws nothing, after none.
retry_condition retry_if_exception();
/// After an exception of this type, or derived from it.
template <class Exception>
retry_condition retry_if_exception() {
    return retry_condition([](const attempt_result& result) {
        return detail::exception_matches<Exception>(result.exception(),
                                                    [](const Exception&) { return true; });
    });
}
/// After an exception of this type for which `rule(const Exception&)` holds.
template <class Exception, class Rule>
retry_condition retry_if_exception(Rule rule) {
    return retry_condition([rule = std::move(rule)](const attempt_result& result) {
        return detail::exception_matches<Exception>(result.exception(), rule);
    });
}
/// After an exception that was thrown because of one of this type (`std::throw_with_nested`), however deep.
template <class Exception>
retry_condition retry_if_cause() {
    return retry_condition([](const attempt_result& result) {
        auto cause = detail::cause_of(result.exception());
        while (cause) {
            if (detail::exception_matches<Exception>(cause, [](const Exception&) { return true; }))
                return true;
            cause = detail::cause_of(cause);
        }
        return false;
    });
}
/// After this error, returned or thrown as a system_error.
retry_condition retry_if_error(error_code error);
/// After any error of this group: `condition::throttled`, `boost::system::errc::timed_out`.
retry_condition retry_if_error(error_condition group);
/// After a result of this type for which `rule(const T&)` holds.
template <class T, class Rule>
retry_condition retry_if_result(Rule rule) {
    return retry_condition([rule = std::move(rule)](const attempt_result& result) {
        const T* value = result.value<T>();
        return value != nullptr && rule(*value);
    });
}
/// After a failure whose `attempt_result::message` contains `part`.
retry_condition retry_if_message(std::string part);
/// After a failure in whose message the ECMAScript regular expression is found; `^` and `$` anchor it. The
/// first 1000 bytes of the message are looked at.
/// @throws std::invalid_argument with the pattern and what is wrong with it
retry_condition retry_if_message_matches(const std::string& pattern);
/// When `rule` says so. @throws std::invalid_argument if empty
retry_condition retry_if(retry_condition::predicate rule);

}  // namespace stagger
