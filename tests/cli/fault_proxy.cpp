#include "cli/fault_proxy.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/write.hpp>
#include <cstdlib>
#include <mutex>
#include <thread>

#include "stagger/random.hpp"

namespace asio = boost::asio;
using asio::ip::tcp;

namespace {

constexpr auto with_error = asio::as_tuple(asio::deferred);
constexpr std::size_t slice_bytes = 7;

enum class fault { none, reset, lost, cut, silent, sliced, failed };

const std::string failure =
    "HTTP/1.1 500 X\r\nContent-Type: application/json\r\nContent-Length: 36\r\n\r\n"
    R"({"error":{"message":"made to fail"}})";

/// Bytes of the first whole message with a Content-Length; 0: it is not whole yet.
std::size_t message_bytes(const std::string& text) {
    const auto end = text.find("\r\n\r\n");
    if (end == std::string::npos) return 0;
    std::string head = text.substr(0, end);
    for (char& each : head) each = static_cast<char>(std::tolower(static_cast<unsigned char>(each)));
    const auto length = head.find("content-length: ");
    const std::size_t body = length == std::string::npos ? 0 : std::stoul(head.substr(length + 16));
    const std::size_t whole = end + 4 + body;
    return text.size() >= whole ? whole : 0;
}

/// Of "question N"; 0: it has none.
std::size_t prompt_number(const std::string& request) {
    const auto at = request.find("question ");
    return at == std::string::npos ? 0 : std::strtoul(request.c_str() + at + 9, nullptr, 10);
}

asio::awaitable<bool> read_message(tcp::socket& from, std::string& unread, std::string& message) {
    std::size_t whole = message_bytes(unread);
    while (whole == 0) {
        char piece[16384];
        const auto room = asio::buffer(piece);
        const auto [error, count] = co_await from.async_read_some(room, with_error);
        if (error) co_return false;
        unread.append(piece, count);
        whole = message_bytes(unread);
    }
    message = unread.substr(0, whole);
    unread.erase(0, whole);
    co_return true;
}

void reset(tcp::socket& socket) {
    boost::system::error_code ignored;
    socket.set_option(asio::socket_base::linger(true, 0), ignored);
    socket.close(ignored);
}

}  // namespace

struct fault_proxy::state {
    state(unsigned short to, const fault_shares& what, std::uint64_t seed)
        : server(asio::ip::address_v4::loopback(), to),
          shares(what),
          random(seed),
          acceptor(context, tcp::endpoint(asio::ip::address_v4::loopback(), 0)) {}

    fault draw() {
        double left = random.uniform();
        const std::pair<fault, double> all[] = {
            {fault::reset, shares.reset},   {fault::lost, shares.lost},     {fault::cut, shares.cut},
            {fault::silent, shares.silent}, {fault::sliced, shares.sliced}, {fault::failed, shares.failed}};
        for (const auto& [what, share] : all) {
            if (left < share) return what;
            left -= share;
        }
        return fault::none;
    }

    fault note_request(std::size_t prompt) {
        const std::lock_guard lock(mutex);
        if (kept.asked.size() <= prompt) {
            kept.asked.resize(prompt + 1);
            kept.answered.resize(prompt + 1);
        }
        ++kept.asked[prompt];
        if (kept.answered[prompt]) kept.repeated.push_back(static_cast<unsigned>(prompt));
        const fault what = draw();
        kept.faults += what != fault::none;
        return what;
    }

    void note_answer(std::size_t prompt) {
        const std::lock_guard lock(mutex);
        kept.answered[prompt] = true;
    }

    asio::awaitable<void> accept() {
        for (;;) {
            auto [error, socket] = co_await acceptor.async_accept(with_error);
            if (error) co_return;
            auto session = serve(std::move(socket));
            asio::co_spawn(context, std::move(session), asio::detached);
        }
    }

    asio::awaitable<void> serve(tcp::socket client) {
        tcp::socket upstream(context);
        std::string from_client;
        std::string from_server;
        std::string request;
        std::string answer;
        while (co_await read_message(client, from_client, request)) {
            const std::size_t prompt = prompt_number(request);
            const fault what = note_request(prompt);
            if (what == fault::reset) co_return reset(client);
            if (what == fault::failed) {
                const auto bytes = asio::buffer(failure);
                co_await asio::async_write(client, bytes, with_error);
                continue;
            }
            if (!upstream.is_open()) {
                const auto [unreachable] = co_await upstream.async_connect(server, with_error);
                if (unreachable) co_return;
            }
            const auto bytes = asio::buffer(request);
            co_await asio::async_write(upstream, bytes, with_error);
            if (!co_await read_message(upstream, from_server, answer)) co_return;
            if (what == fault::lost) co_return reset(client);
            if (what == fault::silent) {
                std::string nothing;
                co_await read_message(client, from_client, nothing);  // until the client has had enough
                co_return;
            }
            if (what == fault::cut) {
                const auto half = asio::buffer(answer, answer.size() / 2);
                co_await asio::async_write(client, half, with_error);
                co_return reset(client);
            }
            const std::size_t piece = what == fault::sliced ? slice_bytes : answer.size();
            for (std::size_t at = 0; at < answer.size(); at += piece) {
                // Noted before the last piece goes: what the client sends next may be read first.
                if (at + piece >= answer.size() && answer.starts_with("HTTP/1.1 200")) note_answer(prompt);
                const auto part = asio::buffer(answer.data() + at, std::min(piece, answer.size() - at));
                const auto [error, count] = co_await asio::async_write(client, part, with_error);
                if (error) co_return;
            }
        }
    }

    asio::io_context context{1};
    tcp::endpoint server;
    fault_shares shares;
    stagger::random_source random;
    tcp::acceptor acceptor;
    mutable std::mutex mutex;
    books kept;
    std::thread thread;
};

fault_proxy::fault_proxy(unsigned short server, const fault_shares& shares, std::uint64_t seed)
    : state_(std::make_unique<state>(server, shares, seed)) {
    asio::co_spawn(state_->context, state_->accept(), asio::detached);
    state_->thread = std::thread([this] { state_->context.run(); });
}

fault_proxy::~fault_proxy() {
    state_->context.stop();
    state_->thread.join();
}

std::string fault_proxy::base_url() const {
    return "http://127.0.0.1:" + std::to_string(state_->acceptor.local_endpoint().port()) + "/v1";
}

fault_proxy::books fault_proxy::now() const {
    const std::lock_guard lock(state_->mutex);
    return state_->kept;
}

void fault_proxy::forget_answers() {
    const std::lock_guard lock(state_->mutex);
    state_->kept.answered.assign(state_->kept.answered.size(), false);
}
