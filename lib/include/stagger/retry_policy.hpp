#pragma once

#include <array>
#include <functional>
#include <memory>
#include <optional>
#include <type_traits>
#include <typeinfo>
#include <utility>
#include <vector>

#include "stagger/attempt_result.hpp"
#include "stagger/retry_condition.hpp"
#include "stagger/retry_state.hpp"
#include "stagger/stop_condition.hpp"
#include "stagger/time.hpp"

namespace stagger {

/** @brief *Whether* to try again, for `async_retry`: which endings, until when, and who is told.
 *
 * After every attempt `classify` says what its ending means. It is repeated if `retry_on` matches (without
 * one: if it was throttled or transient), unless `give_up_on` matches or one of the limits says stop. How
 * long a task waits is `backoff_policy`'s question; when anyone may send is the `coordinator`'s.
 *
 *     retry_policy().retry_on(retry_if_exception<refused>()).stop(stop_after_attempts(6))
 *
 * Setters chain. Policies are values: copy one and change the copy. This is what a chain that begins with a
 * `retry_policy` becomes by `reraise`, `fallback` or `statistics`, which say how a single call ends; a
 * client, whose requests run side by side and end with an error code, takes a `retry_policy` only.
 *
 * @par Hooks
 * Each adds a function; several for one moment run in the order they were added. They run where the attempts
 * run, and hold them up while they do.
 * @par Exceptions
 * What a hook or any other function of a policy throws, also of a `backoff_policy`, ends the call: an
 * `async_retry` with that exception; a request of a `client` with errc::callback_threw, or the code of a
 * system_error, and with the exception in `diagnostic::thrown`.
 * @par Thread safety
 * Distinct objects: safe. Shared objects: const members are safe when the functions it was given are.
 */
class single_call_policy {
 public:
    using classifier = std::function<classification(const attempt_result&)>;
    using hook = std::function<void(const retry_state&)>;

    single_call_policy() = default;

    /// Replaces `classify_by_default`: what an ending means to a gate, and, without `retry_on`, whether it is
    /// repeated. @throws std::invalid_argument if empty
    single_call_policy& classify(classifier function);
    /// Only these endings are repeated, results as well as failures. Throttled ones wait for the gate, all
    /// others count as accidents. Default: those that `classify` calls throttled or transient.
    single_call_policy& retry_on(retry_condition condition);
    /// Exceptions to the rule above: endings that are final all the same.
    single_call_policy& give_up_on(retry_condition condition);

    /// Attempts in all, the first included. 0: no limit. Default 0: a deadline should end tasks, not a count.
    single_call_policy& max_attempts(unsigned count);
    /// No further attempt once this long has passed since the first, >= 0. Zero: no limit (default).
    /// @throws std::invalid_argument if negative
    single_call_policy& stop_after(duration limit);
    /// Any further limit, beside `max_attempts` and `stop_after`. Default: stop_never().
    single_call_policy& stop(stop_condition condition);

    /// Before every attempt begins.
    single_call_policy& before(hook function);
    /// After every attempt, whatever it ended with.
    single_call_policy& after(hook function);
    /// Before the wait for another attempt; `retry_state::next_wait` says how long at least.
    single_call_policy& before_sleep(hook function);
    /// After the last attempt, if it ended well.
    single_call_policy& on_success(hook function);
    /// After the last attempt, if it did not, whether another one was wanted or not. Not when the call was
    /// cancelled, or ended while it waited.
    single_call_policy& on_give_up(hook function);

    /// What `async_retry` ends with when a limit says stop: true (default), the last attempt's own exception
    /// or result; false, a `retry_error` that has them.
    single_call_policy& reraise(bool yes);
    /// What `async_retry` returns instead when a limit says stop: `function(const retry_state&)`, which
    /// returns what the operation returns.
    template <class Function>
    single_call_policy& fallback(Function function);
    /// Figures of the call that runs, written after each attempt. For one call at a time; where several share
    /// a policy, take them in a hook. Null: none (default).
    single_call_policy& statistics(std::shared_ptr<retry_statistics> figures);

    unsigned max_attempts() const { return max_attempts_; }
    duration stop_after() const { return stop_after_; }
    /// False once `classify` was given a function.
    bool classifies_by_default() const { return by_default_; }
    bool reraise() const { return reraise_; }
    bool has_fallback() const { return fallback_type_ != nullptr; }
    const std::shared_ptr<retry_statistics>& statistics() const { return statistics_; }
    stagger::classification classify(const attempt_result& result) const { return classify_(result); }

    /// True if an attempt with this ending is to be repeated, as far as its ending goes.
    bool repeats(const attempt_result& result, verdict ended) const;
    /// True if no further attempt may be made.
    bool stops(const retry_state& state) const;

    /// When a hook runs.
    enum class moment { before, after, before_sleep, success, give_up };
    void tell(moment when, const retry_state& state) const;

    /// @throws std::invalid_argument if there is a fallback that returns anything but a `T`
    template <class T>
    void check_fallback() const {
        check_fallback_type(typeid(T));
    }
    /// The fallback's result for an operation that returns `T`. Only if there is one.
    template <class T>
    T fallback_result(const retry_state& state) const;

 private:
    single_call_policy& add(moment when, hook function);
    void check_fallback_type(const std::type_info& wanted) const;

    unsigned max_attempts_ = 0;
    duration stop_after_{0};
    classifier classify_ = classify_by_default;
    bool by_default_ = true;
    bool reraise_ = true;
    std::optional<retry_condition> retry_on_;
    std::optional<retry_condition> give_up_on_;
    std::optional<stop_condition> stop_;
    std::array<std::vector<hook>, 5> hooks_;
    std::shared_ptr<retry_statistics> statistics_;
    /// Writes into the std::optional of the type below that the pointer points to; for void it is null.
    std::function<void(const retry_state&, void*)> fallback_;
    const std::type_info* fallback_type_ = nullptr;
};

template <class Function>
single_call_policy& single_call_policy::fallback(Function function) {
    using result_type = std::invoke_result_t<Function&, const retry_state&>;
    fallback_type_ = &typeid(result_type);
    if constexpr (std::is_void_v<result_type>) {
        fallback_ = [function = std::move(function)](const retry_state& state, void*) mutable {
            function(state);
        };
    } else {
        fallback_ = [function = std::move(function)](const retry_state& state, void* result) mutable {
            static_cast<std::optional<result_type>*>(result)->emplace(function(state));
        };
    }
    return *this;
}

template <class T>
T single_call_policy::fallback_result(const retry_state& state) const {
    if constexpr (std::is_void_v<T>) {
        fallback_(state, nullptr);
    } else {
        std::optional<T> result;
        fallback_(state, &result);
        return std::move(*result);
    }
}

/** @brief *Whether* to try again, for a client or for `async_retry`: as `single_call_policy`, whose
 * documentation this is, with setters that keep to what a client can do.
 *
 * `reraise`, `fallback` and `statistics` give a `single_call_policy&`, to the same object.
 */
class retry_policy : public single_call_policy {
 public:
    retry_policy() = default;
    /// A named policy may be of this type whatever it says; a client looks at that when it is constructed.
    retry_policy(const single_call_policy& other) : single_call_policy(other) {}

    using single_call_policy::classify;
    using single_call_policy::max_attempts;
    using single_call_policy::stop_after;

    retry_policy& classify(classifier function) {
        return single_call_policy::classify(std::move(function)), *this;
    }
    retry_policy& retry_on(retry_condition condition) {
        return single_call_policy::retry_on(std::move(condition)), *this;
    }
    retry_policy& give_up_on(retry_condition condition) {
        return single_call_policy::give_up_on(std::move(condition)), *this;
    }
    retry_policy& max_attempts(unsigned count) { return single_call_policy::max_attempts(count), *this; }
    retry_policy& stop_after(duration limit) { return single_call_policy::stop_after(limit), *this; }
    retry_policy& stop(stop_condition condition) {
        return single_call_policy::stop(std::move(condition)), *this;
    }
    retry_policy& before(hook function) { return single_call_policy::before(std::move(function)), *this; }
    retry_policy& after(hook function) { return single_call_policy::after(std::move(function)), *this; }
    retry_policy& before_sleep(hook function) {
        return single_call_policy::before_sleep(std::move(function)), *this;
    }
    retry_policy& on_success(hook function) {
        return single_call_policy::on_success(std::move(function)), *this;
    }
    retry_policy& on_give_up(hook function) {
        return single_call_policy::on_give_up(std::move(function)), *this;
    }
};

}  // namespace stagger
