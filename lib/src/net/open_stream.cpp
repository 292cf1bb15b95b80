#include "net/open_stream.hpp"

#include <algorithm>
#include <boost/asio/associated_cancellation_slot.hpp>
#include <boost/asio/associated_executor.hpp>
#include <boost/asio/post.hpp>
#include <stdexcept>
#include <utility>

#include "http/clock.hpp"
#include "http/complete_later.hpp"
#include "http/out_of_memory.hpp"

namespace stagger::detail {

namespace asio = boost::asio;

namespace {

// After the end marker comes no more than the end of the body. A server that keeps it back, or goes on, costs
// a new connection.
constexpr duration longest_drain = std::chrono::seconds(1);
constexpr std::size_t most_drained_bytes = 4096;

}  // namespace

/// A read that somebody waits for. Owns who asks: where the context is destroyed, so is this, and lets go of
/// a caller that owns the stream.
class open_stream::pending_read final : public connection_user,
                                        public std::enable_shared_from_this<pending_read> {
 public:
    pending_read(std::shared_ptr<open_stream> stream, asker who, time_point limit)
        : stream_(std::move(stream)), who_(std::move(who)), limit_(limit) {
        stream_->asking_ = &who_;
    }

    void go_on() {
        try {
            connection& from = *stream_->leased_;
            if (from.answer_is_whole() || stream_->unread_) return take();
            from.keep(stream_->held_bytes());
            if (stream_->form_ == wire::body_form::whole) return from.read_rest(shared_from_this(), limit_);
            from.read_some(shared_from_this(), limit_);
        } catch (const std::bad_alloc&) {
            stream_->run_out_of_memory();
        }
    }

 private:
    void on_read(const error_code& error) override {
        try {
            stream_->leased_->take_body(stream_->received_.body);
            stream_->unread_ = error;
            take();
        } catch (const std::bad_alloc&) {
            stream_->run_out_of_memory();
        }
    }
    time_point latest_limit() const override { return stream_->deadline_; }
    void was_held_up(duration waited) override {
        limit_ = std::min(saturating_add(limit_, waited), stream_->deadline_);
    }
    void take() {
        if (!stream_->take_what_came()) go_on();
    }

    const std::shared_ptr<open_stream> stream_;
    asker who_;
    time_point limit_;
};

/// Reads away what comes after the end marker, so that the connection can be used again.
class open_stream::pending_drain final : public connection_user,
                                         public std::enable_shared_from_this<pending_drain> {
 public:
    explicit pending_drain(std::shared_ptr<open_stream> stream)
        : stream_(std::move(stream)), limit_(steady_now() + longest_drain) {}

    void go_on() {
        const bool enough = stream_->stopped_ != errc{} || rest_.size() >= most_drained_bytes;
        if (enough || stream_->leased_->answer_is_whole()) return stream_->let_go();
        stream_->leased_->read_some(shared_from_this(), limit_);
    }

 private:
    void on_read(const error_code& error) override {
        if (error) return stream_->let_go();
        stream_->leased_->take_body(rest_);
        go_on();
    }

    const std::shared_ptr<open_stream> stream_;
    const time_point limit_;
    std::string rest_;
};

open_stream::open_stream(std::shared_ptr<client_state> client, beginning from)
    : client_(std::move(client)),
      way_(&from.way),
      leased_(std::move(from.leased)),
      leave_(std::move(from.leave)),
      trace_(std::move(from.trace)),
      received_(std::move(from.received)),
      parser_(wire::longest_line_of(client_->options.max_event_bytes()), client_->options.max_event_bytes()),
      answer_(way_->encoding.dialect, way_->hidden),
      sent_at_(from.sent_at),
      deadline_(from.deadline),
      form_(wire::form_of(received_.fields)),
      unread_(from.unread) {
    answer_.answer().info = std::move(from.info);
}

open_stream::open_stream(std::shared_ptr<client_state> client, error_code error, completion failed)
    : client_(std::move(client)),
      parser_(0, 0),
      answer_(client_->options.dialect(), {}),
      ended_(true),
      error_(error) {
    answer_.answer() = std::move(failed);
}

void open_stream::enroll() {
    client_->running.insert(*this);
    if (client_->closed) stop(errc::shut_down);
}

client_state& open_stream::living_client() const {
    if (!client_) throw std::logic_error("completion_stream: its execution context was destroyed");
    return *client_;
}

void open_stream::next(handler_type handler) {
    const asio::any_io_executor& ours = living_client().executor;
    asker who{std::move(handler), {}};
    who.executor = executor_of_handler(asio::get_associated_executor(who.handler, ours), ours);
    listen_for_cancellation(who.handler);
    asio::post(client_->strand, [self = shared_from_this(), who = std::move(who)]() mutable {
        try {
            self->begin_next(std::move(who));
        } catch (const std::bad_alloc&) {
            self->run_out_of_memory();
        }
    });
}

// The caller's signal comes from the caller's thread; ours is given on the strand.
void open_stream::listen_for_cancellation(const handler_type& handler) {
    auto slot = asio::get_associated_cancellation_slot(handler);
    if (!slot.is_connected()) return;
    slot.assign([weak = weak_from_this(), strand = client_->strand](asio::cancellation_type) {
        asio::post(strand, [weak] {
            if (const auto self = weak.lock()) self->stop(errc::cancelled);
        });
    });
}

void open_stream::begin_next(asker&& who) {
    if (reading_) {
        return complete_later(client_->executor, who.executor, std::move(who.handler),
                              error_code(errc::invalid_request), std::optional<completion_delta>());
    }
    asking_ = &who;
    if (ended_) {
        if (std::exchange(untold_, false)) {
            note_untold_end(answer_.answer().info);
        }
        return complete(error_, std::nullopt);
    }
    settle_form();
    if (form_ == wire::body_form::events && take_buffered()) return;
    reading_ = true;
    // Counted from the call: while nobody asks, the stream is not idle.
    const time_point limit =
        std::min(saturating_add(steady_now(), client_->options.stream_idle_timeout()), deadline_);
    std::make_shared<pending_read>(shared_from_this(), std::move(who), limit)->go_on();
}

std::size_t open_stream::held_bytes() {
    return received_.body.size() - taken_ + parser_.held_bytes() + answer_.answer().text.size();
}

bool open_stream::take_what_came() {
    if (stopped_ != errc{}) {
        fail(stopped_, error_code(stopped_).message());
        return true;
    }
    settle_form();
    if (form_ == wire::body_form::unknown) return false;
    if (form_ == wire::body_form::whole && !unread_) {
        if (!leased_->answer_is_whole()) return false;
        take_whole_answer();
        return true;
    }
    return take_buffered();
}

void open_stream::settle_form() {
    form_ = wire::settled_form(form_, received_.body, unread_ || leased_->answer_is_whole());
}

bool open_stream::take_buffered() {
    while (form_ == wire::body_form::events && taken_ < received_.body.size()) {
        error_code error;
        taken_ += parser_.put(std::string_view(received_.body).substr(taken_), error);
        if (error) {
            fail(error,
                 "an event is larger than " + std::to_string(client_->options.max_event_bytes()) + " bytes");
            return true;
        }
        if (parser_.has_event() && take_event()) return true;
    }
    received_.body.clear();
    taken_ = 0;
    if (unread_) {
        const bool late = unread_ == errc::answer_timed_out;
        const bool past_deadline = late && steady_now() >= deadline_;
        std::string message = late && !past_deadline ? "no piece of the answer came in time" : "";
        if (!late) message = leased_->problem();
        fail(past_deadline ? error_code(errc::deadline_exceeded) : unread_, std::move(message));
        return true;
    }
    if (!leased_->answer_is_whole()) return false;
    take_end_of_body();
    return true;
}

bool open_stream::take_event() {
    using step = wire::stream_answer::step;
    completion_delta delta;
    switch (answer_.take(parser_.take(), delta)) {
        case step::nothing:
            return false;
        case step::delta:
            hand_out(std::move(delta));
            return true;
        case step::end:
            answer_is_whole();
            return true;
        case step::failed:
            break;
    }
    fail(answer_.error(), answer_.answer().info.message);
    return true;
}

void open_stream::take_end_of_body() {
    if (answer_.take_end_of_body(parser_.stray()) == wire::stream_answer::step::end) return answer_is_whole();
    fail(answer_.error(), answer_.answer().info.message);
}

void open_stream::take_whole_answer() {
    diagnostic info = std::move(answer_.answer().info);
    auto decoded = wire::decode(std::move(received_), way_->encoding.dialect, unix_now(), way_->hidden);
    completion_delta delta;
    delta.text = decoded.answer.text;
    delta.finish_reason = decoded.answer.finish_reason;
    delta.usage = decoded.answer.usage;
    delta.raw = decoded.answer.raw;
    std::string message = std::move(decoded.answer.info.message);
    if (info.request_id.empty()) info.request_id = std::move(decoded.answer.info.request_id);
    answer_.answer() = std::move(decoded.answer);
    answer_.answer().info = std::move(info);
    if (decoded.error) return fail(decoded.error, std::move(message));
    end({});
    complete({}, std::move(delta));
}

void open_stream::hand_out(completion_delta delta) {
    // The delta that says that it is the last one: who takes it holds the whole answer.
    if (answer_.is_whole()) end({});
    complete({}, std::move(delta));
}

void open_stream::answer_is_whole() {
    end({});
    complete({}, std::nullopt);
}

void open_stream::fail(error_code error, std::string message) {
    answer_.answer().info.message = message.empty() ? error.message() : std::move(message);
    end(error);
    complete(error, std::nullopt);
}

void open_stream::run_out_of_memory() {
    if (ended_) return complete(error_ ? error_ : out_of_memory(), std::nullopt);
    fail(out_of_memory(), "");
}

void open_stream::end(error_code error) {
    note_end(answer_.answer().info, error);
    release(error);
}

void open_stream::note_untold_end(diagnostic& info) const {
    info.message = error_.message();
    note_end(info, error_);
}

void open_stream::note_end(diagnostic& info, error_code error) const {
    info.last_error = error;
    info.served = steady_now() - sent_at_;
    info.phase = error ? request_phase::receiving : request_phase::answered;
}

void open_stream::release(error_code error) {
    ended_ = true;
    error_ = error;
    if (leave_) error ? leave_.failed() : leave_.accepted({}, answer_.answer().usage);
    if (trace_) {
        if (leased_) trace_->exchanged(leased_->carried());
        tell_trace();
    }
    if (!error && leased_ && !leased_->answer_is_whole() && drains()) return;
    leased_.release();
    // Posted: `stop` may be what ends it, in a loop over that set.
    const auto leave = [self = shared_from_this()] { self->client_->running.erase(*self); };
    at_second_try([&] { asio::post(client_->strand, leave); });
}

bool open_stream::drains() {
    try {
        leased_->keep(0);
        std::make_shared<pending_drain>(shared_from_this())->go_on();
        return true;
    } catch (const std::bad_alloc&) {
        return false;
    }
}

void open_stream::tell_trace() {
    diagnostic& info = answer_.answer().info;
    if (untold_) {
        // A copy: the caller may be reading the result.
        diagnostic seen = info;
        note_untold_end(seen);
        trace_->done(error_, seen, false);
    } else {
        trace_->done(error_, info, false);
    }
    trace_->request_ended(!error_);
}

void open_stream::let_go() {
    leased_.release();
    client_->running.erase(*this);
}

void open_stream::complete(error_code error, std::optional<completion_delta> delta) {
    reading_ = false;
    if (!asking_) return;
    asker who = std::move(*std::exchange(asking_, nullptr));
    complete_later(client_->executor, who.executor, std::move(who.handler), error, std::move(delta));
}

void open_stream::stop(errc why) {
    if (stopped_ != errc{}) return;
    stopped_ = why;
    // What reads, or drains, sees it.
    if (reading_ || (ended_ && leased_)) return leased_->cancel();
    if (ended_) return;
    untold_ = true;
    release(why);
}

// Whoever asks is destroyed with the context, and so is what reads.
void open_stream::context_ends() noexcept {
    if (!ended_) note_end(answer_.answer().info, errc::shut_down);
    ended_ = true;
    asking_ = nullptr;
    leave_ = {};
    leased_.release();
    trace_.reset();
    client_.reset();
}

void open_stream::abandon() {
    if (!client_) return;
    asio::post(client_->strand, [self = shared_from_this()] {
        if (!self->ended_) self->stop(errc::cancelled);
    });
}

}  // namespace stagger::detail
