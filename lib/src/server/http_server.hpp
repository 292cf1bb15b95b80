#pragma once

#include <boost/asio/ip/tcp.hpp>
#include <functional>
#include <memory>
#include <string>

#include "http/io_types.hpp"
#include "server/request_bounds.hpp"
#include "server/service.hpp"

namespace stagger::http_server {

/** @brief Listens for HTTP/1.1, and brings every request to a service.
 *
 * Connections are kept alive; the requests of one are served one after the other, so that what a client sends
 * ahead waits in its socket. That a client leaves is noticed while its answer is awaited, also where it has
 * sent ahead. Listens from its construction on; serves while somebody runs the executor.
 *
 * @par Thread safety
 * The executor must not run two handlers at once (one thread, or a strand). The member functions may be
 * called from any thread.
 * @par Object lifetimes
 * To be destroyed before the execution context; the destructor closes. Connections keep the service.
 */
class server {
 public:
    /// @throws boost::system::system_error if the address cannot be bound
    server(const io_executor& executor, const boost::asio::ip::tcp::endpoint& where, const bounds& allowed,
           std::shared_ptr<service> what);
    /** Takes over a socket that listens already, from whoever started this process: connections that come
     * while nobody serves them wait there.
     * @param listening of TCP; closed by the server, which its giver need not notice
     * @throws boost::system::system_error if it is none
     */
    server(const io_executor& executor, int listening, const bounds& allowed, std::shared_ptr<service> what);
    server(const server&) = delete;
    server& operator=(const server&) = delete;
    ~server();

    std::uint16_t port() const;
    /// Whether nobody but this machine can reach it.
    bool is_on_loopback() const;
    /// "127.0.0.1:8080", "[::1]:8080"
    std::string address() const;
    /// Stops listening and closes every connection; the executor runs out of work then.
    void close();
    /** Stops listening, closes idle connections, and every other one behind the answer it is at.
     * @param limit what has not ended then is closed
     * @param done called on the executor once no connection is left
     */
    void drain(duration limit, std::function<void()> done);

    class core;

 private:
    std::shared_ptr<core> core_;
};

}  // namespace stagger::http_server
