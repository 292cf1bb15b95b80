#include "net/completion_task.hpp"

#include <algorithm>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>
#include <utility>

#include "net/complete_later.hpp"
#include "net/http_request.hpp"

namespace stagger::detail {

namespace asio = boost::asio;

namespace {

time_point steady_now() {
    return std::chrono::steady_clock::now();
}

double unix_now() {
    return std::chrono::duration<double>(std::chrono::system_clock::now().time_since_epoch()).count();
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
      session_(client_->options.retry(), client_->options.backoff(), started_) {}

void completion_task::start(const completion_request& request, wire::delivery how,
                            asio::cancellation_slot cancelled) {
    const auto self = shared_from_this();
    error_code error;
    completion failed;
    const wire::encoded_request encoded =
        wire::encode(request, client_->encoding, error, failed.info.message, how);
    if (error) {
        asio::post(client_->strand, [self, error, failed = std::move(failed)]() mutable {
            self->finish(error, std::move(failed));
        });
        return;
    }
    sent_ = format_http_request(client_->target.authority, encoded, client_->fixed_fields);
    cost_.tokens = wire::estimate_tokens(request);
    listen_for_cancellation(cancelled);
    // Posted, not dispatched: the caller may be on the strand and must not be overtaken.
    asio::post(client_->strand, [self] {
        if (self->client_->closed) return self->finish(errc::shut_down, {});
        self->client_->running.insert(self.get());
        auto rethrow = [self](const std::exception_ptr& exception) {
            if (exception) std::rethrow_exception(exception);
        };
        asio::co_spawn(self->client_->strand, self->run(),
                       asio::bind_cancellation_slot(self->signal_.slot(), std::move(rethrow)));
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

io_awaitable<void> completion_task::run() {
    co_await asio::this_coro::throw_if_cancelled(false);
    admission next = admission().cost(cost_).deadline(deadline_);
    for (;;) {
        info_.phase = request_phase::queued;
        if (stopped_ != errc{}) co_return finish(stopped_, {});
        // Leave is often given at once: what does not wait needs no coroutine.
        gate::joined place = client_->gate.join(next);
        if (place.waits) co_await stay_in_line(next, place);
        if (place.error) co_return finish(place.error, {});

        const time_point sent_at = steady_now();
        session_.attempt_begins(sent_at);
        ++info_.attempts;
        wire::decoded_answer ended = co_await attempt();
        info_.served = steady_now() - sent_at;
        info_.http_status = ended.answer.info.http_status;
        info_.message = ended.answer.info.message;
        info_.request_id = ended.answer.info.request_id;
        info_.last_error = ended.error;
        if (const auto& observe = client_->options.on_attempt()) observe(info_);
        if (stopped_ != errc{} && ended.error == errc::cancelled) co_return finish(stopped_, {});

        const time_point earliest = report(std::move(place.leave), ended);
        if (!may_go_again(ended) || !plan_next(ended, earliest, next)) {
            const bool late = ended.error && steady_now() >= deadline_;
            co_return finish(late ? error_code(errc::deadline_exceeded) : ended.error,
                             std::move(ended.answer));
        }
    }
}

io_awaitable<void> completion_task::stay_in_line(const admission& what, gate::joined& place) {
    const time_point joined = steady_now();
    std::tie(place.error, place.leave) = co_await client_->gate.async_stay(*place.waits, with_error);
    info_.queued += steady_now() - joined;
    if (place.error && what.is_retry() && steady_now() < what.not_before())
        info_.phase = request_phase::backing_off;
    // Stopped and admitted at the same moment: the permit is dropped unused.
    if (stopped_ != errc{}) place.error = stopped_;
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
    if (unconnected) co_return transport_failure(unconnected, std::move(problem));

    wire::response received;
    error_code failed = co_await leased->send(sent_, limit);
    if (!failed) failed = co_await leased->read_head(limit, received);
    if (failed) {
        info_.phase = leased->phase();
        co_return transport_failure(failed, leased->problem());
    }
    co_return co_await receive(leased, limit, received);
}

io_awaitable<wire::decoded_answer> completion_task::receive(connection_pool::lease& leased, time_point limit,
                                                            wire::response& received) {
    error_code failed;
    if (!leased->answer_is_whole()) failed = co_await leased->read_rest(limit, received.body);
    info_.phase = failed ? leased->phase() : request_phase::answered;
    if (failed) co_return transport_failure(failed, leased->problem());
    co_return wire::decode(std::move(received), client_->options.dialect(), unix_now(),
                           client_->options.api_key());
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
    if (!info_.message.empty() || result.info.message.empty()) result.info = info_;
    if (!error) result.info.message.clear();
    deliver(std::exchange(handler_executor_, {}), error, std::move(result));
}

}  // namespace stagger::detail
