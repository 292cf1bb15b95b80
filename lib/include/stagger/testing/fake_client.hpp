#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <functional>
#include <memory>
#include <vector>

#include "stagger/client.hpp"
#include "stagger/completion.hpp"
#include "stagger/testing/fake_answer.hpp"

namespace stagger::testing {

/** @brief A `stagger::client` without a network, whose answers a test writes.
 *
 * What it gives is a client like any other, for code that takes one: `async_complete`, `async_stream`,
 * `async_post` and `submit` work with it, cancellation and `close` as well, and requests that break a rule
 * are refused as by a real one. There is no line, no attempt and no time limit in it: each request gets one
 * answer, as soon as the context runs. What is told of attempts (observers, the gate's status) stays empty.
 *
 * @par Thread safety
 * Safe: any thread may call any member.
 * @par Object lifetimes
 * The client may outlive it.
 */
class fake_client {
 public:
    /// Called for each request, one at a time, on the client's strand. What it throws ends the request with
    /// errc::callback_threw and is in `diagnostic::thrown`.
    using script = std::function<fake_answer(const completion_request&)>;

    /// @param options dialect, model and what else requests are checked by; the base URL is never asked, and
    ///        may be left out
    /// @throws std::invalid_argument if the function is empty, or as stagger::client does
    fake_client(const boost::asio::any_io_executor& executor, script answers, client_options options = {});
    /// One answer after the other, and the last one again and again.
    /// @throws std::invalid_argument if there is none
    fake_client(const boost::asio::any_io_executor& executor, std::vector<fake_answer> answers,
                client_options options = {});

    const stagger::client& client() const { return client_; }
    /// What was asked so far, in the order in which it began.
    std::vector<completion_request> requests() const;

 private:
    class stand_in;

    stagger::client client_;
    std::shared_ptr<stand_in> played_;
};

}  // namespace stagger::testing
