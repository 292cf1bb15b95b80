#pragma once

#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include "http/answer_parser.hpp"
#include "http/limited_connection.hpp"
#include "http/operation_memory.hpp"

namespace stagger {

using plain_stream = client_socket;
/// TLS with the server, or with a proxy that passes plain requests on.
using tls_stream = boost::asio::ssl::stream<client_socket>;
/// TLS with the server, through a proxy that is itself spoken to by TLS.
using tls_in_tls_stream = boost::asio::ssl::stream<tls_stream>;

template <class Stream>
Stream make_stream(const io_executor& executor, const connection_settings& settings) {
    if constexpr (std::is_same_v<Stream, tls_in_tls_stream>) {
        return {tls_stream(executor, *settings.proxy_tls), *settings.tls};
    } else if constexpr (std::is_same_v<Stream, tls_stream>) {
        return {executor, settings.target.tls ? *settings.tls : *settings.proxy_tls};
    } else {
        return Stream(executor);
    }
}

/** @brief A connection by plain TCP or by TLS, or by TLS inside TLS.
 *
 * stream_opening.cpp has what opens it, connection.cpp the exchanges.
 */
template <class Stream>
class stream_connection final : public limited_connection, private answer_memory::holder {
 public:
    stream_connection(const io_executor& executor, std::shared_ptr<const connection_settings> settings)
        : limited_connection(settings),
          holder(settings->memory),
          stream_(make_stream<Stream>(executor, *settings)),
          parser_(settings->max_header_bytes, settings->max_body_bytes) {}

    io_awaitable<error_code> open(time_point limit) override;
    void send(user told, std::string_view request, time_point now, time_point limit) override;
    wire::response& answer() override { return parser_.answer(); }
    void take_body(std::string& to) override { parser_.take_body(to); }
    void keep(std::size_t bytes) override {
        kept_ = bytes;
        note_memory();
    }
    void rest() override {
        kept_ = 0;
        give_back();
    }
    void cancel() override {
        limited_connection::cancel();
        end_wait();
    }
    void leave_to_parent() override {
        limited_connection::leave_to_parent();
        end_wait();
    }
    bool answer_is_whole() const override { return parser_.is_whole(); }
    bool quiet_while_idle() override;
    const traffic& carried() const override { return carried_; }

 private:
    client_socket& socket() override {
        if constexpr (std::is_same_v<Stream, tls_in_tls_stream>) {
            return stream_.next_layer().next_layer();
        } else if constexpr (std::is_same_v<Stream, tls_stream>) {
            return stream_.next_layer();
        } else {
            return stream_;
        }
    }

    io_awaitable<error_code> connect(time_point limit);
    /// What could not be connected to, for messages.
    std::string where() const;
    /// Has the proxy, which `layer` leads to, open a way to the server.
    template <class Layer>
    io_awaitable<error_code> open_tunnel(Layer& layer, time_point limit);
    template <class Layer>
    io_awaitable<error_code> shake_hands(Layer& layer, const endpoint& peer, time_point limit);
    /// Whom the outermost TLS is with.
    const endpoint& last_tls_peer() const {
        return settings().target.tls ? settings().target : settings().proxy->at;
    }
    std::size_t write_at_once(std::string_view request, error_code& unsent);
    void end_send(const user& told, const error_code& unsent);
    void read(amount wanted, user told, time_point limit) override;
    class reading;
    class waiting;
    void read_on(const user& told);
    void read_now(const user& told);
    void wait_for_memory(const user& told);
    /// Has waited, for memory or in vain.
    void go_on_reading(const user& told);
    void end_wait() {
        if (wait_) wait_->cancel();
    }
    void may_go_on() override { end_wait(); }
    void note_memory() { holds(kept_ + parser_.answer().body.size()); }
    void go_on(const user& told, const error_code& unread, std::size_t count);
    bool has(amount wanted) const;
    /// What one read brought. The bytes count before anything else does: an answer that is whole stands,
    /// however late or with whatever error its last bytes came.
    error_code take_bytes(std::size_t count, const error_code& unread);
    /// What an error in the place of an answer means to a client without a certificate; none: nothing.
    error_code refused_by(const error_code& unread);
    void end_read(const user& told);

    operation_memory memory_;         // of the read that has begun, or waits
    std::unique_ptr<io_timer> wait_;  // for the memory of answers, once it was waited for
    Stream stream_;
    answer_parser parser_;
    std::string unsent_;
    traffic carried_;
    std::size_t kept_ = 0;          // by the user, of what was taken
    amount wanted_ = amount::head;  // of the read that has begun
    time_point limit_{};            // of that
    time_point waits_since_{};
    bool sent_ = false;  // the whole request
};

extern template io_awaitable<error_code> stream_connection<plain_stream>::open(time_point);
extern template io_awaitable<error_code> stream_connection<tls_stream>::open(time_point);
extern template io_awaitable<error_code> stream_connection<tls_in_tls_stream>::open(time_point);

}  // namespace stagger
