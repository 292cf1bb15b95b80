#include "net/connection.hpp"

#include <openssl/bio.h>
#include <openssl/ssl.h>
#include <sys/socket.h>

#include <algorithm>
#include <boost/asio/connect.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/write.hpp>
#include <utility>

#include "net/answer_parser.hpp"
#include "net/tls_context.hpp"

namespace stagger {

namespace asio = boost::asio;
using asio::ip::tcp;

namespace {

// Less than any socket takes that has nothing else to send. The rest of a TLS record could not be sent later:
// what is longer goes by an operation.
constexpr std::size_t most_at_once_over_tls = 4096;

using plain_stream = io_socket;
using tls_stream = asio::ssl::stream<io_socket>;

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

/// Whether bytes have been received that nobody has read.
bool holds_unread(plain_stream&) {
    return false;
}
bool holds_unread(tls_stream& stream) {
    SSL* const ssl = stream.native_handle();
    return SSL_has_pending(ssl) != 0 || BIO_ctrl_pending(SSL_get_rbio(ssl)) != 0;
}

template <class Stream>
class stream_connection final : public connection, private deadline_queue::entry {
 public:
    stream_connection(const io_executor& executor, std::shared_ptr<const connection_settings> settings)
        : entry(settings->deadlines),
          settings_(std::move(settings)),
          stream_(make_stream<Stream>(executor, *settings_)),
          parser_(settings_->max_header_bytes, settings_->max_body_bytes) {}

    io_awaitable<error_code> open(time_point limit) override;
    void send(user told, std::string_view request, time_point limit) override;
    void cancel() override;
    wire::response& answer() override { return parser_.answer(); }
    void take_body(std::string& to) override { parser_.take_body(to); }
    bool answer_is_whole() const override { return parser_.is_whole(); }
    bool reusable() const override { return reusable_; }
    bool quiet_while_idle() override;
    const traffic& carried() const override { return carried_; }
    request_phase phase() const override { return phase_; }
    const std::string& problem() const override { return problem_; }

 private:
    io_awaitable<error_code> connect(time_point limit);
    io_awaitable<error_code> shake_hands(time_point limit);
    std::size_t write_at_once(std::string_view request, error_code& unsent);
    void end_send(const user& told, const error_code& unsent);
    void read(amount wanted, user told, time_point limit) override;
    void read_on(user told);
    bool has(amount wanted) const;
    /// What one read brought. The bytes count before anything else does: an answer that is whole stands,
    /// however late or with whatever error its last bytes came.
    error_code take_bytes(std::size_t count, const error_code& unread);
    void end_exchange();

    /// The earlier of the phase's own limit and the caller's.
    void begin_phase(request_phase phase, duration phase_limit, time_point limit, errc when_late);
    void end_phase() { expires_at(never); }
    void on_expired() override;
    error_code fail(error_code error, std::string problem);
    /// What an error of the stream means: the phase's time limit, a cancellation, or `otherwise`.
    error_code fail_io(const error_code& error, errc otherwise);

    std::shared_ptr<const connection_settings> settings_;
    Stream stream_;
    answer_parser parser_;
    std::string unsent_;
    std::string problem_;
    traffic carried_;
    request_phase phase_ = request_phase::not_started;
    errc when_late_ = errc::answer_timed_out;
    bool late_ = false;
    bool cancelled_ = false;
    amount wanted_ = amount::head;  // of the read that has begun
    bool sent_ = false;             // the whole request
    bool reusable_ = false;
};

template <class Stream>
void stream_connection<Stream>::begin_phase(request_phase phase, duration phase_limit, time_point limit,
                                            errc when_late) {
    phase_ = phase;
    when_late_ = when_late;
    late_ = false;
    const bool of_its_own = phase_limit != duration::max();
    expires_at(of_its_own ? std::min(saturating_add(std::chrono::steady_clock::now(), phase_limit), limit)
                          : limit);
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
    if (cancelled_ || error == asio::error::operation_aborted) return fail(errc::cancelled, "");
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
    phase_ = request_phase::resolving;
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
        const asio::cancellation_state state = co_await asio::this_coro::cancellation_state;
        if (is_cancelled(state)) co_return fail(errc::cancelled, "");
        error_code ignored;
        socket_of(stream_).close(ignored);
        const duration remaining = connect_limit - std::chrono::steady_clock::now();
        begin_phase(request_phase::connecting, remaining / static_cast<duration::rep>(left), connect_limit,
                    errc::connect_timed_out);
        std::tie(error) = co_await socket_of(stream_).async_connect(address, with_error);
        end_phase();
        if (!error && !late_) {
            socket_of(stream_).set_option(tcp::no_delay(true), ignored);
            socket_of(stream_).non_blocking(true, ignored);
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
        const asio::cancellation_state state = co_await asio::this_coro::cancellation_state;
        if (is_cancelled(state)) co_return fail(errc::cancelled, "");
        begin_phase(request_phase::shaking_hands, settings_->handshake_timeout, limit,
                    errc::handshake_timed_out);
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
void stream_connection<Stream>::send(user told, std::string_view request, time_point limit) {
    reusable_ = sent_ = cancelled_ = late_ = false;
    parser_.begin();
    carried_ = {};
    phase_ = request_phase::sending;
    error_code unsent;
    carried_.sent = write_at_once(request, unsent);
    if (unsent || carried_.sent == request.size()) return end_send(told, unsent);
    begin_phase(request_phase::sending, settings_->send_timeout, limit, errc::send_timed_out);
    auto then = [this, told = std::move(told)](const error_code& error, std::size_t count) {
        carried_.sent += count;
        end_send(told, error);
    };
    unsent_ = request.substr(carried_.sent);
    asio::async_write(stream_, asio::buffer(unsent_), std::move(then));
}

// The kernel takes a usual request at once, which needs no operation, and no time limit.
template <class Stream>
std::size_t stream_connection<Stream>::write_at_once(std::string_view request, error_code& unsent) {
    if constexpr (std::is_same_v<Stream, plain_stream>) {
        const std::size_t sent = stream_.write_some(asio::buffer(request), unsent);
        if (unsent == asio::error::would_block) unsent.clear();
        return sent;
    } else {
        return request.size() <= most_at_once_over_tls ? stream_.write_some(asio::buffer(request), unsent)
                                                       : 0;
    }
}

template <class Stream>
void stream_connection<Stream>::end_send(const user& told, const error_code& unsent) {
    const bool cut = unsent == asio::error::would_block;
    if (late_ || cancelled_ || cut) return told->on_sent(fail_io(unsent, errc::connection_lost));
    end_phase();
    sent_ = !unsent;
    told->on_sent({});
}

template <class Stream>
void stream_connection<Stream>::cancel() {
    cancelled_ = true;
    error_code ignored;
    socket_of(stream_).close(ignored);
}

template <class Stream>
bool stream_connection<Stream>::has(amount wanted) const {
    if (parser_.is_whole()) return true;
    if (wanted == amount::head) return parser_.head_is_whole();
    return wanted == amount::some && parser_.has_body_bytes();
}

template <class Stream>
void stream_connection<Stream>::read(amount wanted, user told, time_point limit) {
    const bool awaits_head = wanted == amount::head;
    begin_phase(awaits_head ? request_phase::awaiting_answer : request_phase::receiving, duration::max(),
                limit, errc::answer_timed_out);
    wanted_ = wanted;
    read_on(std::move(told));
}

template <class Stream>
void stream_connection<Stream>::read_on(user told) {
    if (has(wanted_)) {
        end_phase();
        if (parser_.is_whole()) end_exchange();
        return told->on_read({});
    }
    const auto room = parser_.room();
    const auto buffer = asio::buffer(room.data(), room.size());
    stream_.async_read_some(
        buffer, [this, told = std::move(told)](const error_code& unread, std::size_t count) mutable {
            const error_code error = take_bytes(count, unread);
            if (error) return told->on_read(error);
            read_on(std::move(told));
        });
}

template <class Stream>
error_code stream_connection<Stream>::take_bytes(std::size_t count, const error_code& unread) {
    carried_.received += count;
    if (count > 0) {
        const error_code unreadable = parser_.put(count);
        if (unreadable) return fail(unreadable, parser_.problem());
    }
    // Only a clean end ends an answer that has no length.
    const bool ended = unread == asio::error::eof && !late_;
    const error_code cut = ended ? parser_.put_end() : error_code();
    if (parser_.is_whole()) return {};
    if (ended) return fail(cut, parser_.problem());
    if (!unread && !late_) return {};
    return fail_io(unread, parser_.begun() ? errc::answer_truncated : errc::connection_lost);
}

template <class Stream>
void stream_connection<Stream>::end_exchange() {
    reusable_ = sent_ && !late_ && parser_.keeps_connection();
    if (reusable_) return;
    error_code ignored;
    socket_of(stream_).close(ignored);
}

template <class Stream>
bool stream_connection<Stream>::quiet_while_idle() {
    if (holds_unread(stream_)) return false;
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
