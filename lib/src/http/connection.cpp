#include "http/connection.hpp"

#include <openssl/bio.h>
#include <openssl/ssl.h>
#include <sys/socket.h>

#include <algorithm>
#include <boost/asio/write.hpp>
#include <new>
#include <utility>

#include "http/clock.hpp"
#include "http/out_of_memory.hpp"
#include "http/stream_connection.hpp"
#include "http/tls_context.hpp"

namespace stagger {

namespace asio = boost::asio;

namespace {

// Less than any socket takes that has nothing else to send. The rest of a TLS record could not be sent later:
// what is longer goes by an operation.
constexpr std::size_t most_at_once_over_tls = 4096;
// For memory, where nothing else ends it.
constexpr duration longest_wait = std::chrono::hours(24 * 365);

/// Whether bytes have been received that nobody has read.
bool holds_unread(plain_stream&) {
    return false;
}
template <class NextLayer>
bool holds_unread(asio::ssl::stream<NextLayer>& stream) {
    SSL* const ssl = stream.native_handle();
    return SSL_has_pending(ssl) != 0 || BIO_ctrl_pending(SSL_get_rbio(ssl)) != 0 ||
           holds_unread(stream.next_layer());
}

}  // namespace

template <class Stream>
void stream_connection<Stream>::send(user told, std::string_view request, time_point now, time_point limit) {
    reusable_ = sent_ = cancelled_ = false;
    parser_.begin();
    carried_ = {};
    if (!may_begin(request_phase::sending, now, limit, errc::send_timed_out))
        return told->on_sent(fail_io({}, errc::connection_lost));
    error_code unsent;
    carried_.sent = write_at_once(request, unsent);
    if (unsent || carried_.sent == request.size()) return end_send(told, unsent);
    const time_point until = earlier_of(settings().send_timeout, limit);
    if (!begin_phase(request_phase::sending, until, errc::send_timed_out))
        return told->on_sent(fail_io({}, errc::connection_lost));
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
bool stream_connection<Stream>::has(amount wanted) const {
    if (parser_.is_whole()) return true;
    if (wanted == amount::head) return parser_.head_is_whole();
    return wanted == amount::some && parser_.has_body_bytes();
}

template <class Stream>
void stream_connection<Stream>::read(amount wanted, user told, time_point limit) {
    wanted_ = wanted;
    limit_ = limit;
    if (has(wanted)) return end_read(told);
    const auto phase = wanted == amount::head ? request_phase::awaiting_answer : request_phase::receiving;
    const bool begins = begin_phase(phase, limit, errc::answer_timed_out);
    if (!begins || cancelled_) return told->on_read(fail_io({}, errc::connection_lost));
    read_on(told);
}

/// Told by Asio what a read has brought. Keeps the user, who keeps the connection and with it the memory.
template <class Stream>
class stream_connection<Stream>::reading {
 public:
    using allocator_type = operation_memory::allocator<void>;

    reading(stream_connection& mine, user told) : mine_(&mine), told_(std::move(told)) {}
    allocator_type get_allocator() const noexcept { return allocator_type(mine_->memory_); }
    void operator()(const error_code& unread, std::size_t count) { mine_->go_on(told_, unread, count); }

 private:
    stream_connection* mine_;
    user told_;
};

/// Told by Asio that a wait for memory has ended. Keeps the user, as a read does.
template <class Stream>
class stream_connection<Stream>::waiting {
 public:
    using allocator_type = operation_memory::allocator<void>;

    waiting(stream_connection& mine, user told) : mine_(&mine), told_(std::move(told)) {}
    allocator_type get_allocator() const noexcept { return allocator_type(mine_->memory_); }
    void operator()(const error_code&) { mine_->go_on_reading(told_); }

 private:
    stream_connection* mine_;
    user told_;
};

// A head comes before anything is held of its answer.
template <class Stream>
void stream_connection<Stream>::read_on(const user& told) {
    if (wanted_ == amount::head || ask()) return read_now(told);
    wait_for_memory(told);
}

// No limit of its phase ends it: the server is not what it waits for.
template <class Stream>
void stream_connection<Stream>::wait_for_memory(const user& told) {
    try {
        end_phase();
        waits_since_ = steady_now();
        if (!wait_) wait_ = std::make_unique<io_timer>(stream_.get_executor());
        // Asio's clock cannot tell the end of time.
        wait_->expires_at(std::min(told->latest_limit(), saturating_add(waits_since_, longest_wait)));
        wait_->async_wait(waiting(*this, told));
    } catch (...) {
        leave_line();
        throw;
    }
}

template <class Stream>
void stream_connection<Stream>::go_on_reading(const user& told) {
    leave_line();
    error_code error;
    try {
        const duration waited = steady_now() - waits_since_;
        told->was_held_up(waited);
        limit_ = std::min(saturating_add(limit_, waited), told->latest_limit());
        const bool begins = begin_phase(request_phase::receiving, limit_, errc::answer_timed_out);
        if (begins && !cancelled_ && !is_parents_) return read_now(told);
        error = fail_io({}, errc::connection_lost);
    } catch (const std::bad_alloc&) {
        error = fail(out_of_memory(), "");
    }
    told->on_read(error);
}

template <class Stream>
void stream_connection<Stream>::read_now(const user& told) {
    const auto room = parser_.room();
    stream_.async_read_some(asio::buffer(room.data(), room.size()), reading(*this, told));
}

template <class Stream>
void stream_connection<Stream>::go_on(const user& told, const error_code& unread, std::size_t count) {
    error_code error;
    try {
        error = take_bytes(count, unread);
        note_memory();
        if (!error && !has(wanted_)) return read_on(told);
    } catch (const std::bad_alloc&) {
        error = fail(out_of_memory(), "");
    }
    if (error) return told->on_read(error);
    end_read(told);
}

template <class Stream>
error_code stream_connection<Stream>::take_bytes(std::size_t count, const error_code& unread) {
    carried_.received += count;
    if (count > 0) {
        const error_code unreadable = parser_.put(count);
        if (unreadable) return fail(unreadable, parser_.problem());
    }
    const bool broken_off = late_ || cancelled_;
    // Only a clean end ends an answer that has no length.
    const bool ended = unread == asio::error::eof && !broken_off;
    const error_code cut = ended ? parser_.put_end() : error_code();
    if (parser_.is_whole()) return {};
    if (!unread && !broken_off) return {};
    if (const error_code refused = refused_by(unread)) return refused;
    if (ended) return fail(cut, parser_.problem());
    return fail_io(unread, parser_.begun() ? errc::answer_truncated : errc::connection_lost);
}

template <class Stream>
error_code stream_connection<Stream>::refused_by(const error_code& unread) {
    if constexpr (!std::is_same_v<Stream, plain_stream>) {
        if (parser_.begun() || late_ || cancelled_) return {};
        tls_failure why = explain_refused_client(stream_.native_handle(), last_tls_peer(), unread);
        if (why.error) return fail(why.error, std::move(why.message));
    }
    return {};
}

template <class Stream>
void stream_connection<Stream>::end_read(const user& told) {
    end_phase();
    if (parser_.is_whole()) {
        reusable_ = sent_ && !late_ && !cancelled_ && parser_.keeps_connection();
        if (!reusable_) close_socket();
    }
    told->on_read({});
}

template <class Stream>
bool stream_connection<Stream>::quiet_while_idle() {
    if (holds_unread(stream_)) return false;
    char byte = 0;
    const ssize_t got = ::recv(socket().native_handle(), &byte, 1, MSG_PEEK | MSG_DONTWAIT);
    return got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK);
}

std::unique_ptr<connection> connection::make(const io_executor& executor,
                                             std::shared_ptr<const connection_settings> settings) {
    const bool tls_to_proxy = settings->proxy && settings->proxy->at.tls;
    if (tls_to_proxy && settings->target.tls)
        return std::make_unique<stream_connection<tls_in_tls_stream>>(executor, std::move(settings));
    if (tls_to_proxy || settings->target.tls)
        return std::make_unique<stream_connection<tls_stream>>(executor, std::move(settings));
    return std::make_unique<stream_connection<plain_stream>>(executor, std::move(settings));
}

}  // namespace stagger
