#pragma once

#include <algorithm>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/associated_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/system/system_error.hpp>
#include <exception>
#include <optional>
#include <type_traits>
#include <utility>
#include <variant>

#include "stagger/backoff_policy.hpp"
#include "stagger/gate.hpp"
#include "stagger/retry_policy.hpp"

namespace stagger {

namespace detail {

template <class Awaitable>
struct awaited;
template <class T, class Executor>
struct awaited<boost::asio::awaitable<T, Executor>> {
    using type = T;
};

template <class T>
struct retry_signature {
    using type = void(std::exception_ptr, T);
};
template <>
struct retry_signature<void> {
    using type = void(std::exception_ptr);
};

/// Everything that `async_retry` was given.
template <class Operation>
struct retry_call {
    retry_call(Operation what, retry_policy when, backoff_policy wait, std::optional<gate> shared)
        : operation(std::move(what)), policy(std::move(when)), backoff(wait), limiter(std::move(shared)) {}

    Operation operation;
    retry_policy policy;
    backoff_policy backoff;
    std::optional<gate> limiter;
};

std::uint64_t fresh_seed();
/// Tells the gate how an attempt ended; the earliest time for another one.
time_point report_attempt(permit& leave, const classification& ended);

template <class Operation>
boost::asio::awaitable<typename awaited<std::invoke_result_t<Operation&>>::type> run_retries(
    retry_call<Operation> call) {
    namespace asio = boost::asio;
    using value_type = typename awaited<std::invoke_result_t<Operation&>>::type;
    using stored_type = std::conditional_t<std::is_void_v<value_type>, std::monostate, value_type>;
    constexpr auto with_error = asio::as_tuple(asio::deferred);

    random_source random(fresh_seed());
    asio::steady_timer timer(co_await asio::this_coro::executor);
    const time_point started = std::chrono::steady_clock::now();
    admission next;
    duration last_wait{0};
    for (unsigned attempts = 1;; ++attempts) {
        permit leave;
        if (call.limiter) {
            auto [refused, granted] = co_await call.limiter->async_admit(next, with_error);
            if (refused) throw boost::system::system_error(refused);
            leave = std::move(granted);
        }
        std::exception_ptr exception;
        std::optional<stored_type> value;
        try {
            if constexpr (std::is_void_v<value_type>) {
                co_await call.operation();
                value.emplace();
            } else {
                value.emplace(co_await call.operation());
            }
        } catch (...) {
            exception = std::current_exception();
        }
        const classification ended =
            call.policy.classify(value ? attempt_result::of(*value) : attempt_result(exception));
        const time_point earliest = report_attempt(leave, ended);
        const time_point now = std::chrono::steady_clock::now();
        if (!call.policy.should_retry(ended.verdict, attempts, now - started)) {
            if (exception) std::rethrow_exception(exception);
            if constexpr (std::is_void_v<value_type>) {
                co_return;
            } else {
                co_return std::move(*value);
            }
        }
        time_point not_before = now;
        if (ended.retry_after) not_before = std::max(earliest, saturating_add(now, *ended.retry_after));
        if (!call.limiter || ended.verdict != verdict::throttled) {
            last_wait = call.backoff.next(attempts, last_wait, random);
            not_before = std::max(not_before, saturating_add(now, last_wait));
        }
        if (call.limiter) {
            next.again(ended.verdict == verdict::throttled ? retry_cause::throttled : retry_cause::accident,
                       not_before);
        } else {
            timer.expires_at(not_before);
            const auto [cancelled] = co_await timer.async_wait(with_error);
            if (cancelled) throw boost::system::system_error(errc::cancelled);
        }
    }
}

template <class Operation>
struct initiate_retry {
    template <class Handler>
    void operator()(Handler&& handler, retry_call<Operation> call) const {
        const auto executor = boost::asio::get_associated_executor(handler);
        boost::asio::co_spawn(executor, run_retries(std::move(call)), std::forward<Handler>(handler));
    }
};

}  // namespace detail

/// The wait between the attempts of `async_retry` where none is given: full jitter, 0.5 s doubling up to 30
/// s.
inline const backoff_policy default_backoff =
    backoff_policy::full_jitter(std::chrono::milliseconds(500), std::chrono::seconds(30));

/** @brief Runs any coroutine again until it succeeds or may not.
 *
 * Each attempt calls `operation()` and awaits the awaitable it returns. `policy` says from its error,
 * exception or result what to do; between attempts the task waits as `backoff` says, and not less than a
 * Retry-After that `policy.classify` found. With a gate every attempt is admitted by it and reported to it,
 * and after a rejection the gate alone decides when the next one may go.
 *
 * @par Handler signature
 * `void(std::exception_ptr, T)` for an operation that awaits to `T`, `void(std::exception_ptr)` for void.
 * Tokens that throw rethrow the last attempt's exception; a last result that the policy judged as failed is
 * returned as it is.
 * @par Executor
 * Operation and handler run on the handler's associated executor. Never inline.
 * @par Per-operation cancellation
 * Terminal: passed on to the operation; waiting ends with errc::cancelled.
 * @par Errors
 * What the operation throws; boost::system::system_error with errc::cancelled, or what the gate answers.
 * @par Object lifetimes
 * All arguments are moved into the operation.
 */
template <class Operation, boost::asio::completion_token_for<typename detail::retry_signature<
                               typename detail::awaited<std::invoke_result_t<Operation&>>::type>::type>
                               CompletionToken = boost::asio::use_awaitable_t<>>
auto async_retry(Operation operation, retry_policy policy, backoff_policy backoff,
                 CompletionToken&& token = CompletionToken()) {
    using value_type = typename detail::awaited<std::invoke_result_t<Operation&>>::type;
    return boost::asio::async_initiate<CompletionToken, typename detail::retry_signature<value_type>::type>(
        detail::initiate_retry<Operation>(), token,
        detail::retry_call<Operation>(std::move(operation), std::move(policy), backoff, std::nullopt));
}

/// @copydoc async_retry
template <class Operation, boost::asio::completion_token_for<typename detail::retry_signature<
                               typename detail::awaited<std::invoke_result_t<Operation&>>::type>::type>
                               CompletionToken = boost::asio::use_awaitable_t<>>
auto async_retry(Operation operation, retry_policy policy, gate limiter,
                 backoff_policy backoff = default_backoff, CompletionToken&& token = CompletionToken()) {
    using value_type = typename detail::awaited<std::invoke_result_t<Operation&>>::type;
    return boost::asio::async_initiate<CompletionToken, typename detail::retry_signature<value_type>::type>(
        detail::initiate_retry<Operation>(), token,
        detail::retry_call<Operation>(std::move(operation), std::move(policy), backoff, std::move(limiter)));
}

}  // namespace stagger
