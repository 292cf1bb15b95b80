#include "load/load_run.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/post.hpp>
#include <cmath>
#include <exception>
#include <utility>

#include "dialect/dialect.hpp"
#include "http/clock.hpp"

namespace asio = boost::asio;

namespace stagger::load {

namespace {

// After a pause of the process everything is due at once; in between, answers are to be read.
constexpr unsigned most_sent_at_once = 256;
// A server that takes less than is sent makes the line grow. Beyond this the sender waits, and says that it
// fell behind.
constexpr std::uint64_t most_outstanding = 1'000'000;

std::uint64_t estimated_prompt_tokens(const completion_request& request) {
    return static_cast<std::uint64_t>(std::llround(wire::estimate_prompt_tokens(request)));
}

}  // namespace

load_run::load_run(const asio::any_io_executor& executor, client_options options,
                   const coordinator_options& limits, load_order order, const measuring& how)
    : load_run(
          executor,
          [&](std::shared_ptr<attempt_observer> told) {
              return client(executor, options.observer(std::move(told)), limits);
          },
          options.observer(), std::move(order), how) {}

load_run::load_run(const asio::any_io_executor& executor, const client_maker& make,
                   std::shared_ptr<attempt_observer> told_too, load_order order, const measuring& how)
    : order_(std::move(order)),
      how_(how),
      executor_(executor),
      send_timer_(executor),
      step_timer_(executor),
      finished_(executor, time_point::max()) {
    // Every request's attempts are told of before the request ends, and `run` awaits the requests.
    attempt_ledger::listeners told;
    told.sent = [this](time_point now) {
        recorder_->attempt_sent(now);
        if (closed_) observe(now);
    };
    told.ended = [this](const attempt_record& record) {
        if (was_given_up(record.error)) return;
        recorder_->attempt_ended(record);
        if (closed_ || record.error) observe(record.ended);
    };
    ledger_ = std::make_shared<attempt_ledger>(steady_now, std::move(told), std::move(told_too));
    client_.emplace(make(ledger_));
}

asio::awaitable<run_results> load_run::run() {
    const auto self = shared_from_this();
    start_ = last_end_ = steady_now();
    recorder_.emplace(start_, how_);
    step();
    if (closed_loop()) {
        fill_loop();
    } else {
        schedule_.emplace(order_.profile);
        next_at_ = schedule_->next();
        send_due();
    }
    constexpr auto token = asio::as_tuple(asio::deferred);
    if (!is_over()) co_await finished_.async_wait(token);
    step_timer_.cancel();
    recorder_->end_step(last_end_, status());
    client_->close();
    run_results found = recorder_->finish(last_end_);
    found.interrupted = stopped_;
    co_return found;
}

duration load_run::elapsed() const {
    return steady_now() - start_;
}

void load_run::stop() {
    stopped_ = true;
    next_at_.reset();
    send_timer_.cancel();
    last_end_ = steady_now();
    client_->close();
    if (is_over()) finished_.cancel();
}

bool load_run::may_send_more() const {
    if (stopped_) return false;
    if (!closed_loop()) return next_at_.has_value();
    const load_profile& profile = order_.profile;
    return (!profile.requests || counts_.sent < *profile.requests) &&
           (!profile.length || steady_now() < start_ + *profile.length);
}

void load_run::fill_loop() {
    while (outstanding_ < order_.profile.concurrency && may_send_more()) send(steady_now());
}

void load_run::send_due() {
    for (unsigned sent = 0; sent < most_sent_at_once; ++sent) {
        held_up_ = outstanding_ >= most_outstanding;
        if (!may_send_more() || held_up_) return;
        const time_point due = start_ + *next_at_;
        if (due > steady_now()) return send_later(due);
        next_at_ = schedule_->next();
        send(due);
    }
    asio::post(executor_, [self = shared_from_this()] { self->send_due(); });
}

void load_run::send_later(time_point due) {
    send_timer_.expires_at(due);
    send_timer_.async_wait([self = shared_from_this()](error_code error) {
        if (!error) self->send_due();
    });
}

void load_run::send(time_point scheduled) {
    request_record record;
    record.number = counts_.sent++;
    record.scheduled = scheduled;
    completion_request request = order_.request(record.number);
    record.prompt_tokens = estimated_prompt_tokens(request);
    record.sent = steady_now();
    ++outstanding_;
    if (!closed_loop()) recorder_->sent({scheduled, record.sent});
    if (order_.stream) {
        auto rethrow = [](const std::exception_ptr& failed) {
            if (failed) std::rethrow_exception(failed);
        };
        asio::co_spawn(executor_, send_stream(std::move(record), std::move(request)), std::move(rethrow));
        return;
    }
    client_->async_complete(std::move(request), [self = shared_from_this(), record = std::move(record)](
                                                    error_code error, completion answer) mutable {
        self->ended(std::move(record), error, answer);
    });
}

asio::awaitable<void> load_run::send_stream(request_record record, completion_request request) {
    const auto self = shared_from_this();
    constexpr auto token = asio::as_tuple(asio::deferred);
    auto [error, stream] = co_await client_->async_stream(std::move(request), token);
    time_point last_token{};
    while (!error) {
        auto [failed, delta] = co_await stream.async_next(token);
        error = failed;
        if (!delta) break;
        if (delta->text.empty()) continue;
        const time_point now = steady_now();
        if (!record.first_token) {
            record.first_token = now;
        } else {
            record.between_tokens.push_back(now - last_token);
        }
        last_token = now;
    }
    ended(std::move(record), error, stream.result());
}

void load_run::ended(request_record record, error_code error, const completion& answer) {
    --outstanding_;
    record.ended = steady_now();
    record.error = error;
    record.http_status = answer.info.http_status;
    record.attempts = answer.info.attempts;
    record.rejections = answer.info.rejections;
    record.effort = ledger_->take(record.number + 1);  // the client counts from 1
    record.prompt_tokens = answer.usage.prompt_tokens.value_or(record.prompt_tokens);
    record.completion_tokens = answer.usage.completion_tokens.value_or(0);
    record.empty = !error && answer.empty;
    if (!was_given_up(error)) keep(std::move(record));
    if (closed_loop()) {
        fill_loop();
    } else if (held_up_) {
        send_due();
    }
    if (is_over()) finished_.cancel();
}

void load_run::keep(request_record record) {
    last_end_ = record.ended;
    ++(record.error ? counts_.failed : counts_.succeeded);
    if (!record.error) {
        counts_.prompt_tokens += record.prompt_tokens;
        counts_.completion_tokens += record.completion_tokens;
    }
    if (on_request_) on_request_(record);
    recorder_->request_ended(std::move(record));
}

// Only an attempt that fails closes the server for the client; what opens it again is the next one.
void load_run::observe(time_point now) {
    const coordinator_status seen = status();
    closed_ = seen.mode == coordinator_mode::closed;
    recorder_->observe(now, seen);
}

// By the schedule of the steps, not of the timer, which may be late.
void load_run::step() {
    const auto passed = (steady_now() - start_) / timeline::shortest_step;
    const time_point end_of_step = start_ + timeline::shortest_step * (passed + 1);
    step_timer_.expires_at(end_of_step);
    step_timer_.async_wait([self = shared_from_this(), end_of_step](error_code error) {
        if (error) return;
        self->recorder_->end_step(end_of_step, self->status());
        self->step();
    });
}

}  // namespace stagger::load
