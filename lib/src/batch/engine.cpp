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
#include <boost/system/system_error.hpp>

#include "net/complete_later.hpp"

namespace asio = boost::asio;

namespace stagger::batch {

engine::engine(transport target, std::unique_ptr<prompt_source> source, std::size_t window)
    : target_(std::move(target)),
      strand_(asio::make_strand(target_.executor)),
      source_(std::move(source)),
      window_(window > 0 ? window : 2 * target_.max_in_flight),
      room_made_(strand_, 1),
      result_came_(strand_, 1) {}

void engine::start() {
    auto self = shared_from_this();
    auto ended = [self](std::exception_ptr failure) { self->reading_ended(failure); };
    asio::co_spawn(strand_, take_up_prompts(),
                   asio::bind_cancellation_slot(reader_cancel_.slot(), std::move(ended)));
}

asio::awaitable<void> engine::take_up_prompts() {
    constexpr auto token = asio::as_tuple(asio::deferred);
    while (!stopping_) {
        if (!has_room()) {
            co_await room_made_.async_receive(token);
            continue;
        }
        auto prompt = co_await source_->read(source_error_);
        if (stopping_) source_error_ = {};
        if (source_error_ || !prompt || stopping_) break;
        taken_up_.fetch_add(1, std::memory_order_relaxed);
        send(std::move(*prompt));
    }
}

void engine::send(batch_prompt prompt) {
    if (!prompt.request) {
        batch_result unreadable;
        unreadable.custom_id = std::move(prompt.custom_id);
        unreadable.position = prompt.position;
        unreadable.hash = prompt.hash;
        unreadable.error = errc::invalid_request;
        unreadable.answer.info.message = std::move(prompt.problem);
        ready_.push_back(std::move(unreadable));
        return deliver();
    }
    if (free_slots_.empty()) {
        free_slots_.push_back(slots_.size());
        slots_.push_back(std::make_unique<slot>());
    }
    const auto index = free_slots_.back();
    free_slots_.pop_back();
    auto& taken = *slots_[index];
    taken.custom_id = std::move(prompt.custom_id);
    taken.position = prompt.position;
    taken.hash = prompt.hash;
    ++outstanding_;
    announce_rest();
    auto done = [self = shared_from_this(), index](error_code error, completion answer) {
        self->completed(index, error, std::move(answer));
    };
    target_.send(
        std::move(*prompt.request),
        asio::bind_cancellation_slot(taken.cancel.slot(), asio::bind_executor(strand_, std::move(done))));
}

void engine::announce_rest() {
    // A source of unknown length goes on until it ends.
    constexpr std::size_t no_end_in_sight = 1'000'000'000;
    if (!target_.expect) return;
    const bool over = reading_done_ || stopping_;
    target_.expect(over ? 0 : source_->remaining().value_or(no_end_in_sight));
}

void engine::completed(std::size_t index, error_code error, completion answer) {
    auto& ended = *slots_[index];
    batch_result result;
    result.custom_id = std::move(ended.custom_id);
    result.position = ended.position;
    result.hash = ended.hash;
    result.error = error;
    result.answer = std::move(answer);
    ready_.push_back(std::move(result));
    free_slots_.push_back(index);
    --outstanding_;
    deliver();
}

void engine::reading_ended(std::exception_ptr failure) {
    reading_done_ = true;
    try {
        if (failure && !stopping_) std::rethrow_exception(failure);
    } catch (const boost::system::system_error& error) {
        source_error_ = error.code();
    }
    announce_rest();
    deliver();
}

void engine::stop_reading() {
    stopping_ = true;
    reader_cancel_.emit(asio::cancellation_type::terminal);
    room_made_.try_send(error_code());
    deliver();
}

bool engine::has_answer() const {
    return wait_cancelled_ || !ready_.empty() || (outstanding_ == 0 && (reading_done_ || stopping_));
}

void engine::deliver() {
    if (!consumer_waits_ || !has_answer()) return;
    consumer_waits_ = false;
    result_came_.try_send(error_code());
}

std::optional<batch_result> engine::next_ready() {
    if (ready_.empty()) return std::nullopt;
    std::optional<batch_result> result(std::move(ready_.front()));
    ready_.pop_front();
    room_made_.try_send(error_code());
    return result;
}

void engine::answer(next_handler handler, asio::any_completion_executor own) {
    error_code error;
    std::optional<batch_result> result;
    if (wait_cancelled_) {
        error = errc::cancelled;
        wait_cancelled_ = false;
    } else {
        result = next_ready();
        if (!result) error = source_error_;
    }
    complete_later(target_.executor, own, std::move(handler), error, std::move(result));
}

void engine::wait(next_handler handler, asio::any_completion_executor own) {
    if (consumer_waits_) {
        return complete_later(target_.executor, own, std::move(handler), error_code(errc::invalid_request),
                              std::optional<batch_result>());
    }
    if (has_answer()) return answer(std::move(handler), std::move(own));
    consumer_waits_ = true;
    auto came = [self = shared_from_this(), handler = std::move(handler), own = std::move(own)](
                    error_code) mutable { self->answer(std::move(handler), std::move(own)); };
    result_came_.async_receive(asio::bind_executor(strand_, std::move(came)));
}

void engine::async_next(next_handler handler) {
    auto cancel = asio::get_associated_cancellation_slot(handler);
    if (cancel.is_connected()) {
        cancel.assign([weak = weak_from_this()](asio::cancellation_type) {
            const auto alive = weak.lock();
            if (!alive) return;
            asio::post(alive->strand_, [alive] {
                alive->wait_cancelled_ = alive->consumer_waits_;
                alive->deliver();
            });
        });
    }
    asio::any_completion_executor own = asio::get_associated_executor(handler, target_.executor);
    // Keeps the consumer's context running while it waits for what another context does.
    own = asio::prefer(own, asio::execution::outstanding_work.tracked);
    auto start = [self = shared_from_this(), own = std::move(own), handler = std::move(handler)]() mutable {
        self->wait(std::move(handler), std::move(own));
    };
    asio::dispatch(strand_, std::move(start));
}

void engine::drain() {
    asio::dispatch(strand_, [self = shared_from_this()] { self->stop_reading(); });
}

void engine::cancel() {
    asio::dispatch(strand_, [self = shared_from_this()] {
        for (std::size_t index = 0; index < self->slots_.size(); ++index) {
            self->slots_[index]->cancel.emit(asio::cancellation_type::terminal);
        }
        self->stop_reading();
    });
}

}  // namespace stagger::batch
