#pragma once

#include <boost/asio/any_completion_handler.hpp>
#include <boost/asio/any_io_executor.hpp>
#include <cstddef>
#include <cstdint>
#include <functional>

#include "stagger/client.hpp"

namespace stagger::batch {

/// What a batch needs of a client; apart from it so that a batch can be run without a network.
struct transport {
    using handler = boost::asio::any_completion_handler<client::completion_signature>;

    boost::asio::any_io_executor executor;
    /// Runs one handler at a time, for what the batch shares between its handlers; without one it has a
    /// strand of its own.
    boost::asio::any_io_executor serial;
    std::size_t max_in_flight = 1;
    std::function<void(completion_request, handler)> send;
    /// Prompts that will follow those sent until now.
    std::function<void(std::size_t)> expect;
    /// Nothing new is sent from now on; what is in flight goes on.
    std::function<void()> stop_sending;
    /// Ends what is in flight, too.
    std::function<void()> close;
    std::function<coordinator_status()> status;
    /// How many wait because their kind (diagnostic::alike) is refused as a whole.
    std::function<std::size_t()> set_aside = [] { return std::size_t{0}; };
    /// Nothing of a kind is sent from now on.
    std::function<void(std::uint64_t)> hold = [](std::uint64_t) {};
    /// One of a kind that is held is sent, now or when it comes.
    std::function<void(std::uint64_t)> ask_again = [](std::uint64_t) {};
    /// A kind is sent again.
    std::function<void(std::uint64_t)> release = [](std::uint64_t) {};
    /// What waits of a kind ends with errc::shut_down, and so does all that comes.
    std::function<void(std::uint64_t)> refuse = [](std::uint64_t) {};
};

transport transport_of(const client& target);

}  // namespace stagger::batch
