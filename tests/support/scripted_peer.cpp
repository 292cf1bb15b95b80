#include "support/scripted_peer.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/asio/write.hpp>
#include <sstream>
#include <utility>

namespace stagger::test {

namespace asio = boost::asio;
using asio::ip::tcp;

namespace {

constexpr auto with_error = asio::as_tuple(asio::deferred);

std::size_t body_length(const std::string& head) {
    const auto at = head.find("Content-Length: ");
    return at == std::string::npos ? 0 : std::stoul(head.substr(at + 16));
}

}  // namespace

std::string answer(unsigned status, const std::string& body, const std::string& fields) {
    return "HTTP/1.1 " + std::to_string(status) +
           " X\r\nContent-Type: application/json\r\nContent-Length: " + std::to_string(body.size()) + "\r\n" +
           fields + "\r\n" + body;
}

std::string chat_answer(const std::string& text) {
    return answer(
        200, R"({"id":"chatcmpl-1","object":"chat.completion","created":1,"model":"m","choices":[{"index":0,)"
             R"("message":{"role":"assistant","content":")" +
                 text +
                 R"("},"finish_reason":"stop"}],"usage":{"prompt_tokens":3,"completion_tokens":2,)"
                 R"("total_tokens":5}})");
}

std::string event_stream(const std::vector<std::string>& documents) {
    std::string bytes =
        "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nTransfer-Encoding: chunked\r\n\r\n";
    for (const std::string& document : documents) {
        const std::string event = "data: " + document + "\n\n";
        std::ostringstream size;
        size << std::hex << event.size();
        bytes.append(size.str()).append("\r\n").append(event).append("\r\n");
    }
    return bytes + "0\r\n\r\n";
}

std::vector<std::string> chat_documents(const std::vector<std::string>& pieces) {
    std::vector<std::string> documents;
    documents.reserve(pieces.size() + 3);
    for (const std::string& piece : pieces) {
        std::string document = R"({"id":"chatcmpl-1","choices":[{"index":0,"delta":{"content":")";
        document.append(piece).append(R"("},"finish_reason":null}]})");
        documents.push_back(std::move(document));
    }
    documents.emplace_back(
        R"({"id":"chatcmpl-1","choices":[{"index":0,"delta":{},"finish_reason":"stop"}]})");
    documents.emplace_back(
        R"({"id":"chatcmpl-1","choices":[],"usage":{"prompt_tokens":3,"completion_tokens":2}})");
    documents.emplace_back("[DONE]");
    return documents;
}

struct scripted_peer::state : std::enable_shared_from_this<state> {
    state(asio::io_context& context, std::vector<script> what, std::shared_ptr<asio::ssl::context> ssl)
        : acceptor(context, tcp::endpoint(asio::ip::address_v4::loopback(), 0)),
          scripts(std::move(what)),
          tls(std::move(ssl)) {}

    /// A coroutine's body runs later than its call: what it uses is kept alive from here on.
    void spawn(asio::awaitable<void> work) {
        asio::co_spawn(acceptor.get_executor(), std::move(work),
                       [self = shared_from_this()](std::exception_ptr) {});
    }

    asio::awaitable<void> accept() {
        while (acceptor.is_open()) {
            auto [error, socket] = co_await acceptor.async_accept(with_error);
            if (error || !acceptor.is_open()) co_return;
            const std::size_t number = std::min(connections++, scripts.size() - 1);
            auto session = tls ? talk_tls(std::move(socket), number) : talk_plain(std::move(socket), number);
            spawn(std::move(session));
        }
    }

    asio::awaitable<void> talk_plain(tcp::socket accepted, std::size_t number) {
        const auto stream = std::make_shared<tcp::socket>(std::move(accepted));
        co_await talk(stream, *stream, number);
    }

    asio::awaitable<void> talk_tls(tcp::socket accepted, std::size_t number) {
        const auto stream = std::make_shared<asio::ssl::stream<tcp::socket>>(std::move(accepted), *tls);
        const auto [error] = co_await stream->async_handshake(asio::ssl::stream_base::server, with_error);
        if (!error) co_await talk(stream, stream->next_layer(), number);
    }

    template <class Stream>
    asio::awaitable<void> talk(std::shared_ptr<Stream> stream, tcp::socket& socket, std::size_t number) {
        std::string unread;
        const auto count_end = std::unique_ptr<std::size_t, void (*)(std::size_t*)>(
            &ended, [](std::size_t* count) { ++*count; });
        for (const turn& what : scripts[number]) {
            if (!co_await receive(*stream, unread)) co_return;
            const auto [unsent, count] =
                co_await asio::async_write(*stream, asio::buffer(what.bytes), with_error);
            if (!unsent) ++written;
            if (!what.surplus.empty())
                co_await asio::async_write(*stream, asio::buffer(what.surplus), with_error);
            if (what.then == turn::close) co_return;
            if (what.then == turn::reset) {
                // Closed here: the destructor of a socket sets the option back.
                socket.set_option(asio::socket_base::linger(true, 0));
                socket.close();
                co_return;
            }
            if (what.then == turn::fall_silent) {
                silent.push_back(stream);
                co_return;
            }
        }
        // Closing with unread bytes would reset the connection: the peer waits until the client has closed.
        while (co_await receive(*stream, unread)) continue;
    }

    /// Reads one whole request; false at the end of the stream.
    template <class Stream>
    asio::awaitable<bool> receive(Stream& stream, std::string& unread) {
        for (;;) {
            const auto end = unread.find("\r\n\r\n");
            if (end != std::string::npos) {
                const std::size_t whole = end + 4 + body_length(unread.substr(0, end));
                if (unread.size() >= whole) {
                    requests.push_back(unread.substr(0, whole));
                    unread.erase(0, whole);
                    co_return true;
                }
            }
            char piece[4096];
            const auto buffer = asio::buffer(piece);
            const auto [error, count] = co_await stream.async_read_some(buffer, with_error);
            if (error) co_return false;
            unread.append(piece, count);
        }
    }

    tcp::acceptor acceptor;
    std::vector<script> scripts;
    std::shared_ptr<asio::ssl::context> tls;
    std::vector<std::string> requests;
    std::size_t connections = 0;
    std::size_t ended = 0;
    std::size_t written = 0;
    std::vector<std::shared_ptr<void>> silent;  // kept open, never answered
};

scripted_peer::scripted_peer(asio::io_context& context, std::vector<script> scripts,
                             std::shared_ptr<asio::ssl::context> tls)
    : state_(std::make_shared<state>(context, std::move(scripts), std::move(tls))) {
    state_->spawn(state_->accept());
}

scripted_peer::~scripted_peer() {
    close();
}

unsigned short scripted_peer::port() const {
    return state_->acceptor.local_endpoint().port();
}

std::string scripted_peer::base_url() const {
    return (state_->tls ? "https://127.0.0.1:" : "http://127.0.0.1:") + std::to_string(port()) + "/v1";
}

const std::vector<std::string>& scripted_peer::requests() const {
    return state_->requests;
}

std::size_t scripted_peer::ended() const {
    return state_->ended;
}

std::size_t scripted_peer::written() const {
    return state_->written;
}

std::size_t scripted_peer::connections() const {
    return state_->connections;
}

void scripted_peer::close() {
    boost::system::error_code ignored;
    state_->acceptor.close(ignored);
    state_->silent.clear();
}

}  // namespace stagger::test
