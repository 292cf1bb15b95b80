#pragma once

#include <cstddef>
#include <memory>
#include <string>

#include "net/deadline_queue.hpp"
#include "net/endpoint.hpp"
#include "net/io_types.hpp"
#include "net/name_lookup.hpp"
#include "stagger/error.hpp"
#include "stagger/request_phase.hpp"
#include "wire/dialect.hpp"

namespace boost::asio::ssl {
class context;
}

namespace stagger {

/// What every connection of a client has in common.
struct connection_settings {
    endpoint target;
    duration resolve_timeout;
    duration connect_timeout;
    duration handshake_timeout;
    duration send_timeout;
    std::size_t max_header_bytes;
    std::size_t max_body_bytes;
    std::shared_ptr<boost::asio::ssl::context> tls;  ///< null for plain HTTP
    std::shared_ptr<name_lookup> names;
    std::shared_ptr<deadline_queue> deadlines;
};

/// What one exchange has carried so far, in bytes of HTTP.
struct traffic {
    std::size_t sent = 0;
    std::size_t received = 0;
};

/** @brief One connection to the endpoint, plain or TLS: opened once, used for one exchange after the other.
 *
 * An exchange is `send`, `read_head`, and then `read_rest`, or `read_some` until `answer_is_whole`. Every
 * member that waits ends by its own `limit` at the latest, and at once when its coroutine is cancelled, with
 * an errc that names the phase. After any error the connection is closed and of no further use. Runs on the
 * strand of its client.
 */
class connection {
 public:
    static std::unique_ptr<connection> make(const io_executor& executor,
                                            std::shared_ptr<const connection_settings> settings);
    virtual ~connection() = default;

    /// Resolves, connects to the first address that accepts, and shakes hands.
    virtual io_awaitable<error_code> open(time_point limit) = 0;
    /// Sends a whole request, which the caller keeps alive. A peer that stops reading is no error yet: it may
    /// have refused the request early, and then its answer is there to be read.
    virtual io_awaitable<error_code> send(const std::string& request, time_point limit) = 0;
    /// Receives status and fields, and the part of the body that came with them.
    io_awaitable<error_code> read_head(time_point limit, wire::response& received) {
        return read(amount::head, limit, &received, received.body);
    }
    /// Appends what comes next of the body: at least a byte, unless the answer ends here. After an error,
    /// what came before it has been appended.
    io_awaitable<error_code> read_some(time_point limit, std::string& body) {
        return read(amount::some, limit, nullptr, body);
    }
    /// Appends all that is left of the body.
    io_awaitable<error_code> read_rest(time_point limit, std::string& body) {
        return read(amount::rest, limit, nullptr, body);
    }
    /// The answer has come to its end; there is no more to read.
    virtual bool answer_is_whole() const = 0;

    /// After a whole answer: the peer keeps the connection open and said nothing beyond its answer.
    virtual bool reusable() const = 0;
    /// True unless the peer closed the connection or sent something while it was idle.
    virtual bool quiet_while_idle() = 0;
    /// Of this exchange, or the last one.
    virtual const traffic& carried() const = 0;
    /// What it does, or did when the last error came.
    virtual request_phase phase() const = 0;
    /// The words behind the last error, for people.
    virtual const std::string& problem() const = 0;

 protected:
    enum class amount { head, some, rest };
    virtual io_awaitable<error_code> read(amount wanted, time_point limit, wire::response* head,
                                          std::string& body) = 0;
};

}  // namespace stagger
