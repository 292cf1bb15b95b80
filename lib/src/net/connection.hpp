#pragma once

#include <cstddef>
#include <memory>
#include <string>

#include "net/deadline_queue.hpp"
#include "net/endpoint.hpp"
#include "net/io_types.hpp"
#include "net/name_lookup.hpp"
#include "stagger/error.hpp"
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

/** @brief One connection to the endpoint, plain or TLS: opened once, used for one exchange after the other.
 *
 * Every member that waits ends by `limit` at the latest, with an errc that names the phase. After any error
 * the connection is closed and of no further use. Runs on the strand of its client.
 */
class connection {
 public:
    static std::unique_ptr<connection> make(const io_executor& executor,
                                            std::shared_ptr<const connection_settings> settings);
    virtual ~connection() = default;

    /// Resolves, connects to the first address that accepts, and shakes hands.
    virtual io_awaitable<error_code> open(time_point limit) = 0;
    /// Sends a whole request and receives a whole answer. `sent` is kept alive by the caller.
    virtual io_awaitable<error_code> exchange(const std::string& sent, time_point limit,
                                              wire::response& received) = 0;

    /// After an exchange: the peer keeps the connection open and said nothing beyond its answer.
    virtual bool reusable() const = 0;
    /// True unless the peer closed the connection or sent something while it was idle.
    virtual bool quiet_while_idle() = 0;
    /// The words behind the last error, for people.
    virtual const std::string& problem() const = 0;
};

}  // namespace stagger
