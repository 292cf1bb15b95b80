#include <array>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/write.hpp>
#include <tuple>
#include <utility>

#include "http/clock.hpp"
#include "http/proxy_tunnel.hpp"
#include "http/stream_connection.hpp"
#include "http/tls_context.hpp"

namespace stagger {

namespace asio = boost::asio;

// A proxy passes plain requests on as they are; only for TLS it opens a way through.
template <class Stream>
io_awaitable<error_code> stream_connection<Stream>::open(time_point limit) {
    error_code error = co_await connect(limit);
    if constexpr (std::is_same_v<Stream, tls_in_tls_stream>) {
        if (!error) error = co_await shake_hands(stream_.next_layer(), settings().proxy->at, limit);
        if (!error) error = co_await open_tunnel(stream_.next_layer(), limit);
    } else if constexpr (std::is_same_v<Stream, tls_stream>) {
        const bool through = settings().proxy && settings().target.tls;
        if (!error && through) error = co_await open_tunnel(stream_.next_layer(), limit);
    }
    if constexpr (!std::is_same_v<Stream, plain_stream>) {
        if (!error) error = co_await shake_hands(stream_, last_tls_peer(), limit);
    }
    co_return error;
}

template <class Stream>
std::string stream_connection<Stream>::where() const {
    if (!settings().unix_socket.empty()) return settings().unix_socket;
    const auto& proxy = settings().proxy;
    return proxy ? "the proxy " + host_and_port(proxy->at) : host_and_port(settings().target);
}

// Every address gets an equal part of what is left of the time, so that one that swallows packets cannot keep
// the others from being tried.
template <class Stream>
io_awaitable<error_code> stream_connection<Stream>::connect(time_point limit) {
    phase_ = request_phase::resolving;
    name_lookup::addresses found;
    const time_point resolve_limit = earlier_of(settings().resolve_timeout, limit);
    const error_code unresolved = co_await settings().names->resolve(resolve_limit, found);
    if (unresolved) {
        const auto& proxy = settings().proxy;
        const std::string& host = proxy ? proxy->at.host : settings().target.host;
        co_return fail(unresolved, unresolved.message() + ": " + (proxy ? "the proxy's, " : "") + host);
    }

    const time_point connect_limit = earlier_of(settings().connect_timeout, limit);
    error_code error = asio::error::not_found;
    error_code ignored;
    for (std::size_t left = found.size(); left > 0; --left) {
        const auto& address = found[found.size() - left];
        const asio::cancellation_state state = co_await asio::this_coro::cancellation_state;
        if (is_cancelled(state)) co_return fail(errc::cancelled, "");
        close_socket();
        const duration share = (connect_limit - steady_now()) / static_cast<duration::rep>(left);
        const time_point until = earlier_of(share, connect_limit);
        if (!begin_phase(request_phase::connecting, until, errc::connect_timed_out)) break;
        std::tie(error) = co_await socket().async_connect(address, with_error);
        end_phase();
        if (!error && !late_) {
            // A socket of the Unix domain has no such option, and no need of it.
            socket().set_option(asio::ip::tcp::no_delay(true), ignored);
            socket().non_blocking(true, ignored);
            co_return error_code();
        }
        if (error == asio::error::operation_aborted && !late_) break;
    }
    settings().names->forget();
    const error_code failed = fail_io(error, errc::connect_failed);
    problem_ = "connecting to " + where() + ": " + problem_;
    co_return failed;
}

template <class Stream>
template <class Layer>
io_awaitable<error_code> stream_connection<Stream>::open_tunnel(Layer& layer, time_point limit) {
    const proxy_address& proxy = *settings().proxy;
    const asio::cancellation_state state = co_await asio::this_coro::cancellation_state;
    if (is_cancelled(state)) co_return fail(errc::cancelled, "");
    const time_point until = earlier_of(settings().connect_timeout, limit);
    if (!begin_phase(request_phase::connecting, until, errc::connect_timed_out))
        co_return fail_io({}, errc::proxy_failed);
    const std::string request = tunnel_request(settings().target, proxy);
    const auto bytes = asio::buffer(request);
    auto [error, count] = co_await asio::async_write(layer, bytes, with_error);
    tunnel_answer answer(settings().target, proxy, settings().max_header_bytes);
    std::array<char, 1024> piece;
    const auto room = asio::buffer(piece);
    bool whole = false;
    while (!error && !whole) {
        std::tie(error, count) = co_await layer.async_read_some(room, with_error);
        whole = answer.take(std::string_view(piece.data(), count));
    }
    end_phase();
    if (whole) {
        if (answer.error()) co_return fail(answer.error(), answer.problem());
        if (!late_) co_return error_code();
    } else if (error == asio::error::eof && !late_) {
        answer.take_end();
        co_return fail(answer.error(), answer.problem());
    }
    const error_code failed = fail_io(error, errc::proxy_failed);
    problem_ = "asking the proxy " + proxy.shown + " for a way: " + problem_;
    co_return failed;
}

template <class Stream>
template <class Layer>
io_awaitable<error_code> stream_connection<Stream>::shake_hands(Layer& layer, const endpoint& peer,
                                                                time_point limit) {
    SSL* const ssl = layer.native_handle();
    const error_code unprepared = prepare_tls(ssl, peer);
    if (unprepared) co_return fail(unprepared, unprepared.message());
    const asio::cancellation_state state = co_await asio::this_coro::cancellation_state;
    if (is_cancelled(state)) co_return fail(errc::cancelled, "");
    const time_point until = earlier_of(settings().handshake_timeout, limit);
    if (!begin_phase(request_phase::shaking_hands, until, errc::handshake_timed_out))
        co_return fail_io({}, errc::tls_handshake_failed);
    const auto [error] = co_await layer.async_handshake(asio::ssl::stream_base::client, with_error);
    end_phase();
    if (error && !late_ && error != asio::error::operation_aborted) {
        tls_failure why = explain_handshake_failure(ssl, peer, error);
        co_return fail(why.error, std::move(why.message));
    }
    if (error || late_) co_return fail_io(error, errc::tls_handshake_failed);
    co_return error_code();
}

template io_awaitable<error_code> stream_connection<plain_stream>::open(time_point);
template io_awaitable<error_code> stream_connection<tls_stream>::open(time_point);
template io_awaitable<error_code> stream_connection<tls_in_tls_stream>::open(time_point);

}  // namespace stagger
