#pragma once

#include <atomic>
#include <boost/asio/any_completion_executor.hpp>
#include <boost/asio/any_completion_handler.hpp>
#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/experimental/channel.hpp>
#include <exception>
#include <memory>
#include <mutex>
#include <vector>

#include "batch/result_queue.hpp"
#include "batch/transport.hpp"
#include "stagger/batch.hpp"

namespace stagger::batch {

/** Takes prompts from a source as there is room, sends them, and keeps the results until they are asked for.
 *
 * One coroutine reads; what is outstanding is a slot with a completion handler, not a coroutine of its own.
 * What ends is handed over under a lock, so that a consumer who finds a result there needs no other hop than
 * the one that keeps `async_next` from completing inline; everything else happens on one serial executor,
 * where the members that others call go by themselves.
 */
class engine : public std::enable_shared_from_this<engine> {
 public:
    using next_handler = boost::asio::any_completion_handler<batch_results::next_signature>;

    engine(transport target, std::unique_ptr<prompt_source> source, const batch_options& options);

    void start();
    void async_next(next_handler handler);
    /// A result that needs no waiting.
    std::optional<batch_result> next_ready();
    void drain();
    void cancel();
    /// What the source threw; null: nothing, or not yet.
    std::exception_ptr thrown() const;
    const boost::asio::any_io_executor& executor() const { return target_.executor; }
    std::size_t taken_up() const { return taken_up_.load(std::memory_order_relaxed); }
    /// Takes up more where places have been given back though nothing has ended. On the serial executor.
    void look_again();

 private:
    struct slot {
        boost::asio::cancellation_signal cancel;
        result_queue::node result;  // what is known of it already
        std::uint64_t sequence = 0;
    };

    // Waiting goes through channels because the execution context destroys what waits in them when it ends;
    // handlers that lie in this object would keep it, and it them, alive for ever.
    using bell = boost::asio::experimental::channel<boost::asio::any_io_executor, void(error_code)>;

    boost::asio::awaitable<void> take_up_prompts();
    /// False where the reader has to wait, and is woken then.
    bool may_take_up();
    std::size_t room() const;
    void count_set_aside();
    bool reader_may_go_on();
    void wake_reader();
    void send(batch_prompt prompt);
    void announce_rest();
    void completed(std::size_t index, error_code error, completion answer);
    void ended(std::uint64_t sequence, result_queue::node result);
    void reading_ended(std::exception_ptr failure);
    void stop_reading();
    result_queue::node take();
    bool has_answer() const;
    void deliver();
    void answer(next_handler handler, boost::asio::any_completion_executor own);
    void wait(next_handler handler, boost::asio::any_completion_executor own);
    void complete(next_handler handler, const boost::asio::any_completion_executor& own, error_code error,
                  result_queue::node result) const;

    transport target_;
    boost::asio::any_io_executor serial_;
    std::unique_ptr<prompt_source> source_;
    const std::size_t window_;
    const std::size_t most_outstanding_;
    const std::size_t enough_room_;     // to wake the reader for
    const std::size_t most_set_aside_;  // beside those
    std::atomic<std::size_t> taken_up_{0};

    std::vector<std::unique_ptr<slot>> slots_;
    std::vector<std::size_t> free_slots_;
    bell room_made_;
    bell result_came_;
    boost::asio::cancellation_signal reader_cancel_;
    error_code source_error_;
    bool wait_cancelled_ = false;
    bool reading_done_ = false;
    bool stopping_ = false;

    mutable std::mutex mutex_;  // for what follows
    result_queue results_;
    std::size_t outstanding_ = 0;
    std::size_t set_aside_ = 0;  // of those
    bool reader_waits_ = false;
    bool consumer_waits_ = false;
    bool consumer_called_ = false;  // it waits, but has been told
    std::exception_ptr thrown_;     // by the source
};

}  // namespace stagger::batch
