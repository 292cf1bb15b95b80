#pragma once

#include <atomic>
#include <boost/asio/any_completion_executor.hpp>
#include <boost/asio/any_completion_handler.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/experimental/channel.hpp>
#include <boost/asio/strand.hpp>
#include <deque>
#include <exception>
#include <memory>
#include <string>
#include <vector>

#include "batch/transport.hpp"
#include "stagger/batch.hpp"

namespace stagger::batch {

/** Takes prompts from a source as there is room, sends them, and keeps the results until they are asked for.
 *
 * One coroutine reads; what is outstanding is a slot with a completion handler, not a coroutine of its own.
 * Everything happens on one strand; the members that others call go there by themselves.
 */
class engine : public std::enable_shared_from_this<engine> {
 public:
    using next_handler = boost::asio::any_completion_handler<batch_results::next_signature>;

    engine(transport target, std::unique_ptr<prompt_source> source, std::size_t window);

    void start();
    void async_next(next_handler handler);
    /// A result that needs no waiting. To be called on the thread of an executor that has only one.
    std::optional<batch_result> next_ready();
    void drain();
    void cancel();
    std::size_t taken_up() const { return taken_up_.load(std::memory_order_relaxed); }

 private:
    struct slot {
        boost::asio::cancellation_signal cancel;
        std::string custom_id;
        std::size_t position = 0;
        std::uint64_t hash = 0;
    };

    using strand = boost::asio::strand<boost::asio::any_io_executor>;
    // Waiting goes through channels because the execution context destroys what waits in them when it ends;
    // handlers that lie in this object would keep it, and it them, alive for ever.
    using bell = boost::asio::experimental::channel<strand, void(error_code)>;

    boost::asio::awaitable<void> take_up_prompts();
    bool has_room() const { return outstanding_ + ready_.size() < window_; }
    void send(batch_prompt prompt);
    void announce_rest();
    void completed(std::size_t index, error_code error, completion answer);
    void reading_ended(std::exception_ptr failure);
    void stop_reading();
    bool has_answer() const;
    void deliver();
    void answer(next_handler handler, boost::asio::any_completion_executor own);
    void wait(next_handler handler, boost::asio::any_completion_executor own);

    transport target_;
    strand strand_;
    std::unique_ptr<prompt_source> source_;
    std::size_t window_;
    std::atomic<std::size_t> taken_up_{0};

    std::vector<std::unique_ptr<slot>> slots_;
    std::vector<std::size_t> free_slots_;
    std::size_t outstanding_ = 0;
    std::deque<batch_result> ready_;
    bell room_made_;
    bell result_came_;
    bool consumer_waits_ = false;
    bool wait_cancelled_ = false;
    boost::asio::cancellation_signal reader_cancel_;
    error_code source_error_;
    bool reading_done_ = false;
    bool stopping_ = false;
};

}  // namespace stagger::batch
