#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/associated_executor.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/system_executor.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <exception>
#include <memory>
#include <optional>
#include <tuple>
#include <type_traits>
#include <utility>
#include <variant>

#include "stagger/backoff_policy.hpp"
#include "stagger/gate.hpp"
#include "stagger/retry_error.hpp"
#include "stagger/retry_policy.hpp"

namespace stagger {

namespace detail {

template <class Awaitable>
struct awaited;
template <class T, class Executor>
struct awaited<boost::asio::awaitable<T, Executor>> {
    using type = T;
};
template <class Operation>
using awaited_by = typename awaited<std::invoke_result_t<Operation&>>::type;

template <class T>
struct retry_signature {
    using type = void(std::exception_ptr, T);
};
template <>
struct retry_signature<void> {
    using type = void(std::exception_ptr);
};
template <class Operation>
using retry_signature_of = typename retry_signature<awaited_by<Operation>>::type;

/// Everything that `async_retry` was given.
template <class Operation>
struct retry_call {
    retry_call(Operation what, single_call_policy when, backoff_policy wait, std::optional<gate> shared)
        : operation(std::move(what)),
          policy(std::move(when)),
          backoff(std::move(wait)),
          limiter(std::move(shared)) {}

    Operation operation;
    single_call_policy policy;
    backoff_policy backoff;
    std::optional<gate> limiter;
};

/// What of `async_retry` does not depend on the operation: waits, decides, reports to the gate.
class retry_loop {
 public:
    enum class next { attempt, end, fall_back, give_up };

    retry_loop(const boost::asio::any_io_executor& executor, const single_call_policy& policy,
               const backoff_policy& backoff, const std::optional<gate>& limiter);
    retry_loop(const retry_loop&) = delete;
    retry_loop& operator=(const retry_loop&) = delete;
    ~retry_loop();

    /// Before the loop: waits answer to every type of cancellation, none of them by throwing.
    static boost::asio::awaitable<void> listen_for_cancellation();
    /// Returns when the next attempt may begin. @throws system_error: cancelled, or what the gate answers
    boost::asio::awaitable<void> ready();
    /// What the attempt that may begin runs on: by it a gate knows who has its leave.
    boost::asio::any_io_executor executor_of_attempt(const boost::asio::any_io_executor& executor);
    /// Throws errc::cancelled if an attempt that was not a success was cancelled; else decides what follows
    /// it.
    boost::asio::awaitable<next> after(const attempt_result& result);
    const retry_state& state() const;

 private:
    struct parts;
    std::unique_ptr<parts> parts_;
};

/// How an attempt ended: an exception, or a value (std::monostate for void).
template <class T>
struct attempt_ending {
    using value_type = std::conditional_t<std::is_void_v<T>, std::monostate, T>;

    attempt_result seen() const { return value ? attempt_result::of(*value) : attempt_result(exception); }
    T take() {
        if (!value) std::rethrow_exception(exception);
        if constexpr (!std::is_void_v<T>) return std::move(*value);
    }

    std::exception_ptr exception;
    std::optional<value_type> value;
};

/// One attempt as a coroutine of its own: what it does with its cancellation state stays its own business.
template <class Operation>
boost::asio::awaitable<attempt_ending<awaited_by<Operation>>> run_attempt(
    Operation& operation, boost::asio::any_io_executor executor) {
    namespace asio = boost::asio;
    attempt_ending<awaited_by<Operation>> ended;
    try {
        auto running = operation();
        auto outcome =
            co_await asio::co_spawn(executor, std::move(running), asio::as_tuple(asio::use_awaitable));
        ended.exception = std::get<0>(outcome);
        if (!ended.exception) {
            if constexpr (std::is_void_v<awaited_by<Operation>>) {
                ended.value.emplace();
            } else {
                ended.value.emplace(std::move(std::get<1>(outcome)));
            }
        }
    } catch (...) {  // thrown by the call itself, before it became a coroutine
        ended.exception = std::current_exception();
    }
    co_return ended;
}

template <class Operation>
boost::asio::awaitable<awaited_by<Operation>> run_retries(retry_call<Operation> call) {
    using value_type = awaited_by<Operation>;
    call.policy.template check_fallback<value_type>();
    co_await retry_loop::listen_for_cancellation();
    const boost::asio::any_io_executor executor = co_await boost::asio::this_coro::executor;
    retry_loop loop(executor, call.policy, call.backoff, call.limiter);
    for (;;) {
        co_await loop.ready();
        const boost::asio::any_io_executor of_attempt = loop.executor_of_attempt(executor);
        auto ended = co_await run_attempt(call.operation, of_attempt);
        const attempt_result seen = ended.seen();
        switch (co_await loop.after(seen)) {
            case retry_loop::next::attempt:
                break;
            case retry_loop::next::end:
                co_return ended.take();
            case retry_loop::next::fall_back:
                co_return call.policy.template fallback_result<value_type>(loop.state());
            case retry_loop::next::give_up:
                throw retry_error(loop.state());
        }
    }
}

template <class Operation>
struct initiate_retry {
    template <class Handler>
    void operator()(Handler&& handler, retry_call<Operation> call) const {
        namespace asio = boost::asio;
        const auto otherwise =
            call.limiter ? call.limiter->get_executor() : asio::any_io_executor(asio::system_executor());
        const auto executor = asio::get_associated_executor(handler, otherwise);
        asio::co_spawn(executor, run_retries(std::move(call)), std::forward<Handler>(handler));
    }
};

}  // namespace detail

/// The wait between the attempts of `async_retry` where none is given: full jitter, 0.5 s doubling up to 30
/// s.
inline const backoff_policy default_backoff =
    backoff_policy::full_jitter(std::chrono::milliseconds(500), std::chrono::seconds(30));

/** @brief Runs any coroutine again until it succeeds or may not.
 *
 *     co_await async_retry(operation, policy);                  // with default_backoff between the attempts
 *     co_await async_retry(operation, policy, backoff);
 *     co_await async_retry(operation, policy, gate);            // the gate says when, for throttled attempts
 *     co_await async_retry(operation, policy, gate, backoff);   // and this how long after accidents
 *
 * A completion token may follow.
 *
 * Each attempt calls `operation()`, a copyable or movable function object, and awaits the awaitable it
 * returns. `policy` says from its error, exception or result what to do; between attempts the task waits as
 * `backoff` says, and not less than a Retry-After that `policy.classify` found. With a gate every attempt is
 * admitted by it and reported to it, and after a rejection the gate alone decides when the next one may go.
 * What the attempt awaits and that asks the same gate for leave, such as a request of a client, has the
 * attempt's: the first to ask takes it, and reports to the gate in its place. That holds for what the
 * operation awaits itself, on the executor that it was given; what it spawns elsewhere waits in the line, and
 * may wait for ever where every place is held by an attempt that waits for it.
 *
 * @par Preconditions
 * The operation's result is void, or default-constructible and movable.
 * @par Handler signature
 * `void(std::exception_ptr, T)` for an operation that awaits to `T`, `void(std::exception_ptr)` for void.
 * @par Executor
 * Operation and handler run on the handler's associated executor; where it has none, on the gate's, else on
 * the system executor. Never inline.
 * @par Per-operation cancellation
 * Waiting (for the gate, or backing off): all types, ends at once with errc::cancelled, gives up the place in
 * line; no attempt follows.
 * Attempt running: passed on to it as to any coroutine (which by default answers to `terminal` only). If it
 * then fails, with whatever, the call ends with errc::cancelled and no attempt follows, whatever the policy
 * says; if it succeeds all the same, its result stands. Its permit counts as abandoned.
 * Not begun: `terminal`.
 * @par Errors
 * The exception or the result of the last attempt as it is; after a limit of the policy `retry_error` or its
 * fallback's result instead, if it says so. boost::system::system_error with errc::cancelled, or with
 * errc::shut_down if the gate is closed. What a hook throws. std::invalid_argument, before the first attempt,
 * if the policy's fallback returns another type than the operation.
 * @par Object lifetimes
 * All arguments are moved into the operation. What `operation` refers to must outlive it.
 * @par Thread safety
 * A call is sequential on any executor. As for every coroutine, a cancellation has to be emitted where it
 * runs: on its strand, or the only thread. Calls on different threads may share a gate, and copies of a
 * policy.
 */
template <class Operation, boost::asio::completion_token_for<detail::retry_signature_of<Operation>>
                               CompletionToken = boost::asio::use_awaitable_t<>>
auto async_retry(Operation operation, single_call_policy policy, backoff_policy backoff = default_backoff,
                 CompletionToken&& token = CompletionToken()) {
    return boost::asio::async_initiate<CompletionToken, detail::retry_signature_of<Operation>>(
        detail::initiate_retry<Operation>(), token,
        detail::retry_call<Operation>(std::move(operation), std::move(policy), std::move(backoff),
                                      std::nullopt));
}

/// @copydoc async_retry
template <class Operation, boost::asio::completion_token_for<detail::retry_signature_of<Operation>>
                               CompletionToken = boost::asio::use_awaitable_t<>>
auto async_retry(Operation operation, single_call_policy policy, gate limiter,
                 backoff_policy backoff = default_backoff, CompletionToken&& token = CompletionToken()) {
    return boost::asio::async_initiate<CompletionToken, detail::retry_signature_of<Operation>>(
        detail::initiate_retry<Operation>(), token,
        detail::retry_call<Operation>(std::move(operation), std::move(policy), std::move(backoff),
                                      std::move(limiter)));
}

/// @copydoc async_retry
template <class Operation,
          boost::asio::completion_token_for<detail::retry_signature_of<Operation>> CompletionToken>
auto async_retry(Operation operation, single_call_policy policy, CompletionToken&& token) {
    return async_retry(std::move(operation), std::move(policy), default_backoff,
                       std::forward<CompletionToken>(token));
}

/// @copydoc async_retry
template <class Operation,
          boost::asio::completion_token_for<detail::retry_signature_of<Operation>> CompletionToken>
auto async_retry(Operation operation, single_call_policy policy, gate limiter, CompletionToken&& token) {
    return async_retry(std::move(operation), std::move(policy), std::move(limiter), default_backoff,
                       std::forward<CompletionToken>(token));
}

}  // namespace stagger
