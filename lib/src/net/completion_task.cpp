#include "net/completion_task.hpp"

#include <algorithm>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/bind_executor.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>
#include <utility>

#include "net/clock.hpp"
#include "net/complete_later.hpp"
#include "net/http_request.hpp"

namespace stagger::detail {

namespace asio = boost::asio;

namespace {

/// Reads off what an attempt's connection carried when the attempt is over, unless the connection went
/// elsewhere.
class exchange_meter {
 public:
    exchange_meter(attempt_trace& trace, const connection_pool::lease& leased)
        : trace_(trace), leased_(leased) {}
    exchange_meter(const exchange_meter&) = delete;
    exchange_meter& operator=(const exchange_meter&) = delete;
    ~exchange_meter() {
        if (leased_) trace_.exchanged(leased_->carried());
    }

 private:
    attempt_trace& trace_;
    const connection_pool::lease& leased_;
};

bool was_refused(const wire::decoded_answer& ended) {
    return ended.tells_limit && ended.what.verdict == verdict::throttled;
}

}  // namespace

completion_task::completion_task(std::shared_ptr<client_state> client,
                                 const asio::any_completion_executor& handler_executor)
    : client_(std::move(client)),
      handler_executor_(executor_of_handler(handler_executor, client_->executor)),
      started_(steady_now()),
      deadline_(client_->options.deadline() > duration::zero()
                    ? saturating_add(started_, client_->options.deadline())
                    : never),
      session_(client_->options.retry(), client_->options.backoff(), started_),
      trace_(client_->counts, client_->options.observer().get()) {}

void completion_task::start(const completion_request& request, wire::delivery how,
                            asio::cancellation_slot cancelled) {
    const auto self = shared_from_this();
    error_code error;
    completion failed;
    const wire::encoded_request encoded =
        wire::encode(request, client_->encoding, error, failed.info.message, how);
    if (error) {
        asio::post(client_->strand, [self, error, failed = std::move(failed)]() mutable {
            self->trace_.request_started();
            self->finish(error, std::move(failed));
        });
        return;
    }
    sent_ = format_http_request(client_->target.authority, encoded, client_->fixed_fields);
    cost_.tokens = wire::estimate_tokens(request);
    listen_for_cancellation(cancelled);
    // Posted, not dispatched: the caller may be on the strand and must not be overtaken.
    asio::post(client_->strand, [self] {
        self->trace_.request_started();
        if (self->client_->refuses) return self->finish(errc::shut_down, {});
        self->client_->running.insert(self.get());
        self->join_line(admission().cost(self->cost_).deadline(self->deadline_));
    });
}

// The caller's signal comes from the caller's thread; ours is given on the strand.
void completion_task::listen_for_cancellation(asio::cancellation_slot cancelled) {
    if (!cancelled.is_connected()) return;
    cancelled.assign([weak = weak_from_this(), strand = client_->strand](asio::cancellation_type) {
        asio::post(strand, [weak] {
            if (const auto self = weak.lock()) self->stop(errc::cancelled);
        });
    });
}

void completion_task::stop(errc why) {
    if (stopped_ != errc{}) return;
    stopped_ = why;
    signal_.emit(asio::cancellation_type::terminal);
}

// No coroutine waits in line: its frames would be most of what a waiting request takes.
void completion_task::join_line(const admission& what) {
    info_.phase = request_phase::queued;
    const time_point joined = steady_now();
    const time_point not_before = what.is_retry() ? what.not_before() : joined;
    trace_.queued(joined, not_before);
    if (stopped_ != errc{}) return end_in_line(stopped_);
    // Leave is often given at once, and then without a handler.
    gate::joined place = client_->gate.join(what);
    if (!place.waits) return leave_line(place.error, std::move(place.leave));
    auto on_leave = [self = shared_from_this(), joined, not_before](error_code error, permit leave) {
        self->info_.queued += steady_now() - joined;
        if (error && steady_now() < not_before) self->info_.phase = request_phase::backing_off;
        self->leave_line(error, std::move(leave));
    };
    auto on_strand = asio::bind_executor(client_->strand, std::move(on_leave));
    client_->gate.async_stay(*place.waits,
                             asio::bind_cancellation_slot(signal_.slot(), std::move(on_strand)));
}

void completion_task::leave_line(error_code error, permit leave) {
    // Stopped and admitted at the same moment: the permit is dropped unused.
    const bool goes = leave && stopped_ == errc{};
    trace_.waited(leave, goes);
    if (!goes) return end_in_line(stopped_ != errc{} ? error_code(stopped_) : error);
    auto then = [self = shared_from_this()](const std::exception_ptr& exception,
                                            const std::optional<admission>& again) {
        if (exception) std::rethrow_exception(exception);
        if (again) self->join_line(*again);
    };
    asio::co_spawn(client_->strand, run(std::move(leave)),
                   asio::bind_cancellation_slot(signal_.slot(), std::move(then)));
}

void completion_task::end_in_line(error_code error) {
    trace_.done(error, info_, false);
    finish(error, {});
}

io_awaitable<std::optional<admission>> completion_task::run(permit leave) {
    co_await asio::this_coro::throw_if_cancelled(false);
    const time_point sent_at = steady_now();
    session_.attempt_begins(sent_at);
    ++info_.attempts;
    wire::decoded_answer ended = co_await attempt();
    info_.served = steady_now() - sent_at;
    info_.http_status = ended.answer.info.http_status;
    info_.message = ended.answer.info.message;
    info_.request_id = ended.answer.info.request_id;
    info_.last_error = ended.error;
    if (stopped_ != errc{} && ended.error == errc::cancelled) {
        trace_.done(stopped_, info_, false);
        finish(stopped_, {});
        co_return std::nullopt;
    }
    const time_point earliest = report(std::move(leave), ended);
    admission next = admission().cost(cost_).deadline(deadline_);
    std::optional<duration> again_in;
    if (may_go_again(ended) && plan_next(ended, earliest, next))
        again_in = std::max(next.not_before() - steady_now(), duration::zero());
    if (!answer_goes_on()) trace_.done(ended.error, info_, was_refused(ended), again_in, ended.hints);
    if (again_in) co_return next;
    const bool late = ended.error && steady_now() >= deadline_;
    finish(late ? error_code(errc::deadline_exceeded) : ended.error, std::move(ended.answer));
    co_return std::nullopt;
}

io_awaitable<wire::decoded_answer> completion_task::attempt() {
    const time_point limit =
        std::min(saturating_add(steady_now(), client_->options.attempt_timeout()), deadline_);
    info_.phase = request_phase::awaiting_place;
    connection_pool::lease leased;
    std::string problem;
    error_code unconnected;
    if (!client_->pool.take_idle(leased))
        unconnected = co_await client_->pool.acquire(limit, leased, problem);
    if (leased) info_.phase = leased->phase();
    if (unconnected) {
        trace_.not_connected();
        co_return transport_failure(unconnected, std::move(problem));
    }
    trace_.connected(leased.reused());

    const exchange_meter meter(trace_, leased);
    wire::response received;
    error_code failed = co_await leased->send(sent_, limit);
    if (!failed) {
        trace_.sent(leased->carried().sent);
        failed = co_await leased->read_head(limit, received);
    }
    if (failed) {
        info_.phase = leased->phase();
        co_return transport_failure(failed, leased->problem());
    }
    trace_.head(received.status);
    co_return co_await receive(leased, limit, received);
}

io_awaitable<wire::decoded_answer> completion_task::receive(connection_pool::lease& leased, time_point limit,
                                                            wire::response& received) {
    error_code failed;
    if (!leased->answer_is_whole()) failed = co_await leased->read_rest(limit, received.body);
    info_.phase = failed ? leased->phase() : request_phase::answered;
    if (failed) co_return transport_failure(failed, leased->problem());
    co_return wire::decode(std::move(received), client_->options.dialect(), unix_now(), client_->hidden);
}

wire::decoded_answer completion_task::transport_failure(error_code error, std::string problem) const {
    wire::decoded_answer ended;
    ended.error = error;
    ended.what = classify_by_default(attempt_result(error));
    ended.tells_limit = false;
    ended.answer.info.message = problem.empty() ? error.message() : std::move(problem);
    return ended;
}

time_point completion_task::report(permit leave, const wire::decoded_answer& ended) {
    if (!ended.tells_limit) {
        leave.failed();
    } else if (ended.what.verdict == verdict::throttled) {
        ++info_.rejections;
        return leave.throttled(ended.hints);
    } else {
        accept(std::move(leave), ended.hints);
    }
    return {};
}

bool completion_task::plan_next(const wire::decoded_answer& ended, time_point earliest, admission& next) {
    const client_options& options = client_->options;
    const retry_policy& policy = options.retry();
    const time_point now = steady_now();
    const auto result = ended.error ? attempt_result::of_error(ended.error, info_, info_.message)
                                    : attempt_result::of(ended.answer);
    const classification judged = policy.classifies_by_default() ? ended.what : policy.classify(result);

    const bool refused_by_limit = judged.verdict == verdict::throttled && ended.tells_limit;
    retry_session::pause known;
    if (options.obey_retry_after()) known.earliest = earliest;
    known.own_backoff = !refused_by_limit || (options.backoff_after_rejection() && known.earliest <= now);
    known.too_late = now >= deadline_;
    const auto step = session_.attempt_ended(result, judged, now, known, client_->random);
    if (step.what != retry_session::next::attempt) return false;
    next.again(refused_by_limit ? retry_cause::throttled : retry_cause::accident, step.not_before);
    return true;
}

void completion_task::finish(error_code error, completion result) {
    client_->running.erase(this);
    if (!answer_goes_on()) trace_.request_ended(!error);
    if (!info_.message.empty() || result.info.message.empty()) result.info = info_;
    if (!error) result.info.message.clear();
    deliver(std::exchange(handler_executor_, {}), error, std::move(result));
}

}  // namespace stagger::detail
