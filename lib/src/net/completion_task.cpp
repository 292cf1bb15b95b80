#include "net/completion_task.hpp"

#include <algorithm>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/prefer.hpp>
#include <boost/asio/this_coro.hpp>
#include <cmath>
#include <string>
#include <utility>

#include "base/thrown_error.hpp"
#include "coordinator/own_refusals.hpp"
#include "http/clock.hpp"
#include "http/complete_later.hpp"
#include "http/http_request.hpp"
#include "http/out_of_memory.hpp"
#include "net/judgement.hpp"

namespace stagger::detail {

namespace asio = boost::asio;

namespace {

/// Waits in the line of a gate that has another context: keeps the client's running.
class distant_guest final : public line_guest {
 public:
    distant_guest(std::shared_ptr<line_guest> guest, const asio::any_io_executor& of_client)
        : guest_(std::move(guest)),
          running_(asio::prefer(of_client, asio::execution::outstanding_work.tracked)) {}

    void leave_line(const error_code& error, permit leave) override {
        guest_->leave_line(error, std::move(leave));
    }

 private:
    std::shared_ptr<line_guest> guest_;
    asio::any_io_executor running_;
};

// Of a request that is tried for hours: enough to see what it met at first and what it meets now.
constexpr std::size_t most_tries_listed = 20;
constexpr std::size_t first_tries_listed = 10;

// Each was made, and may have been billed: more than this is not worth what may be wrong with all of them.
constexpr unsigned most_unreadable_answers = 3;

bool is_running(const asio::any_io_executor& executor) {
    const auto* const context = executor.target<asio::io_context::executor_type>();
    return context && context->running_in_this_thread();
}

/// What a function of the program's own threw; null: nothing.
template <class Call>
std::exception_ptr thrown_by(Call call) {
    try {
        call();
    } catch (const std::bad_alloc&) {
        throw;
    } catch (...) {
        return std::current_exception();
    }
    return nullptr;
}

bool was_refused(const wire::decoded_answer& ended) {
    return ended.tells_limit && ended.what.verdict == verdict::throttled;
}

}  // namespace

completion_task::completion_task(std::shared_ptr<client_state> client,
                                 asio::any_completion_executor handler_executor)
    : client_(std::move(client)),
      started_(steady_now()),
      deadline_(client_->options.deadline() > duration::zero()
                    ? saturating_add(started_, client_->options.deadline())
                    : never),
      session_(client_->options.retry(), client_->options.backoff(), started_),
      trace_(client_->counts, client_->options.observer().get()) {
    if (handler_executor)
        handler_executor_ = std::make_unique<asio::any_completion_executor>(std::move(handler_executor));
}

void completion_task::start(const completion_request& request, wire::delivery how,
                            asio::cancellation_slot cancelled) {
    const auto self = shared_from_this();
    error_code error;
    completion failed;
    request_ = wire::encode(request, client_->encoding, error, failed.info.message, how);
    if (error) {
        client_->posting.execute([self, error, failed = std::move(failed)]() mutable {
            self->trace_.request_started();
            self->finish(error, std::move(failed));
        });
        // Requests begin, and are numbered, in the order of the calls.
        client_->turn->separate();
        return;
    }
    how_ = how;
    cost_ = wire::cost_of(request);
    listen_for_cancellation(cancelled);
    // Not inside this call: the caller may be on the strand and must not be overtaken.
    client_->turn->add(self, &completion_task::begin);
}

void completion_task::begin() {
    trace_.request_started();
    if (client_->refuses) return refuse(errc::shut_down);
    client_->running.insert(*this);
    guard([&] { join_line(to_send()); });
}

std::uint64_t completion_task::alike() const {
    constexpr std::uint64_t spread = 0x9e3779b97f4a7c15u;
    return client_->account ^ request_.model * spread;
}

admission completion_task::to_send() const {
    return admission().cost(cost_).deadline(deadline_).alike(alike());
}

admission completion_task::once_more(time_point now) const {
    admission again = to_send();
    if (progress_.attempts == 0) return again;
    again.again(refused_ ? retry_cause::throttled : retry_cause::accident, std::max(now, not_before_));
    if (refused_) again.refused(*refused_);
    return again;
}

// Whatever the step was about to do has not begun: nothing is under way that could still be told.
void completion_task::break_down(error_code error, std::string message, std::exception_ptr thrown) {
    if (ended_) return;
    exchanging_ = false;
    if (leased_) progress_.phase = leased_->phase();
    leased_.release();
    leave_ = {};
    completion result;
    if (last_) result.info = std::move(*last_);
    note_progress(result.info);
    result.info.last_error = error;
    result.info.message = std::move(message);
    result.info.thrown = std::move(thrown);
    trace_.done(error, result.info, false);
    finish(error, std::move(result));
}

void completion_task::end_by(const std::exception_ptr& thrown) {
    thrown_error meant = error_of(thrown);
    break_down(meant.error, std::move(meant.message), thrown);
}

void completion_task::end_by(const std::exception_ptr& thrown, completion&& result) {
    thrown_error meant = error_of(thrown);
    result.info.message = std::move(meant.message);
    result.info.thrown = thrown;
    trace_.done(meant.error, result.info, false);
    finish(meant.error, std::move(result));
}

void completion_task::refuse(error_code error) {
    completion result;
    result.info.message = error.message();
    finish(error, std::move(result));
}

// The caller's signal comes from the caller's thread; ours is given on the strand.
void completion_task::listen_for_cancellation(asio::cancellation_slot cancelled) {
    if (!cancelled.is_connected()) return;
    cancelled.assign([weak = weak_from_this()](asio::cancellation_type) {
        if (auto self = weak.lock()) {
            const io_executor posting = self->client_->posting;
            posting.execute([self = std::move(self)] { self->stop(errc::cancelled); });
        }
    });
}

void completion_task::stop(errc why) {
    if (stopped_ != errc{}) return;
    stopped_ = why;
    if (place_) return client_->gate.leave(*place_);
    if (exchanging_) return leased_->cancel();
    if (client_->held.forget(this)) {
        const io_executor posting = client_->posting;
        return posting.execute([self = shared_from_this()] { self->end_in_line(self->stopped_); });
    }
    signal_.emit(asio::cancellation_type::terminal);
}

// A gate of another context would keep it.
void completion_task::context_ends() noexcept {
    const auto self = shared_from_this();
    if (place_) client_->gate.leave(*place_);
}

// Those in front would keep the one that is let through waiting, and take the pace for nothing.
void completion_task::step_aside() {
    if (!place_ || stopped_ != errc{} || chosen_ || client_->held.lets_pass(alike())) return;
    steps_aside_ = true;
    client_->gate.leave(*place_);
}

// Neither a coroutine nor a handler waits in line: they would be most of what a waiting request takes.
void completion_task::join_line(const admission& what) {
    progress_.phase = request_phase::queued;
    joined_ = steady_now();
    not_before_ = what.is_retry() ? what.not_before() : joined_;
    trace_.queued(joined_, not_before_);
    if (stopped_ != errc{}) return end_in_line(stopped_);
    // A request that is all of an attempt of async_retry has its leave already.
    if (!what.is_retry() && handler_executor_) {
        if (permit lent = client_->gate.lent_to(*handler_executor_))
            return begin_or_end({}, std::move(lent), joined_);
    }
    if (may_pass(what)) stand_in_line(what);
}

bool completion_task::may_pass(const admission& what) {
    if (chosen_ || client_->held.is_open()) return true;
    using answer = turnstile::answer;
    const auto go_on = [self = shared_from_this(), what](answer said) {
        self->chosen_ = said == answer::chosen;
        self->guard([&] {
            said == answer::refused ? self->end_in_line(errc::shut_down) : self->stand_in_line(what);
        });
    };
    const answer said = client_->held.ask(alike());
    if (said == answer::waits) {
        client_->held.wait(this, alike(), request_.body.size(), go_on);
        return false;
    }
    chosen_ = said == answer::chosen;
    if (said == answer::refused) end_in_line(errc::shut_down);
    return said != answer::refused;
}

void completion_task::stand_in_line(const admission& what) {
    std::shared_ptr<line_guest> guest(shared_from_this(), this);
    if (client_->gate_is_elsewhere)
        guest = std::make_shared<distant_guest>(std::move(guest), client_->executor);
    gate::joined place = client_->gate.join(what, std::move(guest));
    place_ = place.waits;
    if (!place_) begin_or_end(place.error, std::move(place.leave), place.at);
}

void completion_task::leave_line(const error_code& error, permit leave) {
    // Nobody else looks at it while the request stands in line.
    leave_ = std::move(leave);
    const auto then = [self = shared_from_this(), error] {
        self->place_.reset();
        const time_point left = steady_now();
        self->progress_.queued += left - self->joined_;
        if (error && left < self->not_before_) self->progress_.phase = request_phase::backing_off;
        self->guard([&] { self->begin_or_end(error, std::move(self->leave_), left); });
    };
    at_second_try([&] { client_->posting.execute(then); });
}

void completion_task::begin_or_end(const error_code& error, permit leave, time_point now) {
    const bool left_to_wait = std::exchange(steps_aside_, false) && error == errc::cancelled;
    if (stopped_ == errc{} && (left_to_wait || (leave && !client_->held.is_open()))) {
        const admission again = once_more(now);
        joined_ = now;  // what it waited until now is counted
        if (!may_pass(again)) return;
        if (left_to_wait) return stand_in_line(again);
    }
    // Stopped and admitted at the same moment: the permit is dropped unused.
    const bool goes = leave && stopped_ == errc{};
    trace_.waited(leave, goes);
    if (!goes) return end_in_line(stopped_ != errc{} ? error_code(stopped_) : error);
    leave_ = std::move(leave);
    begin_attempt(now);
}

void completion_task::end_in_line(error_code error) {
    completion result;
    if (last_) result.info = std::move(*last_);
    if (result.info.message.empty()) result.info.message = error.message();
    note_progress(result.info);
    trace_.done(error, result.info, false);
    finish(error, std::move(result));
}

void completion_task::note_progress(diagnostic& info) const {
    info.phase = progress_.phase;
    info.attempts = progress_.attempts;
    info.rejections = progress_.rejections;
    info.unreadable_answers = progress_.unreadable_answers;
    info.queued = progress_.queued;
    info.alike = alike();
}

void completion_task::begin_attempt(time_point now) {
    sent_at_ = now;
    attempt_limit_ = std::min(saturating_add(sent_at_, client_->options.attempt_timeout()), deadline_);
    session_.attempt_begins(sent_at_);
    ++progress_.attempts;
    chosen_ = false;
    if (!outcomes_) outcomes_ = &client_->outcomes.of(alike());
    before_ = *outcomes_;
    progress_.phase = request_phase::awaiting_place;
    if (!client_->pool.take_idle(sent_at_, leased_)) return connect();
    on_connected({});
}

// Asio drops a coroutine, and this with it, where there is no memory for what the coroutine awaits next. A
// context that is destroyed drops it as well, but does not run then.
class completion_task::opening_end {
 public:
    explicit opening_end(std::shared_ptr<completion_task> task) : task_(std::move(task)) {}
    opening_end(opening_end&&) noexcept = default;
    opening_end& operator=(opening_end&&) = delete;
    ~opening_end() {
        if (task_ && is_running(task_->client_->executor)) task_->run_out_of_memory();
    }

    void operator()(const std::exception_ptr& exception, const error_code& error) {
        const auto task = std::move(task_);
        task->guard([&] {
            if (exception) std::rethrow_exception(exception);
            task->sent_at_ = steady_now();
            task->on_connected(error);
        });
    }

 private:
    std::shared_ptr<completion_task> task_;
};

void completion_task::connect() {
    opening_end then(shared_from_this());
    asio::co_spawn(client_->strand, acquire(), asio::bind_cancellation_slot(signal_.slot(), std::move(then)));
}

io_awaitable<error_code> completion_task::acquire() {
    co_await asio::this_coro::throw_if_cancelled(false);
    co_return co_await client_->pool.acquire(attempt_limit_, leased_);
}

void completion_task::on_connected(const error_code& error) {
    if (error) {
        trace_.not_connected();
        return break_off(error);
    }
    trace_.connected(leased_.reused());
    // Stopped when it was connected already, but before this was told.
    if (stopped_ != errc{}) return break_off(errc::cancelled);
    exchanging_ = true;
    head_came_ = false;
    const bool streamed = how_ == wire::delivery::streamed;
    format_http_request(client_->outgoing, request_, streamed ? client_->streamed : client_->whole);
    leased_->send(connection::user(shared_from_this(), this), client_->outgoing, sent_at_, attempt_limit_);
}

void completion_task::on_sent(const error_code& error) {
    guard([&] {
        if (error) return break_off(error);
        trace_.sent(leased_->carried().sent);
        // Not at once: Asio tries to read before it waits, and no answer is there yet. Behind whatever else
        // is to be sent now, that first try often succeeds where the server is near.
        client_->turn->add(shared_from_this(), &completion_task::await_answer);
    });
}

void completion_task::await_answer() {
    guard([&] { leased_->read_head(connection::user(shared_from_this(), this), attempt_limit_); });
}

void completion_task::on_read(const error_code& error) {
    guard([&] { take(error); });
}

void completion_task::take(const error_code& error) {
    if (error) return break_off(error);
    // Whoever has been stopped has no use for the beginning of an answer.
    if (stopped_ != errc{} && how_ == wire::delivery::streamed) return break_off(errc::cancelled);
    if (!std::exchange(head_came_, true)) {
        trace_.head(leased_->answer().status);
        wire::decoded_answer said;
        if (ends_with_head(leased_, said)) return end_attempt(std::move(said));
    }
    if (!leased_->answer_is_whole())
        return leased_->read_rest(connection::user(shared_from_this(), this), attempt_limit_);
    progress_.phase = request_phase::answered;
    end_attempt(
        wire::decode(std::move(leased_->answer()), client_->options.dialect(), unix_now(), client_->hidden));
}

void completion_task::break_off(const error_code& error) {
    wire::decoded_answer ended;
    ended.error = error;
    ended.what = classify_by_default(attempt_result(error));
    ended.tells_limit = false;
    if (leased_) {
        progress_.phase = leased_->phase();
        ended.answer.info.message = leased_->problem();
    }
    if (ended.answer.info.message.empty()) ended.answer.info.message = error.message();
    end_attempt(std::move(ended));
}

void completion_task::end_attempt(wire::decoded_answer&& ended) {
    if (std::exchange(exchanging_, false) && leased_) trace_.exchanged(leased_->carried());
    const time_point now = steady_now();
    leased_.release(now);
    diagnostic& info = ended.answer.info;
    info.served = now - sent_at_;
    info.last_error = ended.error;
    const bool stopped = stopped_ != errc{} && ended.error == errc::cancelled;
    if (ended.error == errc::unreadable_answer) ++progress_.unreadable_answers;
    note_progress(info);
    // An answer that goes on has not ended, and is no result yet.
    // What a policy throws does not keep the gate from being told what the dialect makes of it.
    std::exception_ptr thrown;
    if (!stopped && !answer_goes_on()) thrown = thrown_by([&] { judge(ended, client_->options.retry()); });
    const time_point earliest = stopped ? time_point() : report(ended, now);
    leave_ = {};
    info.rejections = progress_.rejections;
    if (stopped) {
        info.last_error = stopped_;
        info.message = info.last_error.message();
        trace_.done(stopped_, info, false);
        return finish(stopped_, std::move(ended.answer));
    }
    admission next = ended.error ? to_send() : admission();
    const bool given_up = fails_for_good(ended, now);
    auto follows = retry_session::next::end;
    if (!thrown && !given_up && may_go_again(ended))
        thrown = thrown_by([&] { follows = plan_next(ended, now, earliest, next); });
    if (thrown) return end_by(thrown, std::move(ended.answer));
    const bool late = ended.error && (now >= deadline_ || follows == retry_session::next::late);
    std::optional<duration> again_in;
    if (follows == retry_session::next::attempt)
        again_in = std::max(next.not_before() - now, duration::zero());
    // What ended the attempt was not its own limit.
    if (late && attempt_limit_ == deadline_ && ended.error == errc::answer_timed_out)
        info.message = make_error_code(errc::deadline_exceeded).message();
    const bool refused_itself = follows == retry_session::next::late && refused_for_good();
    if (refused_itself) explain_refusals(info);
    if (given_up) explain_failures(info);
    if (!answer_goes_on())
        trace_.done(ended.error, info, was_refused(ended), again_in, ended.hints, hint_cut_to(ended));
    if (again_in) {
        last_ = std::make_unique<diagnostic>(std::move(info));
        return join_line(next);
    }
    if (given_up) return finish(errc::prompt_failed, std::move(ended.answer));
    const errc too_late = refused_itself ? errc::prompt_refused : errc::deadline_exceeded;
    finish(late ? error_code(too_late) : ended.error, std::move(ended.answer));
}

bool completion_task::fails_for_good(const wire::decoded_answer& ended, time_point now) {
    if (!ended.error || ended.what.verdict != verdict::transient) return false;
    if (!failed_) {
        failed_ = std::make_unique<failures>();
        failed_->history = {before_, sent_at_, 0};
        ++outcomes_->troubled;
    }
    ++failed_->history.failures;
    auto& tries = failed_->tries;
    if (tries.size() == most_tries_listed) tries.erase(tries.begin() + first_tries_listed);
    const diagnostic& info = ended.answer.info;
    tries.push_back({sent_at_ - started_, ended.error, info.http_status, info.message});
    const client_options& options = client_->options;
    if (options.retry().max_attempts() != 0) return false;
    return are_own_failures(failed_->history, *outcomes_, now,
                            {options.give_up_after_tries(), options.give_up_after_time()});
}

void completion_task::explain_failures(diagnostic& info) const {
    const auto since = std::chrono::duration<double>(steady_now() - failed_->history.first_sent).count();
    info.message = "failed " + std::to_string(failed_->history.failures) + " times in " +
                   std::to_string(std::lround(since)) + " s, in which " +
                   std::to_string(answered_since(failed_->history, *outcomes_)) +
                   " other requests of the same model and key were answered: " + info.message;
}

void completion_task::explain_refusals(diagnostic& info) const {
    const auto since = std::chrono::duration<double>(steady_now() - refused_->since).count();
    info.message = "refused " + std::to_string(refused_->refusals) + " times in " +
                   std::to_string(std::lround(since)) + " s, in which " +
                   std::to_string(own_refusals::admitted_meanwhile(refused_->evidence)) +
                   " requests of the same model and key were admitted: " + info.message;
}

std::optional<duration> completion_task::hint_cut_to(const wire::decoded_answer& ended) const {
    const duration cap = client_->gate.options().retry_after_cap();
    const bool is_cut = was_refused(ended) && ended.hints.retry_after > cap;
    return is_cut ? std::optional(cap) : std::nullopt;
}

time_point completion_task::report(const wire::decoded_answer& ended, time_point now) {
    const classification& what = ended.what;
    if (was_refused(ended)) {
        ++progress_.rejections;
        hints said = ended.hints;
        if (what.retry_after) said.retry_after = what.retry_after;
        if (!refused_) refused_ = std::make_unique<refusal_history>();
        return leave_.throttled(said, *refused_);
    }
    if (ended.tells_limit) {
        accept(std::move(leave_), ended.hints, ended.answer.usage);
    } else {
        leave_.failed();
    }
    const bool waits = what.verdict == verdict::transient && what.retry_after;
    return waits ? saturating_add(now, *what.retry_after) : time_point();
}

retry_session::next completion_task::plan_next(const wire::decoded_answer& ended, time_point now,
                                               time_point earliest, admission& next) {
    const client_options& options = client_->options;
    const bool refused_by_limit = was_refused(ended);
    retry_session::pause known;
    if (options.obey_retry_after()) known.earliest = earliest;
    known.own_backoff = !refused_by_limit || (options.backoff_after_rejection() && known.earliest <= now);
    // Nobody waits for a Retry-After that is over when the deadline has passed.
    known.too_late = std::max(now, known.earliest) >= deadline_ || (refused_by_limit && refused_for_good());
    known.last =
        ended.error == errc::unreadable_answer && progress_.unreadable_answers >= most_unreadable_answers;
    const auto step = session_.attempt_ended(result_of(ended), ended.what, now, known, client_->random);
    if (step.what == retry_session::next::attempt)
        next.again(refused_by_limit ? retry_cause::throttled : retry_cause::accident, step.not_before);
    if (refused_) next.refused(*refused_);
    return step.what;
}

void completion_task::finish(error_code error, completion&& result) {
    if (!answer_goes_on()) trace_.request_ended(!error);
    if (!error) result.info.message.clear();
    if (!error && outcomes_) ++outcomes_->answered;
    if (error && failed_) result.info.tries = std::move(failed_->tries);
    ended_ = true;
    const auto executor = std::move(handler_executor_);
    const auto theirs = executor ? *executor : asio::any_completion_executor();
    try {
        deliver(theirs, error, std::move(result));
    } catch (const std::bad_alloc&) {
        if (error) throw;
        if (how_ == wire::delivery::streamed) trace_.request_ended(false);
        completion unsaid;
        unsaid.info.message = out_of_memory().message();
        unsaid.info.last_error = out_of_memory();
        deliver(theirs, out_of_memory(), std::move(unsaid));
    }
    // Last: a stream that opens has joined those that run, and whoever drains goes on waiting.
    client_->running.erase(*this);
}

}  // namespace stagger::detail
