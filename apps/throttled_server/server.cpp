#include "throttled_server/server.hpp"

#include <sys/socket.h>

#include <algorithm>
#include <array>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/string_body.hpp>
#include <cerrno>
#include <charconv>
#include <string_view>
#include <unordered_set>
#include <utility>

#include "throttled_server/answer.hpp"
#include "throttled_server/api_key.hpp"
#include "throttled_server/call.hpp"
#include "throttled_server/provider_desk.hpp"
#include "throttled_server/request_log.hpp"
#include "throttled_server/streamed_answer.hpp"

namespace stagger::server {

namespace asio = boost::asio;
namespace http = boost::beast::http;
using asio::ip::tcp;
using boost::system::error_code;

namespace {

constexpr std::uint32_t largest_header = 16u << 10;
constexpr std::uint64_t largest_body = 16u << 20;
constexpr std::size_t read_size = 4096;  // an ordinary request fits
constexpr std::size_t most_connections = 20'000;
constexpr duration accept_pause = std::chrono::milliseconds(50);  // when descriptors have run out
// How late an idle connection may be noticed: a quarter of its time, within these.
constexpr duration shortest_sweep = std::chrono::milliseconds(5);
constexpr duration longest_sweep = std::chrono::seconds(1);
constexpr duration linger = std::chrono::seconds(2);  // for a client to take the last answer before the close
constexpr std::string_view go_on = "HTTP/1.1 100 Continue\r\n\r\n";

constexpr auto with_error = asio::as_tuple(asio::deferred);
using request_parser = http::request_parser<http::string_body>;
using request_message = request_parser::value_type;

std::int64_t unix_now() {
    return std::chrono::duration_cast<std::chrono::seconds>(
               std::chrono::system_clock::now().time_since_epoch())
        .count();
}

constexpr std::string_view last_chunk = "0\r\n\r\n";

std::string as_chunk(const std::string& bytes) {
    std::array<char, 16> size{};
    const auto end = std::to_chars(size.data(), size.data() + size.size(), bytes.size(), 16).ptr;
    std::string chunk(size.data(), end);
    return chunk.append("\r\n").append(bytes).append("\r\n");
}

duration scaled(duration whole, double share) {
    return std::chrono::duration_cast<duration>(std::chrono::duration<double>(whole) * share);
}

std::string_view view(boost::beast::string_view text) {
    return {text.data(), text.size()};
}

}  // namespace

class server::core : public std::enable_shared_from_this<server::core> {
 public:
    class session;

    core(const asio::any_io_executor& executor, provider::scenario what, const options& how)
        : recorder(std::chrono::steady_clock::now(), rfc3339(unix_now())),
          desk(executor, what, how.seed.value_or(what.seed), recorder),
          scenario(std::move(what)),
          chosen(how),
          log(how.request_log),
          acceptor(executor, tcp::endpoint(asio::ip::make_address(how.host), how.port)),
          local(acceptor.local_endpoint()) {}

    void start();
    void close();

    statistics_recorder recorder;
    provider_desk desk;
    const provider::scenario scenario;
    const options chosen;
    const request_log log;
    caller_names callers;
    tcp::acceptor acceptor;
    const tcp::endpoint local;
    std::unordered_set<session*> sessions;
    std::uint64_t requests = 0;

 private:
    asio::awaitable<void> accept_all();
    void sweep();
};

/// One connection: takes requests off it one after the other, so that a client that pipelines waits in its
/// socket.
class server::core::session : public std::enable_shared_from_this<server::core::session> {
 public:
    session(std::shared_ptr<core> home, tcp::socket accepted)
        : home_(std::move(home)), socket_(std::move(accepted)), visitor_(socket_.get_executor()) {
        home_->sessions.insert(this);
        home_->recorder.connected();
    }
    session(const session&) = delete;
    session& operator=(const session&) = delete;
    ~session() {
        home_->recorder.disconnected();
        home_->sessions.erase(this);
    }

    asio::awaitable<void> run();
    void close();
    bool overdue(time_point now) const { return deadline_ <= now; }

 private:
    /// False when nothing more can be read. A request that breaks a bound or the protocol sets `refused_`.
    asio::awaitable<bool> read_request();
    asio::awaitable<std::string> answer(const request_message& request);
    /// Also what is left to send: nothing after a stream, or if the client is gone.
    asio::awaitable<std::string> complete(const request_message& request, destination found);
    asio::awaitable<std::string> complete_at_once(const call& asked, provider::arrival what,
                                                  std::size_t caller, std::string id);
    asio::awaitable<std::string> complete_streamed(const call& asked, provider::arrival what,
                                                   std::size_t caller, std::string id);
    provider::arrival arrival_of(const call& asked, std::string_view key) const;
    asio::awaitable<void> stream(const call& asked, const provider::decision& admitted, std::size_t caller,
                                 std::string id);
    /// Sends within the idle time; false where the client takes nothing.
    asio::awaitable<bool> send(std::string bytes);
    /// What is left to send: nothing where the refusal is that the connection is closed.
    std::string answer_refused(const call& asked, const provider::decision& decided, std::string id);
    std::string refuse(destination found, unsigned status, std::string_view message,
                       std::string_view member = {}, std::string_view lines = {});
    std::string respond(unsigned status, std::string_view lines, std::string_view body,
                        std::string id = {}) const;
    bool authorized(const request_message& request) const;
    /// Tells a client that asks before it sends a body to send it.
    asio::awaitable<void> invite_body();
    /// Lets the client take the last answer; a close with unread bytes in the socket would reset the
    /// connection.
    asio::awaitable<void> drain();
    void watch_for_departure();
    void limit_time() { deadline_ = std::chrono::steady_clock::now() + home_->chosen.idle_timeout; }

    std::shared_ptr<core> home_;
    tcp::socket socket_;
    provider_desk::visitor visitor_;
    boost::beast::flat_buffer inbox_;
    std::optional<request_parser> parser_;
    unsigned refused_ = 0;  // status of the answer before the connection is closed
    bool keep_alive_ = true;
    bool invited_ = false;
    bool http_1_1_ = true;                // the client knows chunks
    std::string_view connection_header_;  // what the client's version of HTTP would not assume by itself
    time_point deadline_ = never;
};

asio::awaitable<void> server::core::session::run() {
    error_code ignored;
    socket_.set_option(tcp::no_delay(true), ignored);
    while (keep_alive_ && !visitor_.gone()) {
        limit_time();
        if (!co_await read_request()) break;
        deadline_ = never;  // an answer takes as long as the provider says
        std::string response;
        if (refused_ != 0) {
            keep_alive_ = false;
            connection_header_ = "close";
            home_->recorder.invalid();
            response = respond(
                refused_, {},
                error_body(dialect::openai_chat, refused_, "The request is not acceptable", {}, unix_now()));
        } else {
            keep_alive_ = parser_->keep_alive();
            const request_message request = parser_->release();
            const bool kept_by_default = request.version() >= 11;
            connection_header_ = keep_alive_ == kept_by_default ? "" : keep_alive_ ? "keep-alive" : "close";
            response = co_await answer(request);
        }
        if (visitor_.gone()) break;
        const bool sent = co_await send(std::move(response));
        if (!sent) co_return;
    }
    if (!visitor_.gone()) co_await drain();
}

asio::awaitable<bool> server::core::session::send(std::string bytes) {
    limit_time();
    const auto [error, count] = co_await asio::async_write(socket_, asio::buffer(bytes), with_error);
    co_return !error;
}

asio::awaitable<void> server::core::session::drain() {
    error_code ignored;
    socket_.shutdown(tcp::socket::shutdown_send, ignored);
    deadline_ = std::chrono::steady_clock::now() + linger;
    for (;;) {
        inbox_.clear();
        const auto [error, count] = co_await socket_.async_read_some(inbox_.prepare(read_size), with_error);
        if (error) co_return;
    }
}

asio::awaitable<void> server::core::session::invite_body() {
    if (invited_ || !parser_->is_header_done()) co_return;
    invited_ = true;
    if (view(parser_->get()[http::field::expect]) != "100-continue") co_return;
    co_await asio::async_write(socket_, asio::buffer(go_on), with_error);  // the next read meets any error
}

asio::awaitable<bool> server::core::session::read_request() {
    parser_.emplace();
    parser_->header_limit(largest_header);
    parser_->body_limit(largest_body);
    parser_->eager(true);
    invited_ = false;
    for (;;) {
        error_code error;
        while (inbox_.size() > 0 && !parser_->is_done() && !error) {
            inbox_.consume(parser_->put(inbox_.data(), error));
        }
        if (parser_->is_done()) co_return true;
        if (error && error != http::error::need_more) {
            const bool long_head = error == http::error::header_limit;
            refused_ = error == http::error::body_limit ? 413 : long_head ? 431 : 400;
            co_return true;
        }
        if (inbox_.size() > largest_header) {
            refused_ = 431;
            co_return true;
        }
        co_await invite_body();
        const auto [unread, count] = co_await socket_.async_read_some(inbox_.prepare(read_size), with_error);
        inbox_.commit(count);
        if (unread || visitor_.gone()) co_return false;
    }
}

asio::awaitable<std::string> server::core::session::answer(const request_message& request) {
    const destination found = find_destination(view(request.method_string()), view(request.target()));
    switch (found.to) {
        case route::completion:
            co_return co_await complete(request, found);
        case route::stats:
            co_return respond(
                200, {},
                to_json(home_->recorder.snapshot(std::chrono::steady_clock::now()), home_->scenario.name));
        case route::reset_stats:
            home_->recorder.reset();
            co_return respond(200, {}, "{}");
        case route::wrong_method: {
            const std::string allow = "Allow: " + std::string(found.allow) + "\r\n";
            co_return refuse(found, 405, "This path knows another method", {}, allow);
        }
        case route::nothing:
            break;
    }
    co_return refuse(found, 404, "Nothing is served at this path");
}

asio::awaitable<std::string> server::core::session::complete(const request_message& request,
                                                             destination found) {
    if (!authorized(request)) {
        home_->recorder.unauthorized();
        co_return respond(401, {},
                          error_body(found.spoken, 401, "Incorrect API key provided", {}, unix_now()));
    }
    const auto read =
        read_call(found.spoken, view(request.target()), request.body(), home_->scenario.provider.answers);
    if (const auto* problem = std::get_if<call_problem>(&read)) {
        co_return refuse(found, 400, problem->message, problem->member);
    }
    const call& asked = std::get<call>(read);
    const auto authorization = view(request[http::field::authorization]);
    const std::string key(authorization.empty() ? view(request["x-api-key"]) : authorization);
    ++home_->requests;
    std::string id(view(request["x-request-id"]));
    if (id.empty()) id = "req-" + std::to_string(home_->requests);
    home_->log.arrived(asked);
    watch_for_departure();
    const std::size_t caller = home_->callers.number_of(key);
    http_1_1_ = request.version() >= 11;
    const provider::arrival what = arrival_of(asked, key);
    if (asked.streamed) co_return co_await complete_streamed(asked, what, caller, std::move(id));
    co_return co_await complete_at_once(asked, what, caller, std::move(id));
}

provider::arrival server::core::session::arrival_of(const call& asked, std::string_view key) const {
    provider::arrival what;
    what.caller = key;
    what.tokens = {static_cast<double>(asked.prompt_tokens), static_cast<double>(asked.max_tokens),
                   static_cast<double>(completion_tokens(asked))};
    what.model = asked.model;
    const std::vector<std::string>& refused = home_->scenario.provider.refusals.prompts;
    what.unwanted = std::any_of(asked.prompts.begin(), asked.prompts.end(), [&](const std::string& prompt) {
        return std::any_of(refused.begin(), refused.end(),
                           [&](const std::string& each) { return prompt.find(each) != std::string::npos; });
    });
    return what;
}

asio::awaitable<std::string> server::core::session::complete_at_once(const call& asked,
                                                                     provider::arrival what,
                                                                     std::size_t caller, std::string id) {
    const std::optional<provider::decision> decided = co_await home_->desk.visit(visitor_, what, caller);
    if (!decided) co_return std::string();
    if (decided->what != provider::decision::kind::admit) {
        co_return answer_refused(asked, *decided, std::move(id));
    }
    const std::string lines = hint_lines(*decided, home_->scenario.provider.hints, unix_now());
    const bool fixed = home_->chosen.repeatable;
    const std::string body =
        completion_body(asked, fixed ? repeatable_id(asked) : id, fixed ? 0 : unix_now());
    co_return respond(200, lines, body, std::move(id));
}

asio::awaitable<std::string> server::core::session::complete_streamed(const call& asked,
                                                                      provider::arrival what,
                                                                      std::size_t caller, std::string id) {
    const std::optional<provider::decision> decided = co_await home_->desk.enter(visitor_, what, caller);
    if (!decided) co_return std::string();
    if (decided->what == provider::decision::kind::admit) {
        co_await stream(asked, *decided, caller, std::move(id));
        co_return std::string();
    }
    co_await home_->desk.pause(visitor_,
                               std::chrono::steady_clock::now() + decided->service + home_->desk.half_trip());
    co_return visitor_.gone() ? std::string() : answer_refused(asked, *decided, std::move(id));
}

// The head leaves at once, the events over the service time, each half a round trip later.
asio::awaitable<void> server::core::session::stream(const call& asked, const provider::decision& admitted,
                                                    std::size_t caller, std::string id) {
    provider_desk::held_place held;
    home_->desk.occupy(admitted, caller, held);
    const bool fixed = home_->chosen.repeatable;
    const std::vector<stream_part> parts =
        streamed_answer(asked, fixed ? repeatable_id(asked) : id, fixed ? 0 : unix_now());
    const std::string lines = hint_lines(admitted, home_->scenario.provider.hints, unix_now());
    const time_point begin = held.entered + home_->desk.half_trip();
    keep_alive_ = keep_alive_ && http_1_1_;
    response_head head;
    head.request_id = std::move(id);
    head.extra_lines = lines;
    head.connection = keep_alive_ ? "" : "close";
    head.unix_now = unix_now();
    std::string bytes = stream_head(head, http_1_1_);
    bool taken = true;
    for (const stream_part& part : parts) {
        co_await home_->desk.pause(visitor_, begin + scaled(admitted.service, part.share));
        if (visitor_.gone()) break;
        if (!part.events.empty()) bytes += http_1_1_ ? as_chunk(part.events) : part.events;
        if (&part == &parts.back() && http_1_1_) bytes += last_chunk;
        taken = co_await send(std::move(bytes));
        bytes.clear();
        deadline_ = never;
        if (!taken) break;
    }
    home_->desk.vacate(visitor_, held);
    if (!taken) keep_alive_ = false;
}

std::string server::core::session::answer_refused(const call& asked, const provider::decision& decided,
                                                  std::string id) {
    if (decided.status == provider::connection_closed) {
        close();
        return {};
    }
    const std::string lines = hint_lines(decided, home_->scenario.provider.hints, unix_now());
    const std::string body =
        error_body(asked.spoken, decided.status, provider_message(decided.status), {}, unix_now());
    return respond(decided.status, lines, body, std::move(id));
}

std::string server::core::session::refuse(destination found, unsigned status, std::string_view message,
                                          std::string_view member, std::string_view lines) {
    home_->recorder.invalid();
    return respond(status, lines, error_body(found.spoken, status, message, member, unix_now()));
}

std::string server::core::session::respond(unsigned status, std::string_view lines, std::string_view body,
                                           std::string id) const {
    response_head head;
    head.status = status;
    head.request_id = std::move(id);
    head.extra_lines = lines;
    head.connection = connection_header_;
    head.unix_now = unix_now();
    return whole_response(head, body);
}

bool server::core::session::authorized(const request_message& request) const {
    return presents_key(home_->chosen.api_key, view(request[http::field::authorization]),
                        view(request["x-api-key"]));
}

// While a request is being served nobody reads: the end of the stream has to be looked for.
void server::core::session::watch_for_departure() {
    socket_.async_wait(tcp::socket::wait_read, [self = shared_from_this()](const error_code& error) {
        if (error) return;
        char byte = 0;
        const auto seen = ::recv(self->socket_.native_handle(), &byte, 1, MSG_PEEK | MSG_DONTWAIT);
        const bool reset = seen < 0 && errno != EAGAIN && errno != EINTR;
        if (seen == 0 || reset) self->visitor_.leave();
    });
}

void server::core::session::close() {
    error_code ignored;
    socket_.close(ignored);
    visitor_.leave();
}

void server::core::start() {
    asio::co_spawn(acceptor.get_executor(), accept_all(),
                   [self = shared_from_this()](std::exception_ptr failure) {
                       if (failure) std::rethrow_exception(failure);
                   });
    sweep();
}

asio::awaitable<void> server::core::accept_all() {
    asio::steady_timer pause(acceptor.get_executor());
    while (acceptor.is_open()) {
        auto [error, socket] = co_await acceptor.async_accept(with_error);
        if (error == asio::error::operation_aborted || !acceptor.is_open()) co_return;
        if (error) {
            pause.expires_after(accept_pause);
            co_await pause.async_wait(with_error);
            continue;
        }
        if (sessions.size() >= most_connections) continue;  // closed at once
        const auto one = std::make_shared<session>(shared_from_this(), std::move(socket));
        asio::co_spawn(acceptor.get_executor(), one->run(), [one](std::exception_ptr failure) {
            if (failure) std::rethrow_exception(failure);
        });
    }
}

void server::core::sweep() {
    const time_point now = std::chrono::steady_clock::now();
    for (session* one : sessions) {
        if (one->overdue(now)) one->close();
    }
    const duration period = std::clamp<duration>(chosen.idle_timeout / 4, shortest_sweep, longest_sweep);
    desk.timers().at(now + period, [this] { sweep(); });
}

void server::core::close() {
    error_code ignored;
    acceptor.close(ignored);
    desk.timers().stop();
    desk.timers().release();
    for (session* one : sessions) one->close();
}

server::server(asio::any_io_executor executor, provider::scenario scenario, options chosen)
    : core_(std::make_shared<core>(executor, std::move(scenario), chosen)) {
    core_->start();
}

server::server(asio::any_io_executor executor, provider::scenario scenario, std::uint16_t port)
    : server(std::move(executor), std::move(scenario), options::on_port(port)) {}

server::~server() {
    close();
}

std::uint16_t server::port() const {
    return core_->local.port();
}

std::string server::address() const {
    const std::string host = core_->local.address().to_string();
    const std::string shown = core_->local.address().is_v6() ? "[" + host + "]" : host;
    return shown + ":" + std::to_string(core_->local.port());
}

statistics server::stats() const {
    return core_->recorder.snapshot(std::chrono::steady_clock::now());
}

void server::reset_stats() {
    core_->recorder.reset();
}

void server::close() {
    asio::post(core_->acceptor.get_executor(), [self = core_] { self->close(); });
}

}  // namespace stagger::server
