#pragma once

#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <memory>
#include <string>
#include <vector>

#include "http/io_types.hpp"
#include "http/waiting_list.hpp"
#include "stagger/error.hpp"

namespace stagger {

/** @brief The addresses of one host, told from the beginning or looked up once for everybody who asks at the
 * same time and kept for a while.
 *
 * The system's resolver blocks a thread of Asio's and cannot be cancelled; a caller that gives up leaves the
 * look-up running for the next one.
 */
class name_lookup : public std::enable_shared_from_this<name_lookup> {
 public:
    using addresses = std::vector<boost::asio::generic::stream_protocol::endpoint>;

    name_lookup(const io_executor& executor, std::string host, std::string port);
    /// Asks nobody: these are the addresses. @param fixed at least one
    name_lookup(const io_executor& executor, addresses fixed);

    /// @param limit the wait ends with errc::resolve_timed_out then
    io_awaitable<error_code> resolve(time_point limit, addresses& found);
    /// The addresses did not work: ask anew next time.
    void forget() {
        if (!fixed_) known_until_ = time_point{};
    }
    /// After a fork: what was being looked up is looked up.
    void go_on();

 private:
    class run;
    void start();
    void keep(const boost::asio::ip::basic_resolver_results<boost::asio::ip::tcp>& results);
    void answer(const error_code& error);

    using io_resolver = boost::asio::ip::basic_resolver<boost::asio::ip::tcp, io_executor>;

    std::string host_;
    std::string port_;
    io_resolver resolver_;
    const bool fixed_ = false;
    bool running_ = false;
    error_code error_;
    addresses found_;
    time_point known_until_{};
    waiting_list waiting_;
};

}  // namespace stagger
