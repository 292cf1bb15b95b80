#include <boost/asio/this_coro.hpp>
#include <tuple>
#include <utility>

#include "http/clock.hpp"
#include "http/stream_connection.hpp"
#include "http/tls_context.hpp"

namespace stagger {

namespace asio = boost::asio;
using asio::ip::tcp;

template <class Stream>
io_awaitable<error_code> stream_connection<Stream>::open(time_point limit) {
    error_code error = co_await connect(limit);
    if constexpr (std::is_same_v<Stream, tls_stream>) {
        if (!error) error = co_await shake_hands(limit);
    }
    co_return error;
}

// Every address gets an equal part of what is left of the time, so that one that swallows packets cannot keep
// the others from being tried.
template <class Stream>
io_awaitable<error_code> stream_connection<Stream>::connect(time_point limit) {
    phase_ = request_phase::resolving;
    name_lookup::addresses found;
    const time_point resolve_limit = earlier_of(settings().resolve_timeout, limit);
    const error_code unresolved = co_await settings().names->resolve(resolve_limit, found);
    if (unresolved) co_return fail(unresolved, unresolved.message() + ": " + settings().target.host);

    const time_point connect_limit = earlier_of(settings().connect_timeout, limit);
    error_code error = asio::error::not_found;
    error_code ignored;
    for (std::size_t left = found.size(); left > 0; --left) {
        const tcp::endpoint& address = found[found.size() - left];
        const asio::cancellation_state state = co_await asio::this_coro::cancellation_state;
        if (is_cancelled(state)) co_return fail(errc::cancelled, "");
        close_socket();
        const duration share = (connect_limit - steady_now()) / static_cast<duration::rep>(left);
        const time_point until = earlier_of(share, connect_limit);
        if (!begin_phase(request_phase::connecting, until, errc::connect_timed_out)) break;
        std::tie(error) = co_await socket().async_connect(address, with_error);
        end_phase();
        if (!error && !late_) {
            socket().set_option(tcp::no_delay(true), ignored);
            socket().non_blocking(true, ignored);
            co_return error_code();
        }
        if (error == asio::error::operation_aborted && !late_) break;
    }
    settings().names->forget();
    const error_code failed = fail_io(error, errc::connect_failed);
    const endpoint& target = settings().target;
    // An address of IPv6 has colons of its own.
    const bool brackets = target.host.find(':') != std::string::npos;
    problem_ = "connecting to " + (brackets ? "[" + target.host + "]" : target.host) + ":" + target.port +
               ": " + problem_;
    co_return failed;
}

template <class Stream>
io_awaitable<error_code> stream_connection<Stream>::shake_hands(time_point limit) {
    if constexpr (std::is_same_v<Stream, tls_stream>) {
        SSL* const ssl = stream_.native_handle();
        const error_code unprepared = prepare_tls(ssl, settings().target);
        if (unprepared) co_return fail(unprepared, unprepared.message());
        const asio::cancellation_state state = co_await asio::this_coro::cancellation_state;
        if (is_cancelled(state)) co_return fail(errc::cancelled, "");
        const time_point until = earlier_of(settings().handshake_timeout, limit);
        if (!begin_phase(request_phase::shaking_hands, until, errc::handshake_timed_out))
            co_return fail_io({}, errc::tls_handshake_failed);
        const auto [error] = co_await stream_.async_handshake(asio::ssl::stream_base::client, with_error);
        end_phase();
        if (error && !late_ && error != asio::error::operation_aborted) {
            tls_failure why = explain_handshake_failure(ssl, settings().target, error);
            co_return fail(why.error, std::move(why.message));
        }
        if (error || late_) co_return fail_io(error, errc::tls_handshake_failed);
    }
    co_return error_code();
}

template io_awaitable<error_code> stream_connection<plain_stream>::open(time_point);
template io_awaitable<error_code> stream_connection<tls_stream>::open(time_point);

}  // namespace stagger
