#pragma once

#include <boost/asio/any_completion_executor.hpp>
#include <boost/asio/any_completion_handler.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <memory>
#include <string>

#include "net/client_state.hpp"
#include "net/io_types.hpp"
#include "stagger/client.hpp"
#include "wire/dialect.hpp"

namespace stagger::detail {

/** @brief One request from the call to its end: admitted, sent, tried again, reported once.
 *
 * Runs on its client's strand; `start` may be called from any thread.
 */
class completion_task : public std::enable_shared_from_this<completion_task> {
 public:
    using handler_type = boost::asio::any_completion_handler<client::completion_signature>;

    static void start(const std::shared_ptr<client_state>& client, const completion_request& request,
                      handler_type handler);

    completion_task(std::shared_ptr<client_state> client, handler_type handler);
    completion_task(const completion_task&) = delete;
    completion_task& operator=(const completion_task&) = delete;

    /// On the strand: ends the request with `why`, wherever it is.
    void stop(errc why);

 private:
    void listen_for_cancellation();
    io_awaitable<void> run();
    /// Waits for leave to send, or for the reason why there is none; counts the wait.
    io_awaitable<void> stay_in_line(const admission& what, gate::joined& place);
    /// One attempt over the network. Never throws; what went wrong is in the answer.
    io_awaitable<wire::decoded_answer> attempt();
    wire::decoded_answer transport_failure(error_code error, std::string problem) const;
    /// Tells the gate how the attempt ended; the earliest time for another one.
    time_point report(permit leave, const wire::decoded_answer& ended);
    classification judge(const wire::decoded_answer& ended) const;
    /// The attempt has failed: the admission of the next one, or nothing if this was the last.
    bool plan_next(const wire::decoded_answer& ended, time_point earliest, admission& next);
    void finish(error_code error, completion result);

    std::shared_ptr<client_state> client_;
    handler_type handler_;
    boost::asio::any_completion_executor handler_executor_;  // tracked: keeps its context running
    boost::asio::cancellation_signal signal_;
    errc stopped_{};  // not zero: why the request is to end

    std::string sent_;
    stagger::cost cost_;
    time_point started_;
    time_point deadline_;
    duration last_wait_{0};
    diagnostic info_;
};

}  // namespace stagger::detail
