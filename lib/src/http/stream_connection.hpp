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

using plain_stream = io_socket;
using tls_stream = boost::asio::ssl::stream<io_socket>;

template <class Stream>
Stream make_stream(const io_executor& executor, const connection_settings& settings) {
    if constexpr (std::is_same_v<Stream, tls_stream>) {
        return {executor, *settings.tls};
    } else {
        return Stream(executor);
    }
}

/** @brief A connection by plain TCP or by TLS.
 *
 * stream_opening.cpp has what opens it, connection.cpp the exchanges.
 */
template <class Stream>
class stream_connection final : public limited_connection {
 public:
    stream_connection(const io_executor& executor, std::shared_ptr<const connection_settings> settings)
        : limited_connection(settings),
          stream_(make_stream<Stream>(executor, *settings)),
          parser_(settings->max_header_bytes, settings->max_body_bytes) {}

    io_awaitable<error_code> open(time_point limit) override;
    void send(user told, std::string_view request, time_point now, time_point limit) override;
    wire::response& answer() override { return parser_.answer(); }
    void take_body(std::string& to) override { parser_.take_body(to); }
    bool answer_is_whole() const override { return parser_.is_whole(); }
    bool quiet_while_idle() override;
    const traffic& carried() const override { return carried_; }

 private:
    io_socket& socket() override {
        if constexpr (std::is_same_v<Stream, tls_stream>) {
            return stream_.next_layer();
        } else {
            return stream_;
        }
    }

    io_awaitable<error_code> connect(time_point limit);
    io_awaitable<error_code> shake_hands(time_point limit);
    std::size_t write_at_once(std::string_view request, error_code& unsent);
    void end_send(const user& told, const error_code& unsent);
    void read(amount wanted, user told, time_point limit) override;
    class reading;
    void read_on(const user& told);
    void go_on(const user& told, const error_code& unread, std::size_t count);
    bool has(amount wanted) const;
    /// What one read brought. The bytes count before anything else does: an answer that is whole stands,
    /// however late or with whatever error its last bytes came.
    error_code take_bytes(std::size_t count, const error_code& unread);
    /// What an error in the place of an answer means to a client without a certificate; none: nothing.
    error_code refused_by(const error_code& unread);
    void end_read(const user& told);

    operation_memory memory_;  // of the read that has begun
    Stream stream_;
    answer_parser parser_;
    std::string unsent_;
    traffic carried_;
    amount wanted_ = amount::head;  // of the read that has begun
    bool sent_ = false;             // the whole request
};

extern template io_awaitable<error_code> stream_connection<plain_stream>::open(time_point);
extern template io_awaitable<error_code> stream_connection<tls_stream>::open(time_point);

}  // namespace stagger
