#include "batch/engine.hpp"

#include <algorithm>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/associated_cancellation_slot.hpp>
#include <boost/asio/associated_executor.hpp>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/bind_executor.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/dispatch.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/prefer.hpp>
#include <boost/asio/strand.hpp>

#include "base/thrown_error.hpp"

namespace asio = boost::asio;

namespace stagger::batch {
namespace {

// The reader is woken for a share of the window at once, not for every prompt: waking costs as much as taking
// up several. Twice as many are taken up as may be in flight, so nothing runs dry meanwhile.
constexpr std::size_t share_of_window = 8;
// Prompts of a model or key that is refused as a whole take no place from the others, as long as their memory
// is no matter: those behind them in the list are to be sent all the same.
constexpr std::size_t windows_set_aside = 20;
// A source of unknown length goes on until it ends.
constexpr std::size_t no_end_in_sight = 1'000'000'000;

std::size_t usual_window(const transport& target) {
    return 2 * target.max_in_flight;
}

std::size_t window_of(const batch_options& options, const transport& target) {
    if (options.ordered() > 0) return options.ordered();
    return options.window() > 0 ? options.window() : usual_window(target);
}

std::size_t most_outstanding(const batch_options& options, const transport& target) {
    const auto bound = options.window() > 0 ? options.window() : usual_window(target);
    return std::min(bound, window_of(options, target));
}

/// Who chooses the window, or wants the order of the prompts, has a bound of his own.
std::size_t most_set_aside(const batch_options& options, const transport& target) {
    const bool bounded = options.window() > 0 || options.ordered() > 0;
    return bounded ? 0 : windows_set_aside * usual_window(target);
}

asio::any_io_executor serial_of(const transport& target) {
    if (target.serial) return target.serial;
    return asio::make_strand(target.executor);
}

}  // namespace

engine::engine(transport target, std::unique_ptr<prompt_source> source, const batch_options& options)
    : target_(std::move(target)),
      serial_(serial_of(target_)),
      source_(std::move(source)),
      window_(window_of(options, target_)),
      most_outstanding_(most_outstanding(options, target_)),
      enough_room_(std::max<std::size_t>(most_outstanding_ / share_of_window, 1)),
      most_set_aside_(most_set_aside(options, target_)),
      room_made_(serial_, 1),
      result_came_(serial_, 1),
      results_(options.ordered()) {}

void engine::start() {
    auto self = shared_from_this();
    auto ended = [self](std::exception_ptr failure) { self->reading_ended(failure); };
    asio::co_spawn(serial_, take_up_prompts(),
                   asio::bind_cancellation_slot(reader_cancel_.slot(), std::move(ended)));
}

asio::awaitable<void> engine::take_up_prompts() {
    constexpr auto token = asio::as_tuple(asio::deferred);
    while (!stopping_) {
        if (!may_take_up()) {
            announce_rest();
            co_await room_made_.async_receive(token);
            continue;
        }
        auto prompt = co_await source_->read(source_error_);
        if (stopping_) source_error_ = {};
        if (source_error_ || !prompt || stopping_) break;
        send(std::move(*prompt));
    }
}

std::size_t engine::room() const {
    const auto ahead = taken_up() - results_.taken();
    const auto left = [this](std::size_t places, std::size_t taken) {
        return places + set_aside_ - std::min(places + set_aside_, taken);
    };
    return std::min(left(window_, ahead), left(most_outstanding_, outstanding_));
}

// With the lock held.
void engine::count_set_aside() {
    if (most_set_aside_ > 0) set_aside_ = std::min(target_.set_aside(), most_set_aside_);
}

bool engine::may_take_up() {
    const std::lock_guard lock(mutex_);
    if (room() == 0) count_set_aside();
    reader_waits_ = room() == 0;
    return !reader_waits_;
}

// With the lock held; true once for each time that it waits.
bool engine::reader_may_go_on() {
    if (!reader_waits_) return false;
    count_set_aside();
    if (room() < enough_room_) return false;
    reader_waits_ = false;
    return true;
}

void engine::wake_reader() {
    asio::dispatch(serial_, [self = shared_from_this()] { self->room_made_.try_send(error_code()); });
}

void engine::look_again() {
    bool woken = false;
    {
        const std::lock_guard lock(mutex_);
        woken = reader_may_go_on();
    }
    if (woken) wake_reader();
}

void engine::send(batch_prompt prompt) {
    auto result = std::make_unique<batch_result>();
    result->custom_id = std::move(prompt.custom_id);
    result->position = prompt.position;
    result->hash = prompt.hash;
    const auto sequence = taken_up_.fetch_add(1, std::memory_order_relaxed);
    if (!prompt.request) {
        result->error = errc::invalid_request;
        result->answer.info.message = std::move(prompt.problem);
        {
            const std::lock_guard lock(mutex_);
            ++outstanding_;
        }
        return ended(sequence, std::move(result));
    }
    if (free_slots_.empty()) {
        free_slots_.push_back(slots_.size());
        slots_.push_back(std::make_unique<slot>());
    }
    const auto index = free_slots_.back();
    free_slots_.pop_back();
    auto& taken = *slots_[index];
    taken.result = std::move(result);
    taken.sequence = sequence;
    {
        const std::lock_guard lock(mutex_);
        ++outstanding_;
    }
    if (!prompt.request->priority()) prompt.request->priority(priority::batch);
    // Far from its end the rest is announced only when the reader pauses.
    if (source_->remaining().value_or(no_end_in_sight) < window_) announce_rest();
    auto done = [self = shared_from_this(), index](error_code error, completion answer) {
        self->completed(index, error, std::move(answer));
    };
    target_.send(
        std::move(*prompt.request),
        asio::bind_cancellation_slot(taken.cancel.slot(), asio::bind_executor(serial_, std::move(done))));
}

void engine::announce_rest() {
    if (!target_.expect) return;
    const bool over = reading_done_ || stopping_;
    target_.expect(over ? 0 : source_->remaining().value_or(no_end_in_sight));
}

void engine::completed(std::size_t index, error_code error, completion answer) {
    auto& one = *slots_[index];
    one.result->error = error;
    one.result->answer = std::move(answer);
    free_slots_.push_back(index);
    ended(one.sequence, std::move(one.result));
}

void engine::ended(std::uint64_t sequence, result_queue::node result) {
    bool woken = false;
    {
        const std::lock_guard lock(mutex_);
        --outstanding_;
        results_.push(sequence, std::move(result));
        woken = reader_may_go_on();
    }
    if (woken) wake_reader();
    deliver();
}

void engine::reading_ended(std::exception_ptr failure) {
    reading_done_ = true;
    if (failure && !stopping_) {
        source_error_ = error_of(failure).error;
        const std::lock_guard lock(mutex_);
        thrown_ = std::move(failure);
    }
    announce_rest();
    deliver();
}

std::exception_ptr engine::thrown() const {
    const std::lock_guard lock(mutex_);
    return thrown_;
}

void engine::stop_reading() {
    stopping_ = true;
    reader_cancel_.emit(asio::cancellation_type::terminal);
    room_made_.try_send(error_code());
    deliver();
}

// With the lock held.
bool engine::has_answer() const {
    return wait_cancelled_ || results_.ready() || (outstanding_ == 0 && (reading_done_ || stopping_));
}

void engine::deliver() {
    {
        const std::lock_guard lock(mutex_);
        if (!consumer_waits_ || consumer_called_ || !has_answer()) return;
        consumer_called_ = true;
    }
    result_came_.try_send(error_code());
}

result_queue::node engine::take() {
    result_queue::node result;
    bool woken = false;
    {
        const std::lock_guard lock(mutex_);
        if (consumer_waits_ || !results_.ready()) return result;
        result = results_.take();
        woken = reader_may_go_on();
    }
    if (woken) wake_reader();
    return result;
}

std::optional<batch_result> engine::next_ready() {
    const auto result = take();
    if (!result) return std::nullopt;
    return std::move(*result);
}

void engine::complete(next_handler handler, const asio::any_completion_executor& own, error_code error,
                      result_queue::node result) const {
    auto call = [handler = std::move(handler), error, result = std::move(result)]() mutable {
        auto cancel = asio::get_associated_cancellation_slot(handler);
        if (cancel.is_connected()) cancel.clear();
        std::optional<batch_result> taken;
        if (result) taken.emplace(std::move(*result));
        std::move(handler)(error, std::move(taken));
    };
    // Posted on ours, since an erased completion executor offers no post.
    asio::post(target_.executor, asio::bind_executor(own, std::move(call)));
}

void engine::answer(next_handler handler, asio::any_completion_executor own) {
    error_code error;
    result_queue::node result;
    if (wait_cancelled_) {
        error = errc::cancelled;
        wait_cancelled_ = false;
    } else {
        result = take();
        if (!result) error = source_error_;
    }
    complete(std::move(handler), own, error, std::move(result));
}

void engine::wait(next_handler handler, asio::any_completion_executor own) {
    bool answered = false;
    {
        const std::lock_guard lock(mutex_);
        if (consumer_waits_)
            return complete(std::move(handler), own, errc::invalid_request, result_queue::node());
        answered = has_answer();
        consumer_waits_ = !answered;
        consumer_called_ = false;
    }
    if (answered) return answer(std::move(handler), std::move(own));
    auto came = [self = shared_from_this(), handler = std::move(handler),
                 own = std::move(own)](error_code) mutable {
        {
            const std::lock_guard lock(self->mutex_);
            self->consumer_waits_ = false;
        }
        self->answer(std::move(handler), std::move(own));
    };
    result_came_.async_receive(asio::bind_executor(serial_, std::move(came)));
}

void engine::async_next(next_handler handler) {
    asio::any_completion_executor own = asio::get_associated_executor(handler, target_.executor);
    if (auto result = take()) return complete(std::move(handler), own, {}, std::move(result));
    auto cancel = asio::get_associated_cancellation_slot(handler);
    if (cancel.is_connected()) {
        cancel.assign([weak = weak_from_this()](asio::cancellation_type) {
            const auto alive = weak.lock();
            if (!alive) return;
            asio::post(alive->serial_, [alive] {
                {
                    const std::lock_guard lock(alive->mutex_);
                    alive->wait_cancelled_ = alive->consumer_waits_ && !alive->consumer_called_;
                }
                alive->deliver();
            });
        });
    }
    // Keeps the consumer's context running while it waits for what another context does.
    own = asio::prefer(own, asio::execution::outstanding_work.tracked);
    auto start = [self = shared_from_this(), own = std::move(own), handler = std::move(handler)]() mutable {
        self->wait(std::move(handler), std::move(own));
    };
    asio::dispatch(serial_, std::move(start));
}

void engine::drain() {
    asio::dispatch(serial_, [self = shared_from_this()] { self->stop_reading(); });
}

void engine::cancel() {
    asio::dispatch(serial_, [self = shared_from_this()] {
        for (std::size_t index = 0; index < self->slots_.size(); ++index) {
            self->slots_[index]->cancel.emit(asio::cancellation_type::terminal);
        }
        self->stop_reading();
    });
}

}  // namespace stagger::batch
