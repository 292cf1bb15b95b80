#include "net/connection.hpp"

#include <sys/socket.h>

#include <algorithm>
#include <boost/asio/connect.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>
#include <optional>
#include <utility>

#include "net/tls_context.hpp"

namespace stagger {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
using asio::ip::tcp;

namespace {

// One read takes a usual answer whole; an empty buffer would begin with 512 bytes.
constexpr std::size_t read_size = 8192;
// Interim answers (1xx) that are skipped before the real one: more are an attack, not a protocol.
constexpr int max_interim_answers = 16;

using plain_stream = io_socket;
using tls_stream = asio::ssl::stream<io_socket>;
using answer_parser = http::response_parser<http::string_body>;

template <class Stream>
Stream make_stream(const io_executor& executor, const connection_settings& settings) {
    if constexpr (std::is_same_v<Stream, tls_stream>) {
        return {executor, *settings.tls};
    } else {
        return Stream(executor);
    }
}
io_socket& socket_of(plain_stream& stream) {
    return stream;
}
io_socket& socket_of(tls_stream& stream) {
    return stream.next_layer();
}

error_code answer_error(const error_code& error) {
    if (error == http::error::header_limit || error == http::error::body_limit ||
        error == http::error::buffer_overflow) {
        return errc::answer_too_large;
    }
    return errc::malformed_answer;
}

template <class Stream>
class stream_connection final : public connection, private deadline_queue::entry {
 public:
    stream_connection(const io_executor& executor, std::shared_ptr<const connection_settings> settings)
        : entry(settings->deadlines),
          settings_(std::move(settings)),
          stream_(make_stream<Stream>(executor, *settings_)) {
        buffer_.reserve(read_size);
    }

    io_awaitable<error_code> open(time_point limit) override;
    io_awaitable<error_code> exchange(const std::string& sent, time_point limit,
                                      wire::response& received) override;
    bool reusable() const override { return reusable_; }
    bool quiet_while_idle() override;
    const std::string& problem() const override { return problem_; }

 private:
    io_awaitable<error_code> connect(time_point limit);
    io_awaitable<error_code> shake_hands(time_point limit);
    io_awaitable<error_code> receive(wire::response& received);
    /// Feeds what is buffered; true once the answer is whole.
    bool feed(error_code& error);
    void take_answer(wire::response& received);

    /// The earlier of the phase's own limit and the caller's.
    void begin_phase(duration phase_limit, time_point limit, errc when_late);
    void end_phase() { expires_at(never); }
    void on_expired() override;
    error_code fail(error_code error, std::string problem);
    /// What an error of the stream means: the phase's time limit, a cancellation, or `otherwise`.
    error_code fail_io(const error_code& error, errc otherwise);

    std::shared_ptr<const connection_settings> settings_;
    Stream stream_;
    beast::flat_buffer buffer_;
    std::optional<answer_parser> parser_;
    std::string problem_;
    errc when_late_ = errc::answer_timed_out;
    int interim_answers_ = 0;
    bool late_ = false;
    bool reusable_ = false;
};

template <class Stream>
void stream_connection<Stream>::begin_phase(duration phase_limit, time_point limit, errc when_late) {
    when_late_ = when_late;
    late_ = false;
    expires_at(std::min(saturating_add(std::chrono::steady_clock::now(), phase_limit), limit));
}

template <class Stream>
void stream_connection<Stream>::on_expired() {
    late_ = true;
    error_code ignored;
    socket_of(stream_).close(ignored);
}

template <class Stream>
error_code stream_connection<Stream>::fail(error_code error, std::string problem) {
    end_phase();
    error_code ignored;
    socket_of(stream_).close(ignored);
    reusable_ = false;
    problem_ = std::move(problem);
    return error;
}

template <class Stream>
error_code stream_connection<Stream>::fail_io(const error_code& error, errc otherwise) {
    if (late_) return fail(when_late_, error_code(when_late_).message());
    if (error == asio::error::operation_aborted) return fail(errc::cancelled, "");
    return fail(otherwise, error.message());
}

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
    name_lookup::addresses found;
    const time_point resolve_limit =
        std::min(saturating_add(std::chrono::steady_clock::now(), settings_->resolve_timeout), limit);
    const error_code unresolved = co_await settings_->names->resolve(resolve_limit, found);
    if (unresolved) co_return fail(unresolved, unresolved.message() + ": " + settings_->target.host);

    const time_point connect_limit =
        std::min(saturating_add(std::chrono::steady_clock::now(), settings_->connect_timeout), limit);
    error_code error = asio::error::not_found;
    for (std::size_t left = found.size(); left > 0; --left) {
        const tcp::endpoint& address = found[found.size() - left];
        error_code ignored;
        socket_of(stream_).close(ignored);
        const duration remaining = connect_limit - std::chrono::steady_clock::now();
        begin_phase(remaining / static_cast<duration::rep>(left), connect_limit, errc::connect_timed_out);
        std::tie(error) = co_await socket_of(stream_).async_connect(address, with_error);
        end_phase();
        if (!error && !late_) {
            socket_of(stream_).set_option(tcp::no_delay(true), ignored);
            co_return error_code();
        }
        if (error == asio::error::operation_aborted && !late_) break;
    }
    settings_->names->forget();
    const error_code failed = fail_io(error, errc::connect_failed);
    problem_ = "connecting to " + settings_->target.host + ":" + settings_->target.port + ": " +
               (late_ ? problem_ : error.message());
    co_return failed;
}

template <class Stream>
io_awaitable<error_code> stream_connection<Stream>::shake_hands(time_point limit) {
    if constexpr (std::is_same_v<Stream, tls_stream>) {
        SSL* const ssl = stream_.native_handle();
        const error_code unprepared = prepare_tls(ssl, settings_->target);
        if (unprepared) co_return fail(unprepared, unprepared.message());
        begin_phase(settings_->handshake_timeout, limit, errc::handshake_timed_out);
        const auto [error] = co_await stream_.async_handshake(asio::ssl::stream_base::client, with_error);
        end_phase();
        if (error && !late_ && error != asio::error::operation_aborted) {
            tls_failure why = explain_handshake_failure(ssl, settings_->target, error);
            co_return fail(why.error, std::move(why.message));
        }
        if (error || late_) co_return fail_io(error, errc::tls_handshake_failed);
    }
    co_return error_code();
}

template <class Stream>
io_awaitable<error_code> stream_connection<Stream>::exchange(const std::string& sent, time_point limit,
                                                             wire::response& received) {
    reusable_ = false;
    begin_phase(settings_->send_timeout, limit, errc::send_timed_out);
    const auto [unsent, count] = co_await asio::async_write(stream_, asio::buffer(sent), with_error);
    if (late_ || unsent == asio::error::operation_aborted) co_return fail_io(unsent, errc::connection_lost);
    // A server may refuse a request before it has read all of it, and close: its answer is there to be read.
    begin_phase(duration::max(), limit, errc::answer_timed_out);
    const error_code unreceived = co_await receive(received);
    if (unreceived) {
        const bool cut_while_sending = unsent.failed() && unreceived == errc::answer_truncated;
        co_return cut_while_sending ? error_code(errc::connection_lost) : unreceived;
    }
    end_phase();
    reusable_ = !unsent && parser_->keep_alive() && buffer_.size() == 0;
    if (!reusable_) {
        error_code ignored;
        socket_of(stream_).close(ignored);
    }
    co_return error_code();
}

template <class Stream>
io_awaitable<error_code> stream_connection<Stream>::receive(wire::response& received) {
    interim_answers_ = 0;
    parser_.reset();
    for (;;) {
        error_code error;
        if (feed(error)) break;
        if (error) co_return fail(answer_error(error), error.message());
        // What the parser has not consumed is one line of a head or of a chunk.
        if (buffer_.size() > settings_->max_header_bytes) {
            co_return fail(errc::answer_too_large, error_code(errc::answer_too_large).message());
        }
        const auto [unread, count] = co_await stream_.async_read_some(buffer_.prepare(read_size), with_error);
        buffer_.commit(count);
        if (!unread && !late_) continue;
        if (late_ || unread == asio::error::operation_aborted)
            co_return fail_io(unread, errc::connection_lost);
        // The end of the stream ends an answer without a length, but only a clean end does.
        if (unread == asio::error::eof && parser_ && parser_->is_header_done()) {
            parser_->put_eof(error);
            if (!error && parser_->is_done()) break;
        }
        const bool begun = parser_ && parser_->got_some();
        co_return fail_io(unread, begun ? errc::answer_truncated : errc::connection_lost);
    }
    take_answer(received);
    co_return error_code();
}

template <class Stream>
bool stream_connection<Stream>::feed(error_code& error) {
    for (;;) {
        if (!parser_) {
            parser_.emplace();
            parser_->header_limit(static_cast<std::uint32_t>(settings_->max_header_bytes));
            parser_->body_limit(settings_->max_body_bytes);
            parser_->eager(true);
        }
        while (buffer_.size() > 0 && !parser_->is_done()) {
            const std::size_t used = parser_->put(buffer_.data(), error);
            buffer_.consume(used);
            if (error == http::error::need_more) {
                error = {};
                break;
            }
            if (error) return false;
        }
        if (!parser_->is_done()) return false;
        if (parser_->get().result_int() / 100 != 1) return true;
        if (++interim_answers_ > max_interim_answers) {
            error = http::error::bad_status;
            return false;
        }
        parser_.reset();
    }
}

template <class Stream>
void stream_connection<Stream>::take_answer(wire::response& received) {
    auto& message = parser_->get();
    received.status = message.result_int();
    received.fields.clear();
    for (const auto& one : message)
        received.fields.push_back({std::string(one.name_string()), std::string(one.value())});
    received.body = std::move(message.body());
}

template <class Stream>
bool stream_connection<Stream>::quiet_while_idle() {
    char byte = 0;
    const ssize_t got = ::recv(socket_of(stream_).native_handle(), &byte, 1, MSG_PEEK | MSG_DONTWAIT);
    return got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK);
}

}  // namespace

std::unique_ptr<connection> connection::make(const io_executor& executor,
                                             std::shared_ptr<const connection_settings> settings) {
    if (settings->target.tls)
        return std::make_unique<stream_connection<tls_stream>>(executor, std::move(settings));
    return std::make_unique<stream_connection<plain_stream>>(executor, std::move(settings));
}

}  // namespace stagger
