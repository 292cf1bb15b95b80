#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <chrono>
#include <functional>
#include <string>
#include <thread>

/// What stands where a store should, on a thread of its own.
class made_up_store {
 public:
    using io = boost::asio::awaitable<void>;
    using conversation = std::function<io(boost::asio::ip::tcp::socket)>;

    /// @param each of the connections to it
    explicit made_up_store(conversation each);
    ~made_up_store();

    std::string url() const { return "redis://127.0.0.1:" + std::to_string(port_); }

    /// A store of before 6.0, which knows no HELLO.
    static conversation of_old();
    /// One that answers HELLO so, and everything else with PONG.
    static conversation says(std::string to_hello);
    /// A real store whose answers take so long, or a little longer.
    static conversation slow(unsigned short port, std::chrono::milliseconds late);

 private:
    io accept();

    boost::asio::io_context context_{1};
    boost::asio::ip::tcp::acceptor acceptor_;
    conversation each_;
    unsigned short port_;
    std::thread thread_;
};
