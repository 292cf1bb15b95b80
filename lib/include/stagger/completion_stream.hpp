#pragma once

#include <boost/asio/any_completion_handler.hpp>
#include <boost/asio/async_result.hpp>
#include <boost/asio/deferred.hpp>
#include <memory>
#include <optional>
#include <utility>

#include "stagger/completion.hpp"
#include "stagger/error.hpp"
#include "stagger/throwing_token.hpp"

namespace stagger {

namespace detail {
class answer_stream;
}

/** @brief An answer that arrives while it is made: a handle to one open connection.
 *
 * Comes from `client::async_stream` and can be moved, not copied. Destroying it closes the connection unless
 * the answer is whole; an `async_next` that is outstanding then ends with errc::cancelled.
 *
 * @par Thread safety
 * Distinct objects: safe, also of one client. Shared objects: unsafe.
 * @par Object lifetimes
 * Keeps its client's state alive. It may outlive the execution context: `result` has what came before, and
 * `async_next` throws std::logic_error then, as it does where the stream is one of nothing.
 */
class completion_stream {
 public:
    using next_signature = void(error_code, std::optional<completion_delta>);

    /// Of nothing: may be assigned to and destroyed.
    completion_stream() = default;
    explicit completion_stream(std::shared_ptr<detail::answer_stream> opened);
    completion_stream(completion_stream&&) noexcept;
    completion_stream& operator=(completion_stream&&) noexcept;
    ~completion_stream();

    /// False of a stream that was default-constructed or moved from.
    explicit operator bool() const { return static_cast<bool>(opened_); }

    /** @brief The next piece of the answer; nothing once it is whole.
     *
     * Reads from the connection only while it is outstanding, and no further than one read: a caller that
     * stops asking stops the server, as soon as the system's buffers are full.
     *
     * @par Handler signature
     * `void(error_code, std::optional<completion_delta>)`. After the end it is the same end again, and after
     * an error the same error.
     * @par Executor
     * The handler's associated executor, else the client's. Never inline.
     * @par Per-operation cancellation
     * All types: the connection is closed, and the stream has ended with errc::cancelled.
     * @par Errors
     * errc::answer_truncated if the stream ended before the answer did; errc::answer_timed_out if no piece
     * came within `client_options::stream_idle_timeout`; errc::deadline_exceeded; errc::error_in_answer with
     * the server's words; errc::malformed_answer; errc::answer_too_large; errc::cancelled; errc::shut_down;
     * errc::invalid_request if another `async_next` is outstanding, which leaves the stream as it is. None is
     * tried again, since part of the answer was seen; `result` has what came before. Tokens that throw, and
     * `co_await` without one, throw a completion_error with the stream's diagnostic.
     */
    template <boost::asio::completion_token_for<next_signature> CompletionToken>
    auto async_next(CompletionToken&& token) {
        return boost::asio::async_initiate<CompletionToken, next_signature>(initiate_next(), token, opened_);
    }
    /// The same without a token, to be awaited: its signature is
    /// `void(std::exception_ptr, std::optional<completion_delta>)`.
    auto async_next() {
        constexpr boost::asio::deferred_t token;
        return detail::initiate_throwing<std::optional<completion_delta>>(initiate_next(), token, opened_);
    }

    /** @brief Everything that has come: all of the text, the finish reason, the usage; `info` tells how it
     * ended.
     *
     * `raw` is empty unless the server answered in one piece.
     * @pre no `async_next` is outstanding
     * @throws std::logic_error if the stream is one of nothing
     */
    const completion& result() const;

 private:
    struct initiate_next {
        template <class Handler>
        void operator()(Handler&& handler, const std::shared_ptr<detail::answer_stream>& target) const {
            completion_stream::start_next(target, std::forward<Handler>(handler));
        }
    };
    static void start_next(const std::shared_ptr<detail::answer_stream>& target,
                           boost::asio::any_completion_handler<next_signature> handler);

    std::shared_ptr<detail::answer_stream> opened_;
};

}  // namespace stagger
