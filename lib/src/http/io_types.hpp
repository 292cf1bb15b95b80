#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/basic_waitable_timer.hpp>
#include <boost/asio/cancellation_state.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/strand.hpp>

#include "stagger/time.hpp"

namespace stagger {

/// What all input and output of one client runs on, one handler at a time: a strand, or the executor itself
/// where its context has one thread. Asio calls completions straight from the latter; through a strand each
/// passes the scheduler twice.
using io_executor = boost::asio::any_io_executor;

inline io_executor make_serial(const boost::asio::any_io_executor& executor, bool single_threaded) {
    if (single_threaded) return executor;
    return boost::asio::make_strand(executor);
}

template <class T>
using io_awaitable = boost::asio::awaitable<T, io_executor>;
using io_timer =
    boost::asio::basic_waitable_timer<std::chrono::steady_clock,
                                      boost::asio::wait_traits<std::chrono::steady_clock>, io_executor>;
using io_socket = boost::asio::basic_stream_socket<boost::asio::ip::tcp, io_executor>;
/// Of TCP, or of the Unix domain.
using client_socket = boost::asio::basic_stream_socket<boost::asio::generic::stream_protocol, io_executor>;

/// Awaiting with it gives the error code beside the result instead of throwing.
inline constexpr auto with_error = boost::asio::as_tuple(boost::asio::deferred);

/// A signal that comes between two operations finds none to cancel: who begins the next one has to look, at
/// `co_await asio::this_coro::cancellation_state`.
inline bool is_cancelled(const boost::asio::cancellation_state& state) {
    return state.cancelled() != boost::asio::cancellation_type::none;
}

}  // namespace stagger
