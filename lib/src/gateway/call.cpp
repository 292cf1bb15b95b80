#include "gateway/call.hpp"

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/this_coro.hpp>
#include <charconv>
#include <functional>
#include <utility>

#include "dialect/rate_limit_headers.hpp"
#include "dialect/status_meaning.hpp"
#include "gateway/event_boundary.hpp"
#include "http/clock.hpp"
#include "json/json_text.hpp"
#include "net/gate_access.hpp"

namespace stagger::gateway {

namespace asio = boost::asio;
using http_server::answer_head;
using http_server::value_of;

namespace {

// A refusal has to be read whole before it is known what it means. No honest one is longer.
constexpr std::size_t longest_refusal = 256U << 10U;
constexpr unsigned first_error_status = 400;

std::uint64_t mixed(std::uint64_t so_far, std::string_view text) {
    constexpr std::uint64_t spread = 0x9e3779b97f4a7c15u;
    return (so_far ^ std::hash<std::string_view>()(text)) * spread;
}

/// The client's key, wherever it is told.
std::string_view key_of(const http_server::request& asked) {
    for (const std::string_view name : {"authorization", "x-api-key", "api-key"}) {
        if (const auto found = value_of(asked, name); !found.empty()) return found;
    }
    return {};
}

/// As the answer tells it; the parser has held the body to it.
std::optional<std::uint64_t> length_of(const std::vector<wire::field>& fields) {
    const std::string_view told = value_of(fields, "content-length");
    std::uint64_t length = 0;
    const auto [end, error] = std::from_chars(told.data(), told.data() + told.size(), length);
    if (told.empty() || error != std::errc() || end != told.data() + told.size()) return std::nullopt;
    return length;
}

call_class class_of(const http_server::request& asked, const asked_call& body) {
    if (const auto told = parse_call_class(value_of(asked, "x-stagger-priority"))) return *told;
    return body.service_tier == "flex" ? call_class::batch : call_class::normal;
}

std::string base_url_hint(std::string_view target) {
    return "nothing is served at " + std::string(target.substr(0, target.find('?'))) +
           ": the base URL of clients ends with /v1";
}

}  // namespace

call::call(std::shared_ptr<gateway> home, http_server::exchange& with)
    : home_(std::move(home)), with_(with), alarm_(home_->executor_), id_(home_->counts_.calls) {
    home_->calls_.insert(this);
}

call::~call() {
    home_->calls_.erase(this);
}

io_awaitable<void> call::run() {
    const http_server::request& asked = with_.asked();
    const std::function<void()> told = [this] { on_departure(); };
    with_.on_departure(told);
    own_answer no;
    no.status = refused_by(home_->chosen_.access, value_of(asked, "host"), value_of(asked, "origin"));
    if (no.status != 0) {
        no.message = no.status == 400 ? "a request needs a Host" : "this Host or Origin is not served here";
        co_return co_await tell(no);
    }
    const bool upgrades = !value_of(asked, "upgrade").empty();
    where_ = find_destination(asked.method, asked.target, upgrades, home_->upstream_.path());
    switch (where_.how) {
        case passage::in_line:
            co_return co_await wait_in_line();
        case passage::at_once:
            co_return co_await pass_at_once();
        case passage::not_found:
            no.status = 404;
            no.message = base_url_hint(asked.target);
            break;
        case passage::wrong_method:
            no.status = 405;
            no.message = "POST, GET and DELETE are served";
            break;
        case passage::upgrade:
            no.status = 501;
            no.message = "no other protocol than HTTP/1.1 is served";
            break;
    }
    co_await tell(no);
}

void call::called() {
    place_.reset();
    was_called_ = is_at_gate_ = true;
    wake();
}

void call::leave_line(const error_code& error, permit leave) {
    has_left_gate_ = true;
    gate_error_ = error;
    leave_ = std::move(leave);
    wake();
}

void call::end_step(const error_code& error) {
    step_ended_ = true;
    step_error_ = error;
    wake();
}

void call::on_departure() {
    if (exchanging_) {
        leased_->cancel();
    } else {
        acquiring_.emit(asio::cancellation_type::terminal);
    }
    wake();
}

void call::describe() {
    const http_server::request& asked = with_.asked();
    asked_ = read_asked(asked);
    comments_ = home_->chosen_.comments && asked_.streamed;
    machine_.emplace(home_->chosen_.calls, read_habits(asked, asked_.streamed, home_->chosen_.comments),
                     steady_now());
    class_ = class_of(asked, asked_);
    const auto told = value_of(asked, "x-stagger-tenant");
    const std::string_view key = key_of(asked);
    tenant_ = mixed(0, told.empty() ? key : told);
    const bool own_key = !home_->upstream_.identity().api_key.empty();
    kind_ = mixed(own_key ? 0 : mixed(0, key), asked_.model);
    hash_ = mixed(mixed(tenant_, asked.target), asked.body);
}

/// Ends a call's stay among those that wait, also where something throws.
class call::stay {
 public:
    stay(call& who, std::size_t bytes) : who_(who), bytes_(bytes) { who_.home_->waiting_bytes_ += bytes_; }
    stay(const stay&) = delete;
    stay& operator=(const stay&) = delete;
    ~stay() {
        who_.leave_all();
        who_.home_->waiting_bytes_ -= bytes_;
    }

 private:
    call& who_;
    std::size_t bytes_;
};

io_awaitable<void> call::wait_in_line() {
    describe();
    gateway& home = *home_;
    const time_point now = steady_now();
    const outlook seen = home.look_from(kind_, std::nullopt, now);
    const std::size_t bytes = with_.asked().body.size();
    const bool full = home.lines_.waiting() >= home.chosen_.most_waiting ||
                      home.waiting_bytes_ + bytes > home.chosen_.most_waiting_bytes;
    if (full || home.draining_) {
        own_answer no;
        no.status = full ? 429 : 503;
        no.retry_after_s = full ? seconds_to_return(seen, duration::zero()) : 1;
        no.message = full ? "too many calls wait: " + to_text(seen) : "shutting down";
        co_return co_await tell(no);
    }
    const stay until_end(*this, bytes);
    const call_step first = machine_->begin(seen, home.served(kind_).p90(), now);
    co_await follow(first);
}

io_awaitable<void> call::follow(call_step next) {
    for (;;) {
        if (with_.departed()) {
            ++home_->counts_.departed;
            co_return keep_place();
        }
        switch (next) {
            case call_step::wait:
                next = what_happened();
                if (next != call_step::wait) break;
                alarm_.expires_at(machine_->next_look());
                co_await alarm_.async_wait(with_error);
                break;
            case call_step::join_line:
                next = join_line();
                break;
            case call_step::ask_gate:
                next = ask_gate();
                break;
            case call_step::send:
                next = co_await attempt();
                break;
            case call_step::begin_stream:
            case call_step::comment:
            case call_step::interim:
                co_await speak(next);
                next = call_step::wait;
                break;
            case call_step::pass_on:
                co_return co_await pass_on();
            case call_step::give_up:
                keep_place();
                co_return co_await tell(machine_->ending());
        }
    }
}

call_step call::what_happened() {
    if (home_->draining_) {
        const call_step ended = machine_->drain();
        if (ended != call_step::wait) return ended;
    }
    const time_point now = steady_now();
    if (std::exchange(has_left_gate_, false)) {
        at_gate_.reset();
        return machine_->left_gate(gate_error_, now);
    }
    if (std::exchange(was_called_, false)) return machine_->its_turn(now);
    return machine_->look(now);
}

call_step call::join_line() {
    const auto kept = home_->kept_.take(hash_, steady_now());
    place_ = home_->lines_.join(kind_, class_, tenant_, kept, *this);
    home_->move_on(kind_);
    return call_step::wait;
}

admission call::wanted() const {
    admission what;
    what.deadline(machine_->start_limit()).alike(kind_);
    if (machine_->is_retry()) {
        const auto cause = machine_->after_accident() ? retry_cause::accident : retry_cause::throttled;
        what.again(cause, machine_->not_before()).refused(refusals_);
    }
    return what;
}

call_step call::ask_gate() {
    const std::shared_ptr<detail::line_guest> guest(shared_from_this(), this);
    auto joined = detail::gate_access::join(home_->gate_, wanted(), guest);
    at_gate_ = joined.waits;
    if (at_gate_) return call_step::wait;
    leave_ = std::move(joined.leave);
    return machine_->left_gate(joined.error, joined.at);
}

/// Whatever place it has is given up.
void call::leave_all() {
    if (place_) {
        home_->lines_.leave(kind_, *place_);
        place_.reset();
        home_->gate_.expect(home_->lines_.waiting());
    }
    if (const auto waits = std::exchange(at_gate_, std::nullopt))
        detail::gate_access::leave(home_->gate_, *waits);
    if (std::exchange(is_at_gate_, false)) {
        home_->lines_.left_gate(kind_);
        home_->move_on(kind_);
    }
    leave_ = {};
}

// Who leaves without an answer may come again with the same bytes.
void call::keep_place() {
    std::optional<double> start;
    if (place_) start = home_->lines_.leave(kind_, *place_);
    place_.reset();
    constexpr double front = 0;  // it was called already
    if (!start && is_at_gate_) start = front;
    if (start) home_->kept_.keep(hash_, *start, steady_now());
    leave_all();
}

io_awaitable<void> call::speak(call_step how) {
    if (how == call_step::interim) {
        co_await with_.interim(102);
        co_return;
    }
    if (how == call_step::begin_stream) {
        answer_head head;
        head.lines =
            "Content-Type: text/event-stream\r\nCache-Control: no-cache\r\nX-Accel-Buffering: no\r\n" +
            own_lines();
        with_.head(head);
    }
    // One line end: some clients take a blank line for the end of an event that has no data.
    const std::string comment =
        place_ ? ": waiting, " + to_text(home_->look_from(kind_, place_, steady_now())) + "\n" : ": next\n";
    co_await with_.write(comment);
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
    limit_ = saturating_add(now, home_->chosen_.upstream.attempt_timeout());
    held_.clear();
    const error_code unconnected = co_await connect();
    if (unconnected) co_return unconnected;
    if (with_.departed()) co_return error_code(errc::cancelled);
    const http_server::request& asked = with_.asked();
    const std::string bytes = home_->upstream_.format(
        asked.method, where_.target, upstream_lines(asked.fields, home_->upstream_.identity(), where_.shape),
        asked.body);
    exchanging_ = true;
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
    const time_point limit = saturating_add(steady_now(), home_->chosen_.upstream.attempt_timeout());
    leased_->read_some({shared_from_this(), this}, limit);
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
    exchanging_ = false;
    // Before anything of an answer has come on a connection that was idle, the server had closed it.
    const bool unanswered = error == errc::connect_failed || error == errc::connection_lost ||
                            error == errc::connect_timed_out || error == errc::resolve_timed_out ||
                            error == errc::name_server_unreachable;
    leased_.release();
    if (!with_.departed()) leave_.failed();  // else it is abandoned
    return machine_->failed(error, unanswered, steady_now());
}

io_awaitable<call_step> call::attempt() {
    if (std::exchange(is_at_gate_, false)) {
        home_->lines_.left_gate(kind_);
        home_->move_on(kind_);
    }
    const time_point sent = steady_now();
    const error_code error = co_await exchange_heads();
    if (error) co_return fail(error);
    const wire::response& head = leased_->answer();
    if (head.status < first_error_status) {
        home_->served(kind_).add(steady_now() - sent);
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
        wire::decode(std::move(seen), home_->chosen_.upstream.dialect(), unix_now(), home_->chosen_.hidden);
    if (ended.what.verdict != verdict::throttled) {
        ended.tells_limit ? leave_.accepted(ended.hints) : leave_.failed();
        return machine_->answering();
    }
    hints said = ended.hints;
    if (ended.what.retry_after) said.retry_after = ended.what.retry_after;
    const time_point earliest = leave_.throttled(said, refusals_);
    const call_step next = machine_->refused(earliest, refusals_.own, steady_now());
    if (next != call_step::pass_on) {
        exchanging_ = false;
        leased_.release();
    }
    return next;
}

io_awaitable<void> call::pass_at_once() {
    const error_code error = co_await exchange_heads();
    if (with_.departed()) {
        ++home_->counts_.departed;
        co_return;
    }
    if (error) {
        exchanging_ = false;
        leased_.release();
        own_answer no;
        no.status = error == condition::timed_out ? 504 : 502;
        no.message = "upstream: " + error.message();
        co_return co_await tell(no);
    }
    co_await pass_on();
}

std::string call::own_lines() const {
    const duration queued = machine_ ? machine_->queued() : duration::zero();
    const auto queued_ms = std::chrono::duration_cast<std::chrono::milliseconds>(queued).count();
    std::string lines = "x-stagger-id: " + std::to_string(id_) + "\r\n";
    if (machine_) {
        lines += "x-stagger-queue-ms: " + std::to_string(queued_ms) + "\r\n";
        lines += "x-stagger-attempts: " + std::to_string(machine_->attempts()) + "\r\n";
    }
    return lines;
}

io_awaitable<void> call::pass_on() {
    leased_->take_body(held_);
    if (machine_ && machine_->has_begun_stream()) co_return co_await end_begun_stream();
    const wire::response& said = leased_->answer();
    answer_head head;
    head.status = said.status;
    head.lines =
        client_lines(said.fields, !home_->upstream_.identity().api_key.empty(), head.dated) + own_lines();
    if (leased_->answer_is_whole()) {
        const std::string body = std::exchange(held_, {});
        leave_.accepted();
        leased_.release();
        exchanging_ = false;
        const bool taken = co_await with_.whole(head, body);
        ++(taken ? home_->counts_.answered : home_->counts_.departed);
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
        if (leased_->answer_is_whole()) {
            leave_.accepted();
            leased_.release();
            exchanging_ = false;
            const bool taken = co_await with_.finish(piece);
            ++(taken ? home_->counts_.answered : home_->counts_.departed);
            co_return;
        }
        const bool taken = co_await with_.write(piece);
        if (!taken || broken) break;
        step_ended_ = false;
        const time_point limit = saturating_add(steady_now(), home_->chosen_.upstream.attempt_timeout());
        leased_->read_some(self, limit);
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
    exchanging_ = false;
    ++(with_.departed() ? home_->counts_.departed : home_->counts_.cut);
    leased_.release();
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
    exchanging_ = false;
    leased_.release();
    const std::string event = error_event(where_.shape, json);
    ++home_->counts_.turned_away;
    co_await with_.finish(event);
}

io_awaitable<void> call::tell(own_answer what) {
    ++home_->counts_.turned_away;
    const std::string json = error_json(where_.shape, what.status, what.message);
    if (machine_ && machine_->has_begun_stream()) {
        const std::string event = error_event(where_.shape, json);
        co_await with_.finish(event);
        co_return;
    }
    answer_head head;
    head.status = what.status;
    head.lines = "Content-Type: application/json\r\n" + own_lines();
    if (what.retry_after_s != 0) head.lines += "Retry-After: " + std::to_string(what.retry_after_s) + "\r\n";
    if (what.hopeless) head.lines += "x-should-retry: false\r\n";
    if (what.status == 405) head.lines += "Allow: POST, GET, DELETE\r\n";
    co_await with_.whole(head, json);
}

}  // namespace stagger::gateway
