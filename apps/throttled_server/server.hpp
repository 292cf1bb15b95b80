#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "provider/description.hpp"
#include "throttled_server/statistics.hpp"

namespace stagger::http_server {
class server;
}

namespace stagger::server {

struct options {
    std::string host = "127.0.0.1";     ///< an IP address; nothing but this machine reaches the default
    std::uint16_t port = 0;             ///< 0: a free one
    std::optional<std::uint64_t> seed;  ///< unset: the scenario's
    std::string api_key;                ///< what callers must present; empty: anything goes
    std::string request_log;            ///< file that notes every completion request; empty: none
    bool repeatable = false;  ///< the same request gets the same answer: no time in it, and an id of its own
    /// A request must have arrived whole, and an answer must have been taken, within this time.
    std::chrono::milliseconds idle_timeout = std::chrono::seconds(60);

    static options on_port(std::uint16_t port) {
        options chosen;
        chosen.port = port;
        return chosen;
    }
};

/** @brief A scenario's provider behind a real socket: HTTP/1.1, both dialects, on an executor of the
 * caller's.
 *
 * Listens from its construction on; serves while somebody runs the executor. The scenario's times count from
 * the construction. `GET /stats` tells what `stats()` tells, `POST /stats/reset` begins to count anew.
 *
 * @par Thread safety
 * The executor must not run two handlers at once (one thread, or a strand). The member functions may be
 * called from any thread.
 * @par Object lifetimes
 * To be destroyed before the execution context; the destructor closes.
 */
class server {
 public:
    /// @throws boost::system::system_error if the address cannot be bound
    server(boost::asio::any_io_executor executor, provider::scenario scenario, options chosen);
    server(boost::asio::any_io_executor executor, provider::scenario scenario, std::uint16_t port = 0);
    server(const server&) = delete;
    server& operator=(const server&) = delete;
    ~server();

    std::uint16_t port() const;
    /// "127.0.0.1:8080", "[::1]:8080"
    std::string address() const;
    statistics stats() const;
    void reset_stats();
    /// Stops listening and closes every connection; the executor runs out of work then.
    void close();

    class core;

 private:
    std::shared_ptr<core> core_;
    std::unique_ptr<http_server::server> listener_;
};

}  // namespace stagger::server
