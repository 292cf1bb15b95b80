// What a call has to do with upstream: one attempt after the other, and an answer on its way to the client.

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/this_coro.hpp>
#include <charconv>
#include <functional>
#include <utility>

#include "dialect/rate_limit_headers.hpp"
#include "dialect/status_meaning.hpp"
#include "gateway/call.hpp"
#include "gateway/event_boundary.hpp"
#include "http/clock.hpp"
#include "json/json_text.hpp"

namespace stagger::gateway {

namespace asio = boost::asio;
using http_server::answer_head;
using http_server::value_of;

namespace {

// A refusal has to be read whole before it is known what it means. No honest one is longer.
constexpr std::size_t longest_refusal = 256U << 10U;
constexpr unsigned first_error_status = 400;

/// As the answer tells it; the parser has held the body to it.
std::optional<std::uint64_t> length_of(const std::vector<wire::field>& fields) {
    const std::string_view told = value_of(fields, "content-length");
    std::uint64_t length = 0;
    const auto [end, error] = std::from_chars(told.data(), told.data() + told.size(), length);
    if (told.empty() || error != std::errc() || end != told.data() + told.size()) return std::nullopt;
    return length;
}

}  // namespace

/// For a step that begins at `now`.
time_point call::limit_from(time_point now) const {
    return saturating_add(now, home_->chosen_.upstream.attempt_timeout());
}

void call::end_exchange() {
    exchanging_ = false;
    leased_.release();
}

io_awaitable<void> call::until_step() {
    while (!step_ended_) {
        alarm_.expires_at(machine_ ? machine_->next_look() : never);
        co_await alarm_.async_wait(with_error);
        if (step_ended_ || !machine_) continue;
        const call_step sign = machine_->look(steady_now());
        if (sign != call_step::wait) co_await speak(sign);
    }
}

io_awaitable<error_code> call::acquire() {
    co_await asio::this_coro::throw_if_cancelled(false);
    co_return co_await home_->upstream_.pool().acquire(limit_, leased_);
}

io_awaitable<error_code> call::connect() {
    leased_.release();
    if (home_->upstream_.pool().take_idle(steady_now(), leased_)) co_return error_code();
    step_ended_ = false;
    std::function<void(std::exception_ptr, error_code)> then =
        [self = shared_from_this()](const std::exception_ptr& thrown, const error_code& error) {
            self->end_step(thrown ? error_code(errc::connect_failed) : error);
        };
    asio::co_spawn(home_->executor_, acquire(),
                   asio::bind_cancellation_slot(acquiring_.slot(), std::move(then)));
    co_await until_step();
    co_return step_error_;
}

io_awaitable<error_code> call::exchange_heads() {
    const time_point now = steady_now();
    sent_ = now;
    limit_ = limit_from(now);
    held_.clear();
    const error_code unconnected = co_await connect();
    if (unconnected) co_return unconnected;
    if (with_.departed()) co_return error_code(errc::cancelled);
    const http_server::request& asked = with_.asked();
    const std::string bytes = home_->upstream_.format(
        asked.method, where_.target, upstream_lines(asked.fields, home_->upstream_.identity(), where_.shape),
        asked.body);
    exchanging_ = true;
    may_cost_ = true;
    const connection::user self(shared_from_this(), this);
    step_ended_ = false;
    leased_->send(self, bytes, now, limit_);
    co_await until_step();
    if (step_error_) co_return step_error_;
    step_ended_ = false;
    leased_->read_head(self, limit_);
    co_await until_step();
    co_return step_error_;
}

io_awaitable<error_code> call::read_some() {
    step_ended_ = false;
    leased_->read_some({shared_from_this(), this}, limit_from(steady_now()));
    co_await until_step();
    leased_->take_body(held_);
    co_return step_error_;
}

io_awaitable<error_code> call::read_refusal() {
    leased_->take_body(held_);
    while (!leased_->answer_is_whole() && held_.size() < longest_refusal) {
        const error_code error = co_await read_some();
        if (error) co_return error;
    }
    co_return error_code();
}

call_step call::fail(const error_code& error) {
    // Before anything of an answer has come on a connection that was idle, the server had closed it.
    const bool unanswered = error == errc::connect_failed || error == errc::connection_lost ||
                            error == errc::connect_timed_out || error == errc::resolve_timed_out ||
                            error == errc::name_server_unreachable || error == errc::proxy_failed;
    end_exchange();
    if (!with_.departed()) leave_.failed();  // else it is abandoned
    return machine_->failed(error, unanswered, steady_now());
}

io_awaitable<call_step> call::attempt() {
    if (std::exchange(is_at_gate_, false)) {
        home_->lines_.left_gate(kind_);
        home_->move_on(kind_);
    }
    const error_code error = co_await exchange_heads();
    if (error) co_return fail(error);
    const wire::response& head = leased_->answer();
    if (head.status < first_error_status) {
        home_->served(kind_).add(steady_now() - *sent_);
        leave_.answering(wire::read_hints(head.fields, unix_now()));
        co_return machine_->answering();
    }
    const error_code cut = co_await read_refusal();
    if (cut) co_return fail(cut);
    co_return judge();
}

/// What an answer that is no success means for the line, and for this call.
call_step call::judge() {
    wire::response seen = leased_->answer();
    seen.body = held_;
    const auto ended =
        wire::decode(std::move(seen), home_->chosen_.upstream.dialect(), unix_now(), home_->hidden_);
    if (ended.what.verdict != verdict::throttled) {
        ended.tells_limit ? leave_.accepted(ended.hints) : leave_.failed();
        return machine_->answering();
    }
    const time_point earliest = leave_.throttled(wire::hints_of_refusal(ended), refusals_);
    const call_step next = machine_->refused(earliest, refusals_.own, steady_now());
    if (next != call_step::pass_on) {
        may_cost_ = false;
        end_exchange();
    }
    return next;
}

io_awaitable<void> call::pass_at_once() {
    const error_code error = co_await exchange_heads();
    if (with_.departed()) {
        outcome_ = call_outcome::departed;
        co_return;
    }
    if (error) {
        end_exchange();
        own_answer no;
        no.status = error == condition::timed_out ? 504 : 502;
        no.message = "upstream: " + error.message();
        co_return co_await tell(no);
    }
    co_await pass_on();
}

io_awaitable<void> call::pass_on() {
    leased_->take_body(held_);
    if (machine_ && machine_->has_begun_stream()) co_return co_await end_begun_stream();
    const wire::response& said = leased_->answer();
    answer_head head;
    head.status = status_ = said.status;
    head.lines =
        client_lines(said.fields, home_->upstream_.identity().replaces_account(), head.dated) + own_lines();
    if (leased_->answer_is_whole()) {
        const std::string body = std::exchange(held_, {});
        if (machine_) usage_.pass(body);
        leave_.accepted();
        end_exchange();
        const bool taken = co_await with_.whole(head, body);
        outcome_ = taken ? call_outcome::answered : call_outcome::departed;
        co_return;
    }
    comments_ = comments_ && wire::is_event_stream(said.fields);
    if (!comments_) head.length = length_of(said.fields);
    with_.head(head);
    co_await pass_body();
}

/// Upstream is not read while the client has not taken what came before.
io_awaitable<void> call::pass_body() {
    event_boundary between;
    bool broken = false;
    const connection::user self(shared_from_this(), this);
    for (;;) {
        const std::string piece = std::exchange(held_, {});
        between.pass(piece);
        if (machine_) usage_.pass(piece);
        if (leased_->answer_is_whole()) {
            leave_.accepted();
            end_exchange();
            const bool taken = co_await with_.finish(piece);
            outcome_ = taken ? call_outcome::answered : call_outcome::departed;
            co_return;
        }
        const bool taken = co_await with_.write(piece);
        if (!taken || broken) break;
        step_ended_ = false;
        leased_->read_some(self, limit_from(steady_now()));
        while (!step_ended_) {
            const bool fills = comments_ && between.is_between();
            alarm_.expires_at(fills ? steady_now() + home_->chosen_.calls.between_signs : never);
            const auto [woken] = co_await alarm_.async_wait(with_error);
            if (!woken && fills && !step_ended_) co_await with_.write(": still there\n");
        }
        leased_->take_body(held_);
        broken = static_cast<bool>(step_error_);
    }
    // What is not finished is cut, as it was upstream.
    end_exchange();
    outcome_ = with_.departed() ? call_outcome::departed : call_outcome::cut;
}

/// The status was sent before it was known: an answer that is no stream can only be told as an event.
io_awaitable<void> call::end_begun_stream() {
    const unsigned status = leased_->answer().status;
    const bool success = wire::is_success(status);
    if (success && wire::is_event_stream(leased_->answer().fields)) co_return co_await pass_body();
    const bool one_line = held_.find_first_of("\r\n") == held_.npos && !wire::json_problem(held_);
    const std::string words =
        success ? "upstream answered without a stream" : "upstream answered " + std::to_string(status);
    const std::string json =
        one_line && !success ? held_ : error_json(where_.shape, success ? 502 : status, words);
    end_exchange();
    const std::string event = error_event(where_.shape, json);
    outcome_ = call_outcome::turned_away;
    co_await with_.finish(event);
}

}  // namespace stagger::gateway
