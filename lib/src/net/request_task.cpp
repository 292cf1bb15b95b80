#include "net/request_task.hpp"

#include <algorithm>
#include <boost/asio/associated_cancellation_slot.hpp>
#include <boost/asio/associated_executor.hpp>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/prefer.hpp>
#include <boost/asio/this_coro.hpp>
#include <functional>
#include <new>
#include <utility>

#include "base/thrown_error.hpp"
#include "dialect/status_meaning.hpp"
#include "dialect/stream_beginning.hpp"
#include "http/clock.hpp"
#include "http/complete_later.hpp"
#include "http/http_request.hpp"
#include "http/out_of_memory.hpp"
#include "net/gate_access.hpp"
#include "net/open_stream.hpp"
#include "net/request_stand_in.hpp"
#include "request/judgement.hpp"

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

bool is_running(const asio::any_io_executor& executor) {
    const auto* const context = executor.target<asio::io_context::executor_type>();
    return context && context->running_in_this_thread();
}

asio::any_completion_executor executor_for(const request_task::any_handler& handler,
                                           const client_state& client) {
    return std::visit(
        [&](const auto& one) {
            return executor_of_handler(asio::get_associated_executor(one, client.completion_executor),
                                       client.executor);
        },
        handler);
}

}  // namespace

/// A stream of which nothing has been handed out: what has come of it.
struct request_task::stream_attempt {
    wire::response received;
    wire::decoded_answer head;
    wire::stream_beginning reader;
    time_point limit;   // for the next event
    error_code unread;  // what the connection met behind what has come
};

request_task::request_task(std::shared_ptr<client_state> client, any_handler&& handler, bool at_home)
    : client_(std::move(client)),
      handler_(std::move(handler)),
      machine_(client_->requests, steady_now()),
      trace_(client_->counts) {
    if (at_home) return;
    if (auto theirs = executor_for(handler_, *client_))
        handler_executor_ = std::make_unique<asio::any_completion_executor>(std::move(theirs));
}

request_task::~request_task() = default;

void request_task::start(const std::shared_ptr<client_state>& client, const completion_request& request,
                         duration usual_deadline, any_handler&& handler, bool at_home) {
    start(client, request, nullptr, usual_deadline, std::move(handler), at_home);
}

void request_task::start(const std::shared_ptr<client_state>& client, completion_request&& request,
                         duration usual_deadline, any_handler&& handler, bool at_home) {
    start(client, request, &request, usual_deadline, std::move(handler), at_home);
}

void request_task::start(const std::shared_ptr<client_state>& client, const completion_request& request,
                         completion_request* own, duration usual_deadline, any_handler&& handler,
                         bool at_home) {
    if (client->stand_in) return client->stand_in->take(client, request, std::move(handler));
    const auto cancelled =
        std::visit([](const auto& one) { return asio::get_associated_cancellation_slot(one); }, handler);
    const auto self = std::make_shared<request_task>(client, std::move(handler), at_home);
    const duration clients = client->options.has_deadline() ? client->options.deadline() : usual_deadline;
    self->machine_.end_within(request.has_more() ? request.deadline().value_or(clients) : clients);
    self->encode(request, own);
    if (self->told_) return;
    self->listen_for_cancellation(cancelled);
    // Not inside this call: the caller may be on the strand and must not be overtaken.
    client->turn->add({self, self.get()});
}

request_task::uncommon& request_task::with_uncommon() {
    if (!uncommon_) uncommon_ = std::make_unique<uncommon>();
    return *uncommon_;
}

bool request_task::encode_for(const route_target& found, const completion_request& request, error_code& error,
                              std::string& problem) {
    if (!found.model.empty() && request.model() != found.model) {
        completion_request there = request;
        return encode_for(found, there.model(found.model), error, problem);
    }
    const auto how = is_streamed() ? wire::delivery::streamed : wire::delivery::whole;
    wire::asked_model asked;
    wire::encoded_request encoded = wire::encode(request, found.encoding, error, problem, how, &asked);
    if (trace_.is_told()) trace_.note(request.tag(), std::move(asked.name));
    if (error) return false;
    constexpr std::uint64_t spread = 0x9e3779b97f4a7c15u;
    // Wherever it goes, a prompt is compared with those that name the same model.
    const std::size_t model = routed() ? std::hash<std::string>()(routed()->asked.model()) : asked.number;
    machine_.describe(wire::cost_of(request, found.encoding.dialect),
                      client_->first().account ^ model * spread,
                      request.priority().value_or(priority::normal));
    body_ = std::move(encoded.body);
    answered_in_ = encoded.answered_in;
    if (uncommon_ || !encoded.target.empty() || !encoded.fields.empty()) {
        with_uncommon().target = std::move(encoded.target);
        uncommon_->fields = std::move(encoded.fields);
    }
    return true;
}

void request_task::encode(const completion_request& request, completion_request* own) {
    if (!request.label().empty()) with_uncommon().label = request.label();
    if (client_->choice) {
        auto& routed = with_uncommon().routed;
        own ? routed.emplace(*this, std::move(*own)) : routed.emplace(*this, request);
        return;
    }
    error_code error;
    std::string problem;
    if (encode_for(client_->first(), request, error, problem)) return;
    told_ = true;
    client_->posting.execute([self = shared_from_this(), error, problem]() mutable {
        self->trace_.request_started();
        self->refuse(error, std::move(problem));
    });
    // Requests begin, and are numbered, in the order of the calls.
    client_->turn->separate();
}

// The caller's signal comes from the caller's thread; ours is given on the strand.
void request_task::listen_for_cancellation(asio::cancellation_slot cancelled) {
    if (!cancelled.is_connected()) return;
    cancelled.assign([weak = weak_from_this()](asio::cancellation_type) {
        if (auto self = weak.lock()) {
            const io_executor posting = self->client_->posting;
            posting.execute([self = std::move(self)] { self->stop(errc::cancelled); });
        }
    });
}

void request_task::carry_out(request_step next, time_point now, wire::decoded_answer* ended) {
    for (;;) {
        switch (next) {
            case request_step::nothing:
                return;
            case request_step::announce:
                if (ended) tell_trace(machine_.last(), ended->hints, now);
                ended = nullptr;  // the machine has what it came to; what follows is about another attempt
                next = announce(now);
                break;
            case request_step::ask_to_pass:
                next = ask_to_pass(now);
                break;
            case request_step::stand_in_line:
                next = stand_in_line();
                break;
            case request_step::choose_route:
                next = choose_route(now);
                break;
            case request_step::stop_choosing:
                return stop_choosing();
            case request_step::leave_line:
                return gate_access::leave(way().gate, place_);
            case request_step::stop_holding:
                return stop_holding();
            case request_step::admit:
                trace_.waited(leave_, true);
                if (routed()) routed()->attempt = client_->choice->sent(now, *routed()->where);
                next = machine_.admitted(now);
                break;
            case request_step::connect:
                next = connect();
                break;
            case request_step::exchange:
                return exchange();
            case request_step::break_off:
                return exchanging_ ? leased_->cancel() : signal_.emit(asio::cancellation_type::terminal);
            case request_step::abandon:
                return break_off(errc::cancelled);
            case request_step::report:
                next = report(*ended, now);
                break;
            case request_step::hand_over:
                return finish({}, std::move(ended->answer));
            case request_step::end:
                return ended ? end(*ended, now) : end_unsent();
        }
    }
}

// Whatever the step was about to do has not begun: nothing is under way that could still be told.
void request_task::break_down(error_code error, std::string message, std::exception_ptr thrown) {
    if (told_) return;
    exchanging_ = false;
    if (leased_) machine_.set_phase(leased_->phase());
    leased_.release();
    leave_ = {};
    carry_out(machine_.broke(error, std::move(message), std::move(thrown)), steady_now());
}

void request_task::break_down(const std::exception_ptr& thrown) {
    thrown_error meant = error_of(thrown);
    break_down(meant.error, std::move(meant.message), thrown);
}

void request_task::run_out_of_memory() {
    break_down(out_of_memory(), out_of_memory().message(), nullptr);
}

void request_task::take_turn() {
    if (!std::exchange(begun_, true)) return begin();
    guard([&] { leased_->read_head(user(), machine_.attempt().limit); });
}

void request_task::begin() {
    trace_.request_started();
    if (client_->refuses) return refuse(errc::shut_down, error_code(errc::shut_down).message());
    client_->running.insert(*this);
    guard([&] {
        const time_point now = steady_now();
        carry_out(machine_.begin(now), now);
    });
}

request_step request_task::announce(time_point now) {
    trace_.queued(now, machine_.not_before());
    return machine_.announced();
}

request_step request_task::ask_to_pass(time_point now) {
    // A request that is all of an attempt of async_retry has its leave already.
    if (handler_executor_ && !leave_ && !machine_.is_retry() && !routed()) {
        leave_ = gate_access::lent_to(client_->first().gate, *handler_executor_);
        if (leave_) return left_line({}, now);
    }
    turnstile& held = client_->held;
    if (machine_.is_chosen() || held.is_open()) return machine_.passed(false);
    using answer = turnstile::answer;
    const answer said = held.ask(machine_.alike());
    if (said == answer::refused) return machine_.turned_away();
    if (said != answer::waits) return machine_.passed(said == answer::chosen);
    leave_ = {};
    const auto then = [self = shared_from_this()](answer told) {
        self->guard([&] {
            const bool away = told == answer::refused;
            self->carry_out(
                away ? self->machine_.turned_away() : self->machine_.passed(told == answer::chosen),
                steady_now());
        });
    };
    held.wait(this, machine_.alike(), body_.size(), then);
    return machine_.held();
}

void request_task::stop_holding() {
    if (!client_->held.forget(this)) return;
    client_->posting.execute([self = shared_from_this()] {
        self->guard([&] { self->carry_out(self->machine_.passed(false), steady_now()); });
    });
}

// Neither a coroutine nor a handler waits in line: they would be most of what a waiting request takes.
request_step request_task::stand_in_line() {
    std::shared_ptr<line_guest> in_line(shared_from_this(), this);
    const route_target& there = way();
    if (there.gate_is_elsewhere)
        in_line = std::make_shared<distant_guest>(std::move(in_line), client_->executor);
    admission wanted = machine_.wanted();
    if (uncommon_ && !uncommon_->label.empty()) wanted.label(uncommon_->label);
    auto place = gate_access::join(there.gate, wanted, std::move(in_line));
    place_ = place.waits.value_or(nowhere);
    if (place.waits) {
        if (routed()) client_->choice->stands(routed()->guest, routed_guest(), *routed()->where);
        return request_step::nothing;
    }
    leave_ = std::move(place.leave);
    return left_line(place.error, place.at);
}

void request_task::leave_line(const error_code& error, permit leave) {
    // Nobody else looks at it while the request stands in line.
    leave_ = std::move(leave);
    const auto then = [self = shared_from_this(), error] {
        self->place_ = nowhere;
        const time_point now = steady_now();
        self->guard([&] { self->carry_out(self->left_line(error, now), now); });
    };
    at_second_try([&] { client_->posting.execute(then); });
}

request_step request_task::left_line(const error_code& error, time_point now) {
    trace_.waited(leave_, false);
    const bool has_leave = static_cast<bool>(leave_);
    if (routed()) leave_route_line();
    return machine_.left_line(error, has_leave, !client_->held.is_open(), now);
}

// Asio drops a coroutine, and this with it, where there is no memory for what the coroutine awaits next. A
// context that is destroyed drops it as well, but does not run then.
class request_task::opening_end {
 public:
    explicit opening_end(std::shared_ptr<request_task> task) : task_(std::move(task)) {}
    opening_end(opening_end&&) noexcept = default;
    opening_end& operator=(opening_end&&) = delete;
    ~opening_end() {
        if (task_ && is_running(task_->client_->executor)) task_->run_out_of_memory();
    }

    void operator()(const std::exception_ptr& exception, const error_code& error) {
        const auto task = std::move(task_);
        task->guard([&] {
            if (exception) std::rethrow_exception(exception);
            task->on_connected(error);
        });
    }

 private:
    std::shared_ptr<request_task> task_;
};

request_step request_task::connect() {
    const time_point began = machine_.attempt().sent_at;
    if (way().pool.take_idle(began, leased_)) return connected(began);
    opening_end then(shared_from_this());
    asio::co_spawn(client_->strand, acquire(), asio::bind_cancellation_slot(signal_.slot(), std::move(then)));
    return request_step::nothing;
}

io_awaitable<error_code> request_task::acquire() {
    co_await asio::this_coro::throw_if_cancelled(false);
    co_return co_await way().pool.acquire(machine_.attempt().limit, leased_);
}

void request_task::on_connected(const error_code& error) {
    if (error) {
        trace_.not_connected();
        return break_off(error);
    }
    const time_point now = steady_now();
    carry_out(connected(now), now);
}

request_step request_task::connected(time_point now) {
    trace_.connected(leased_.reused());
    return machine_.connected(now);
}

void request_task::exchange() {
    exchanging_ = true;
    head_came_ = false;
    request_parts own{{}, {}, body_};
    if (uncommon_) {
        own.target = uncommon_->target;
        own.fields = uncommon_->fields;
    }
    format_http_request(client_->outgoing, own,
                        way().head(is_streamed() ? wire::delivery::streamed : wire::delivery::whole));
    leased_->send(user(), client_->outgoing, machine_.attempt().sent_at, machine_.attempt().limit);
}

void request_task::on_sent(const error_code& error) {
    guard([&] {
        if (error) return break_off(error);
        trace_.sent(leased_->carried().sent);
        // Not at once: Asio tries to read before it waits, and no answer is there yet. Behind whatever else
        // is to be sent now, that first try often succeeds where the server is near.
        client_->turn->add({shared_from_this(), this});
    });
}

void request_task::on_read(const error_code& error) {
    guard([&] { take(error); });
}

time_point request_task::latest_limit() const {
    return machine_.deadline();
}

void request_task::was_held_up(duration waited) {
    if (begins()) begins()->limit = std::min(saturating_add(begins()->limit, waited), machine_.deadline());
}

void request_task::take(const error_code& error) {
    if (begins()) return take_beginning_of_stream(error);
    if (error) return break_off(error);
    // Whoever has been stopped has no use for the beginning of an answer.
    if (machine_.is_stopped() && is_streamed()) return break_off(errc::cancelled);
    if (!std::exchange(head_came_, true)) {
        const unsigned status = leased_->answer().status;
        trace_.head(status);
        if (is_streamed() && wire::is_success(status)) return take_head_of_stream();
    }
    if (!leased_->answer_is_whole()) return leased_->read_rest(user(), machine_.attempt().limit);
    machine_.set_phase(request_phase::answered);
    auto ended = wire::decode(std::move(leased_->answer()), *answered_in_, unix_now(), way().hidden);
    end_attempt(ended);
}

void request_task::take_head_of_stream() {
    machine_.set_phase(request_phase::receiving);
    wire::response& received = leased_->answer();
    auto said = wire::decode_stream_head(received, unix_now(), way().hidden);
    if (said.error) return end_attempt(said);
    const client_options& options = client_->options;
    wire::stream_beginning reader(way().encoding.dialect, way().hidden, wire::form_of(received.fields),
                                  options.max_event_bytes());
    with_uncommon().begins = std::make_unique<stream_attempt>(
        stream_attempt{std::move(received), std::move(said), std::move(reader), limit_of_next_event(), {}});
    leased_->answer().body.clear();
    take_beginning_of_stream({});
}

time_point request_task::limit_of_next_event() const {
    return std::min(saturating_add(steady_now(), client_->options.stream_idle_timeout()),
                    machine_.deadline());
}

void request_task::take_beginning_of_stream(const error_code& unread) {
    if (machine_.is_stopped()) return break_off(errc::cancelled);
    stream_attempt& begun = *begins();
    leased_->take_body(begun.received.body);
    using step = wire::stream_beginning::step;
    switch (begun.reader.take(begun.received, leased_->answer_is_whole(), unix_now(), begun.head)) {
        case step::announced:
            begun.limit = limit_of_next_event();
            [[fallthrough]];
        case step::more:
            if (unread) return break_off(unread);
            leased_->keep(begun.received.body.size());
            return begun.reader.is_document() ? leased_->read_rest(user(), begun.limit)
                                              : leased_->read_some(user(), begun.limit);
        case step::failed: {
            machine_.set_phase(request_phase::answered);
            wire::decoded_answer ended = std::move(begun.head);
            uncommon_->begins.reset();
            return end_attempt(ended);
        }
        case step::answer:
            break;
    }
    begun.unread = unread;
    exchanging_ = false;
    const time_point now = steady_now();
    carry_out(machine_.stream_begins(begun.head, now), now, &begun.head);
}

void request_task::break_off(const error_code& error) {
    wire::decoded_answer ended;
    const bool was_begun = begins() != nullptr;
    if (was_begun) {
        ended = std::move(begins()->head);
        uncommon_->begins.reset();
    }
    ended.error = error;
    ended.what = classify_by_default(attempt_result(error));
    ended.tells_limit = false;
    if (leased_) {
        machine_.set_phase(leased_->phase());
        ended.answer.info.message = leased_->problem();
    }
    if (was_begun && error == errc::answer_timed_out)
        ended.answer.info.message = "no piece of the answer came in time";
    if (ended.answer.info.message.empty()) ended.answer.info.message = error.message();
    end_attempt(ended);
}

// A proxy that passes requests on answers in the server's place where it cannot, or will not.
void request_task::name_forwarder(diagnostic& info) const {
    switch (info.http_status) {
        case 401:
        case 403:
        case 407:
        case 502:
        case 503:
        case 504:
            info.message.append(" (through the proxy ").append(way().forwarder).append(")");
            break;
        default:
            break;
    }
}

void request_task::end_attempt(wire::decoded_answer& ended) {
    if (ended.error && !way().forwarder.empty()) name_forwarder(ended.answer.info);
    if (std::exchange(exchanging_, false) && leased_) trace_.exchanged(leased_->carried());
    const time_point now = steady_now();
    leased_.release(now);
    carry_out(machine_.attempt_ended(ended, now), now, &ended);
}

request_step request_task::report(wire::decoded_answer& ended, time_point now) {
    time_point earliest = tell_gate(ended);
    // That is when it may go there again: elsewhere it may at once.
    if (routed() && tell_route(ended, now)) earliest = {};
    return machine_.reported(ended, earliest, now);
}

time_point request_task::tell_gate(const wire::decoded_answer& ended) {
    // Whoever is told nothing counts the attempt as abandoned.
    permit leave = std::move(leave_);
    switch (machine_.told_to_gate()) {
        case gate_report::refused:
            return leave.throttled(wire::hints_of_refusal(ended), machine_.refusals());
        case gate_report::admitted:
            leave.accepted(ended.hints, ended.answer.usage);
            break;
        case gate_report::answering:
            leave.answering(ended.hints);
            leave_ = std::move(leave);
            break;
        case gate_report::untold:
            leave.failed();
            break;
        case gate_report::abandoned:
            break;
    }
    return {};
}

void request_task::tell_trace(const diagnostic& info, const hints& said, time_point now,
                              const token_usage& used) {
    const auto fate = machine_.fate(info, said, now);
    trace_.done(fate.error, info, fate.refused, fate.again_in, said, fate.hint_cut_to, used);
}

void request_task::end(wire::decoded_answer& ended, time_point now) {
    tell_trace(ended.answer.info, ended.hints, now, ended.answer.usage);
    trace_.request_ended(!machine_.result());
    finish(machine_.result(), std::move(ended.answer));
}

void request_task::end_unsent() {
    completion result;
    machine_.describe_end(result.info);
    trace_.done(machine_.result(), result.info, false);
    trace_.request_ended(false);
    finish(machine_.result(), std::move(result));
}

void request_task::refuse(error_code error, std::string message) {
    completion result;
    result.info.message = std::move(message);
    trace_.request_ended(false);
    finish(error, std::move(result));
}

void request_task::finish(error_code error, completion&& result) {
    if (!error) {
        result.info.message.clear();
        machine_.answered();
    } else {
        result.info.tries = machine_.take_tries();
    }
    told_ = true;
    try {
        deliver(error, std::move(result));
    } catch (const std::bad_alloc&) {
        if (error) throw;
        if (is_streamed()) trace_.request_ended(false);
        completion unsaid;
        unsaid.info.message = out_of_memory().message();
        unsaid.info.last_error = out_of_memory();
        deliver(out_of_memory(), std::move(unsaid));
    }
    if (routed() && routed()->guest != 0) forget_route();
    // Last: a stream that opens has joined those that run, and whoever drains goes on waiting.
    client_->running.erase(*this);
}

void request_task::deliver(error_code error, completion&& result) {
    const auto theirs = handler_executor_ ? *handler_executor_ : asio::any_completion_executor();
    if (auto* const whole = std::get_if<whole_handler>(&handler_))
        return complete_later(client_->executor, theirs, std::move(*whole), error, std::move(result));
    auto& handler = std::get<stream_handler>(handler_);
    complete_later(client_->executor, theirs, std::move(handler), error,
                   completion_stream(stream_of(error, std::move(result))));
}

std::shared_ptr<open_stream> request_task::stream_of(error_code error, completion&& result) {
    if (error) return std::make_shared<open_stream>(client_, error, std::move(result));
    open_stream::beginning from{way(),
                                std::move(leased_),
                                std::move(leave_),
                                std::move(begins()->received),
                                begins()->unread,
                                std::move(result.info),
                                machine_.attempt().sent_at,
                                machine_.deadline(),
                                std::move(trace_)};
    auto opened = std::make_shared<open_stream>(client_, std::move(from));
    opened->enroll();
    return opened;
}

void request_task::stop(errc why) {
    carry_out(machine_.stop(why), {});
}

// A gate of another context would keep it.
void request_task::context_ends() noexcept {
    const auto self = shared_from_this();
    if (place_ != nowhere) gate_access::leave(way().gate, place_);
}

void request_task::step_aside() {
    if (!client_->held.lets_pass(machine_.alike())) carry_out(machine_.step_aside(), {});
}

}  // namespace stagger::detail
