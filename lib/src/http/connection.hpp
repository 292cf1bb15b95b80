#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "dialect/dialect.hpp"
#include "http/answer_memory.hpp"
#include "http/deadline_queue.hpp"
#include "http/endpoint.hpp"
#include "http/io_types.hpp"
#include "http/name_lookup.hpp"
#include "http/proxy_address.hpp"
#include "stagger/error.hpp"
#include "stagger/request_phase.hpp"

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
    std::shared_ptr<boost::asio::ssl::context> tls;        ///< null for plain HTTP
    std::shared_ptr<const proxy_address> proxy;            ///< null: none
    std::shared_ptr<boost::asio::ssl::context> proxy_tls;  ///< null where it is not spoken to by TLS
    std::string unix_socket;                               ///< its path; empty: by TCP
    std::shared_ptr<name_lookup> names;
    std::shared_ptr<deadline_queue> deadlines;
    std::shared_ptr<answer_memory> memory;
};

/// What one exchange has carried so far, in bytes of HTTP.
struct traffic {
    std::size_t sent = 0;
    std::size_t received = 0;
};

/** @brief Who carries out an exchange on a connection, and is told on its strand what has become of a step.
 *
 * Plain calls: a coroutine a step would cost more than all the rest of an exchange.
 */
class connection_user {
 public:
    connection_user() = default;
    connection_user(const connection_user&) = delete;
    connection_user& operator=(const connection_user&) = delete;

    virtual void on_sent(const error_code&) {}
    virtual void on_read(const error_code& error) = 0;

    /// While a read waits for the memory that other answers hold, its limit does not come nearer: it is moved
    /// by that time, though not past this one.
    virtual time_point latest_limit() const { return never; }
    /// A read has waited so long for memory.
    virtual void was_held_up(duration) {}

 protected:
    ~connection_user() = default;
};

/** @brief One connection to the endpoint, plain or TLS, directly or through a proxy: opened once, used for
 * one exchange after the other.
 *
 * An exchange is `send`, `read_head`, and then `read_rest`, or `read_some` until `answer_is_whole`. Every
 * step ends by its own `limit` at the latest, and at once after `cancel`, with an errc that names the phase.
 * After any error the connection is closed and of no further use. Reading on waits where the answers of all
 * connections hold too much together, as answer_memory says. A step keeps its user alive, who keeps the
 * connection; what it came to may be told before the call that began it returns. Runs on the strand of its
 * client.
 */
class connection {
 public:
    using user = std::shared_ptr<connection_user>;

    static std::unique_ptr<connection> make(const io_executor& executor,
                                            std::shared_ptr<const connection_settings> settings);
    virtual ~connection() = default;

    /// Resolves, connects to the first address that accepts, has the proxy open a way where there is one, and
    /// shakes hands. Ends at once when its coroutine is cancelled.
    virtual io_awaitable<error_code> open(time_point limit) = 0;
    /// Sends a whole request, of which it copies what does not go at once. A peer that stops reading is no
    /// error yet: it may have refused the request early, and then its answer is there to be read.
    /// @param now as it has just been read
    virtual void send(user told, std::string_view request, time_point now, time_point limit) = 0;
    /// Receives status and fields, and the part of the body that came with them.
    void read_head(user told, time_point limit) { read(amount::head, std::move(told), limit); }
    /// Receives what comes next of the body: at least a byte, unless the answer ends here.
    void read_some(user told, time_point limit) { read(amount::some, std::move(told), limit); }
    /// Receives all that is left of the body.
    void read_rest(user told, time_point limit) { read(amount::rest, std::move(told), limit); }
    /// Ends the step that has begun and was not told yet, with errc::cancelled.
    virtual void cancel() = 0;
    /// In the child of a process that forked: lets go of what the parent goes on using. A step that has begun
    /// fails as if the connection was lost.
    virtual void leave_to_parent() = 0;

    /// What has come of the answer. Of the body, what was not taken.
    virtual wire::response& answer() = 0;
    /// Moves what has come of the body to the end of `to`; also what came before an error.
    virtual void take_body(std::string& to) = 0;
    /// So many bytes of what was taken are still held: they count as the answer's until the next call, or
    /// until the connection is given back.
    virtual void keep(std::size_t bytes) = 0;
    /// Nothing of the answer is held any more.
    virtual void rest() = 0;
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
    virtual void read(amount wanted, user told, time_point limit) = 0;
};

}  // namespace stagger
