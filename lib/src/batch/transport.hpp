#pragma once

#include <boost/asio/any_completion_handler.hpp>
#include <boost/asio/any_io_executor.hpp>
#include <cstddef>
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
};

transport transport_of(const client& target);

}  // namespace stagger::batch
