#include "stagger/retry.hpp"

#include <algorithm>
#include <boost/asio/deferred.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/system/system_error.hpp>
#include <utility>

#include "http/clock.hpp"
#include "http/seed.hpp"
#include "net/attempt_executor.hpp"
#include "net/lent_permit.hpp"
#include "stagger/retry_session.hpp"

namespace stagger::detail {

namespace asio = boost::asio;

namespace {

constexpr auto with_error = asio::as_tuple(asio::deferred);

/// Tells the gate how an attempt ended; the earliest time for another one.
time_point report(permit leave, const attempt_result& result, const classification& ended,
                  refusal_history& of_task) {
    if (!leave) return {};
    hints said;
    said.retry_after = ended.retry_after;
    switch (ended.verdict) {
        case verdict::throttled:
            return leave.throttled(said, of_task);
        case verdict::transient:
            leave.failed();
            return {};
        case verdict::ok:
        case verdict::permanent:
            break;
    }
    // A refusal is no admission, although it is final here.
    result.error() == condition::throttled ? leave.failed() : leave.accepted(said);
    return {};
}

}  // namespace

struct retry_loop::parts {
    parts(const asio::any_io_executor& executor, const single_call_policy& chosen,
          const backoff_policy& backoff, const std::optional<gate>& shared)
        : policy(chosen),
          session(chosen, backoff, steady_now()),
          random(seed_or_random(0)),
          timer(executor),
          limiter(shared) {}

    const single_call_policy& policy;
    retry_session session;
    random_source random;
    asio::steady_timer timer;
    std::optional<gate> limiter;
    permit leave;                       // of the attempt that is to begin, or has ended
    std::shared_ptr<lent_permit> lent;  // that of the attempt that runs
    admission asked_for;
    refusal_history refused;
    time_point not_before{};  // of the next attempt, where no gate says so

    [[noreturn]] void fail(error_code error) {
        session.cancelled(steady_now());
        throw boost::system::system_error(error);
    }
    retry_loop::next decide(const attempt_result& result);
};

retry_loop::retry_loop(const asio::any_io_executor& executor, const single_call_policy& policy,
                       const backoff_policy& backoff, const std::optional<gate>& limiter)
    : parts_(std::make_unique<parts>(executor, policy, backoff, limiter)) {}

retry_loop::~retry_loop() = default;

const retry_state& retry_loop::state() const {
    return parts_->session.state();
}

asio::awaitable<void> retry_loop::listen_for_cancellation() {
    co_await asio::this_coro::throw_if_cancelled(false);
    const asio::cancellation_state before = co_await asio::this_coro::cancellation_state;
    if (before.cancelled() != asio::cancellation_type::none) {
        throw boost::system::system_error(errc::cancelled);  // the reset would forget it
    }
    co_await asio::this_coro::reset_cancellation_state(asio::enable_total_cancellation());
}

asio::awaitable<void> retry_loop::ready() {
    parts& own = *parts_;
    if (own.limiter) {
        auto [refused, granted] = co_await own.limiter->async_admit(own.asked_for, with_error);
        own.leave = std::move(granted);
        if (refused) own.fail(refused);
    } else if (own.not_before > steady_now()) {
        own.timer.expires_at(own.not_before);
        co_await own.timer.async_wait(with_error);
    }
    // Cancelled and ready at the same moment: a permit is dropped unused.
    const asio::cancellation_state seen = co_await asio::this_coro::cancellation_state;
    if (seen.cancelled() != asio::cancellation_type::none) {
        own.leave = permit();
        own.fail(errc::cancelled);
    }
    own.session.attempt_begins(steady_now());
}

asio::any_io_executor retry_loop::executor_of_attempt(const asio::any_io_executor& executor) {
    parts& own = *parts_;
    if (!own.limiter) return executor;
    own.lent = std::make_shared<lent_permit>(std::move(own.leave));
    return attempt_executor(executor, own.lent);
}

asio::awaitable<retry_loop::next> retry_loop::after(const attempt_result& result) {
    if (parts_->lent) parts_->leave = std::exchange(parts_->lent, nullptr)->take_back();
    const asio::cancellation_state seen = co_await asio::this_coro::cancellation_state;
    const bool cancelled = seen.cancelled() != asio::cancellation_type::none;
    if (cancelled && result.failed()) {
        parts_->leave = permit();
        parts_->fail(errc::cancelled);
    }
    const next follows = parts_->decide(result);
    if (cancelled && follows == next::attempt) parts_->fail(errc::cancelled);
    co_return follows;
}

retry_loop::next retry_loop::parts::decide(const attempt_result& result) {
    const classification ended = policy.classify(result);
    const bool refused_by_gate = limiter && ended.verdict == verdict::throttled;
    retry_session::pause known;
    known.earliest = report(std::move(leave), result, ended, refused);
    const time_point now = steady_now();
    if (ended.retry_after) known.earliest = std::max(known.earliest, saturating_add(now, *ended.retry_after));
    known.own_backoff = !refused_by_gate;

    const retry_session::step step = session.attempt_ended(result, ended, now, known, random);
    switch (step.what) {
        case retry_session::next::attempt:
            break;
        case retry_session::next::end:
            return retry_loop::next::end;
        case retry_session::next::stop:
        case retry_session::next::late:
            if (policy.has_fallback()) return retry_loop::next::fall_back;
            return policy.reraise() ? retry_loop::next::end : retry_loop::next::give_up;
    }
    not_before = step.not_before;
    asked_for.again(refused_by_gate ? retry_cause::throttled : retry_cause::accident, not_before);
    asked_for.refused(refused);
    return retry_loop::next::attempt;
}

}  // namespace stagger::detail
