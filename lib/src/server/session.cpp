#include "server/session.hpp"

#include <netinet/tcp.h>
#include <sys/socket.h>

#include <array>
#include <boost/asio/write.hpp>
#include <cerrno>
#include <utility>

#include "http/clock.hpp"

namespace stagger::http_server {

namespace asio = boost::asio;
using asio::ip::tcp;

namespace {

constexpr duration linger_time = std::chrono::seconds(2);  // for a client to take the last answer
constexpr std::size_t most_ahead = 64U << 10U;             // of what a client sends before it has its answer
constexpr std::string_view go_on = "HTTP/1.1 100 Continue\r\n\r\n";

std::chrono::sys_seconds date_of_now() {
    return std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
}

// A write waits while the kernel holds more than this of what is not sent.
void bound_unsent(io_socket& socket, std::size_t bytes) {
    if (bytes == 0) return;
    const auto bound = static_cast<int>(bytes);
    ::setsockopt(socket.native_handle(), IPPROTO_TCP, TCP_NOTSENT_LOWAT, &bound, sizeof bound);
}

}  // namespace

session::session(std::shared_ptr<server::core> home, io_socket accepted)
    : home_(std::move(home)), socket_(std::move(accepted)), parser_(home_->allowed) {
    home_->add(*this);
}

session::~session() {
    home_->remove(*this);
}

io_awaitable<void> session::run() {
    error_code ignored;
    socket_.set_option(tcp::no_delay(true), ignored);
    bound_unsent(socket_, home_->allowed.unsent_bytes);
    while (keep_alive_ && !departed_ && !home_->is_draining()) {
        const bool read = co_await read_request();
        if (!read) break;
        deadline_ = never;  // an answer takes as long as the service says
        if (refused_ != 0) {
            co_await refuse(refused_);
        } else {
            co_await serve();
        }
        if (!finished_) co_return close();
    }
    if (!departed_) co_await linger();
}

io_awaitable<bool> session::read_request() {
    parser_.begin();
    invited_ = headed_ = finished_ = false;
    request_progress progress;
    progress.awaited = steady_now();
    for (;;) {
        refused_ = parser_.parse();
        if (refused_ != 0 || parser_.is_whole()) co_return true;
        co_await invite_body();
        if (parser_.begun() && progress.begun == never) progress.begun = steady_now();
        if (parser_.head_is_whole() && progress.head_ended == never) progress.head_ended = steady_now();
        progress.body_bytes = parser_.body_bytes();
        deadline_ = request_limit(home_->allowed, progress);
        const auto room = parser_.room();
        const auto buffer = asio::buffer(room.data(), room.size());
        const auto [unread, count] = co_await socket_.async_read_some(buffer, with_error);
        parser_.received(count);
        if (unread || departed_) co_return false;
    }
}

io_awaitable<void> session::invite_body() {
    if (invited_ || !parser_.head_is_whole()) co_return;
    invited_ = true;
    if (value_of(parser_.current(), "expect") != "100-continue") co_return;
    const auto buffer = asio::buffer(go_on.data(), go_on.size());
    co_await asio::async_write(socket_, buffer, with_error);  // the next read meets any error
}

io_awaitable<void> session::serve() {
    http_1_1_ = parser_.current().http_1_1;
    is_head_ = parser_.current().method == "HEAD";
    keep_alive_ = parser_.current().keeps_connection && !home_->is_draining();
    serving_ = true;
    parser_.release_room();
    watch_for_departure();
    bool broken = false;
    try {
        co_await home_->what->serve(*this);
    } catch (const std::exception&) {
        broken = true;
    }
    if (broken && !headed_ && !departed_) co_await refuse(500);
    told_ = nullptr;
    serving_ = false;
}

io_awaitable<void> session::refuse(unsigned status) {
    keep_alive_ = false;
    if (refused_ != 0) {  // nothing is known of the request
        http_1_1_ = true;
        is_head_ = false;
    }
    const whole_answer answer = home_->what->refusal(status);
    co_await whole(answer.head, answer.body);
}

// What the client's version of HTTP would not assume by itself.
std::string_view session::connection_value() const {
    if (!keep_alive_) return http_1_1_ || !length_left_ ? "close" : "";
    return http_1_1_ ? "" : "keep-alive";
}

io_awaitable<bool> session::whole(const answer_head& head, std::string_view body) {
    answer_head sized = head;
    sized.length = body.size();
    this->head(sized);
    co_return co_await finish(body);
}

void session::head(const answer_head& head) {
    headed_ = true;
    if (home_->is_draining()) keep_alive_ = false;
    length_left_ = has_no_body(head.status) ? std::optional<std::uint64_t>(0) : head.length;
    chunked_ = !length_left_ && http_1_1_;
    if (!length_left_ && !chunked_) keep_alive_ = false;  // its end is that of the connection
    unsent_ += format_head(head, connection_value(), chunked_, date_of_now());
}

void session::append_piece(std::string_view piece) {
    if (piece.empty() || is_head_) return;
    if (chunked_) return append_chunk(unsent_, piece);
    if (length_left_) {
        piece = piece.substr(0, *length_left_);
        *length_left_ -= piece.size();
    }
    unsent_ += piece;
}

io_awaitable<bool> session::write(std::string_view piece) {
    append_piece(piece);
    const std::string bytes = std::exchange(unsent_, {});
    co_return co_await send(bytes);
}

io_awaitable<bool> session::finish(std::string_view last) {
    append_piece(last);
    if (chunked_ && !is_head_) unsent_ += last_chunk;
    const bool cut = length_left_.value_or(0) > 0 && !is_head_;
    const std::string bytes = std::exchange(unsent_, {});
    const bool sent = co_await send(bytes);
    finished_ = sent && !cut;
    co_return finished_;
}

io_awaitable<bool> session::interim(unsigned status) {
    if (!http_1_1_ || headed_) co_return !departed_;
    const std::string line =
        "HTTP/1.1 " + std::to_string(status) + " " + std::string(reason_phrase(status)) + "\r\n\r\n";
    co_return co_await send(line);
}

io_awaitable<bool> session::send(std::string_view bytes) {
    if (departed_) co_return false;
    deadline_ = saturating_add(steady_now(), home_->allowed.answer_time);
    const auto buffer = asio::buffer(bytes.data(), bytes.size());
    const auto [error, count] = co_await asio::async_write(socket_, buffer, with_error);
    deadline_ = never;
    if (error) depart();
    co_return !error;
}

io_awaitable<void> session::linger() {
    lingering_ = true;
    error_code ignored;
    socket_.shutdown(tcp::socket::shutdown_send, ignored);
    deadline_ = steady_now() + linger_time;
    std::array<char, 4096> unwanted{};
    const auto buffer = asio::buffer(unwanted);
    for (;;) {
        const auto [error, count] = co_await socket_.async_read_some(buffer, with_error);
        if (error) co_return;
    }
}

// While a request is being served nobody reads: the end of the stream has to be looked for.
void session::watch_for_departure() {
    if (std::exchange(watching_, true)) return;
    socket_.async_wait(tcp::socket::wait_read, [self = shared_from_this()](const error_code& error) {
        self->watching_ = false;
        if (!error && self->serving_ && !self->departed_) self->look_for_departure();
    });
}

// Behind what a client has sent ahead its departure would not be seen: that is taken in, up to a bound.
void session::look_for_departure() {
    const auto room = parser_.room();
    const auto got = ::recv(socket_.native_handle(), room.data(), room.size(), MSG_DONTWAIT);
    if (got > 0) {
        parser_.received(static_cast<std::size_t>(got));
        if (parser_.ahead() < most_ahead) watch_for_departure();
        return;
    }
    if (got < 0 && (errno == EAGAIN || errno == EINTR)) return watch_for_departure();
    depart();
}

void session::depart() {
    if (std::exchange(departed_, true)) return;
    if (const auto told = std::exchange(told_, nullptr)) told();
}

void session::close() {
    error_code ignored;
    socket_.close(ignored);
    depart();
}

}  // namespace stagger::http_server
