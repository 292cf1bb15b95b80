#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>

#include "load/arrival_schedule.hpp"
#include "load/attempt_ledger.hpp"
#include "load/run_recorder.hpp"
#include "stagger/client.hpp"

namespace stagger::load {

/// What one turn sends, and how.
struct load_order {
    load_profile profile;
    /// The request of a number, from 0; the same for the same number.
    std::function<completion_request(std::uint64_t)> request;
    bool stream = false;
};

/// How a turn is getting on.
struct load_counts {
    std::uint64_t sent = 0;
    std::uint64_t succeeded = 0;
    std::uint64_t failed = 0;
    std::uint64_t prompt_tokens = 0;
    std::uint64_t completion_tokens = 0;

    std::uint64_t ended() const { return succeeded + failed; }
};

/** @brief Sends one load through one client and records what becomes of it.
 *
 * Used from one thread, that of the client's executor, which it must not share with anything slow: a late
 * sender is part of the measurement.
 */
class load_run : public std::enable_shared_from_this<load_run> {
 public:
    /// Told of every request that has ended.
    using request_listener = std::function<void(const request_record&)>;

    /// Makes the client that is to be measured, with this observer.
    using client_maker = std::function<client(std::shared_ptr<attempt_observer>)>;

    /// @param told_too of everything, by the observer that `make` is given; may be null
    load_run(const boost::asio::any_io_executor& executor, const client_maker& make,
             std::shared_ptr<attempt_observer> told_too, load_order order, const measuring& how);
    /// @param options of the client; its observer is told everything, too
    load_run(const boost::asio::any_io_executor& executor, client_options options,
             const coordinator_options& limits, load_order order, const measuring& how);

    /// Before `run`.
    void on_request(request_listener told) { on_request_ = std::move(told); }

    /// Runs until everything sent has ended. The figures have no policy's name yet.
    boost::asio::awaitable<run_results> run();
    /// Sends nothing new and gives up what has not ended: neither requests nor attempts of it are recorded.
    void stop();

    const load_counts& counts() const { return counts_; }
    coordinator_status status() const { return client_->status(); }
    /// When the schedule began; once `run` has been called.
    time_point start() const { return start_; }
    duration elapsed() const;

 private:
    bool closed_loop() const { return order_.profile.kind == load_kind::closed; }
    bool may_send_more() const;
    bool is_over() const { return outstanding_ == 0 && !may_send_more(); }
    /// What ends so with the run says nothing about the server.
    bool was_given_up(error_code error) const { return stopped_ && error; }
    void fill_loop();
    void send_due();
    void send_later(time_point due);
    void send(time_point scheduled);
    boost::asio::awaitable<void> send_stream(request_record record, completion_request request);
    void ended(request_record record, error_code error, const completion& answer);
    void keep(request_record record);
    void observe(time_point now);
    void step();

    load_order order_;
    measuring how_;
    boost::asio::any_io_executor executor_;
    boost::asio::steady_timer send_timer_;
    boost::asio::steady_timer step_timer_;
    boost::asio::steady_timer finished_;
    std::shared_ptr<attempt_ledger> ledger_;
    std::optional<client> client_;
    std::optional<arrival_schedule> schedule_;
    std::optional<duration> next_at_;
    std::optional<run_recorder> recorder_;
    request_listener on_request_;
    time_point start_{};
    time_point last_end_{};
    std::uint64_t outstanding_ = 0;
    load_counts counts_;
    bool stopped_ = false;
    bool held_up_ = false;  // by too many that have not ended
    bool closed_ = false;   // the client takes the server for closed
};

}  // namespace stagger::load
