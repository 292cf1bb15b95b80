#include <doctest/doctest.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>
#include <functional>
#include <future>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "net/loopback_client.hpp"
#include "server/http_server.hpp"

using namespace stagger;
using namespace stagger::test;
using namespace stagger::http_server;
using namespace std::chrono_literals;

namespace {

using behaviour = std::function<io_awaitable<void>(exchange&)>;

/// Does with each request what a test says.
class scripted_service final : public service {
 public:
    explicit scripted_service(behaviour what) : what_(std::move(what)) {}

    io_awaitable<void> serve(exchange& with) override { co_await what_(with); }
    whole_answer refusal(unsigned status) override {
        answer_head head;
        head.status = status;
        return {head, "refused"};
    }

 private:
    behaviour what_;
};

class running_server {
 public:
    explicit running_server(behaviour what, const bounds& allowed = {})
        : server_(context_.get_executor(), {boost::asio::ip::address_v4::loopback(), 0}, allowed,
                  std::make_shared<scripted_service>(std::move(what))),
          thread_([this] { context_.run(); }) {}
    ~running_server() { finish(); }
    running_server(const running_server&) = delete;
    running_server& operator=(const running_server&) = delete;

    loopback_client connect() const { return loopback_client(server_.port()); }
    server& operator*() { return server_; }
    void finish() {
        server_.close();
        await_end();
    }
    /// Returns when the context has run out of work.
    void await_end() {
        if (thread_.joinable()) thread_.join();
    }

 private:
    boost::asio::io_context context_{1};
    server server_;
    std::thread thread_;
};

io_awaitable<void> echo(exchange& with) {
    const answer_head head;
    const std::string said = with.asked().target + " " + with.asked().body;
    co_await with.whole(head, said);
}

/// Waits for its client to leave, and calls `told`.
behaviour waits_for_departure(std::function<void()> told) {
    return [told = std::move(told)](exchange& with) -> io_awaitable<void> {
        const auto executor = co_await boost::asio::this_coro::executor;
        io_timer forever(executor, time_point::max());
        const std::function<void()> wake = [&forever] { forever.cancel(); };
        with.on_departure(wake);
        co_await forever.async_wait(with_error);
        told();
    };
}

}  // namespace

TEST_CASE("requests of one connection are answered one after the other, also those sent ahead") {
    running_server server(echo);
    auto client = server.connect();
    client.say(post("/a", "1") + post("/b", "2") + get("/c"));
    CHECK(client.hear().body == "/a 1");
    CHECK(client.hear().body == "/b 2");
    CHECK(client.hear().body == "/c ");
    const auto last = client.ask("GET /d HTTP/1.1\r\nHost: test\r\nConnection: close\r\n\r\n");
    CHECK(last.body == "/d ");
    CHECK(last.field("Connection") == "close");
    CHECK(client.ended());
}

TEST_CASE("an answer of unknown length goes in chunks, and to HTTP/1.0 until the connection ends") {
    running_server server([](exchange& with) -> io_awaitable<void> {
        const answer_head head;
        with.head(head);
        co_await with.write("");
        co_await with.write("one ");
        co_await with.finish("two");
    });
    auto client = server.connect();
    client.say(get("/"));
    CHECK(client.hear_head().field("Transfer-Encoding") == "chunked");
    CHECK(client.hear_chunk() == "one ");
    CHECK(client.hear_chunk() == "two");
    CHECK(client.hear_chunk() == "");
    client.say("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
    CHECK(client.hear_head().field("Connection") == "close");
    CHECK(client.hear_rest() == "one two");
}

TEST_CASE("of an answer to HEAD there is the head alone") {
    running_server server(echo);
    auto client = server.connect();
    client.say("HEAD /a HTTP/1.1\r\nHost: test\r\n\r\n" + get("/b"));
    CHECK(client.hear_head().field("Content-Length") == "3");
    CHECK(client.hear().body == "/b ");
}

TEST_CASE("interim answers go to clients that know them") {
    running_server server([](exchange& with) -> io_awaitable<void> {
        co_await with.interim(102);
        co_await echo(with);
    });
    auto client = server.connect();
    client.say(get("/"));
    CHECK(client.hear_head().status == 102);
    CHECK(client.hear().status == 200);
    CHECK(client.ask("GET / HTTP/1.0\r\n\r\n").status == 200);
}

TEST_CASE("a client that asks before it sends a body is told to go on") {
    running_server server(echo);
    auto client = server.connect();
    client.say("POST /x HTTP/1.1\r\nHost: test\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n");
    CHECK(client.hear_head().status == 100);
    client.say("hi");
    CHECK(client.hear().body == "/x hi");
}

TEST_CASE("a request beyond a bound is refused in the service's words, and the connection closed") {
    bounds allowed;
    allowed.body_bytes = 10;
    running_server server(echo, allowed);
    auto client = server.connect();
    const auto answer = client.ask(post("/", "more than ten bytes"));
    CHECK(answer.status == 413);
    CHECK(answer.body == "refused");
    CHECK(answer.field("Connection") == "close");
    CHECK(client.ended());
}

TEST_CASE("an answer that its service does not finish is cut") {
    running_server server([](exchange& with) -> io_awaitable<void> {
        answer_head head;
        head.length = 100;
        with.head(head);
        co_await with.write("half");
    });
    auto client = server.connect();
    client.say(get("/"));
    CHECK(client.hear_head().field("Content-Length") == "100");
    CHECK(client.hear_rest() == "half");
}

TEST_CASE("a service that throws answers 500") {
    running_server server([](exchange&) -> io_awaitable<void> {
        throw std::runtime_error("broken");
        co_return;
    });
    auto client = server.connect();
    CHECK(client.ask(get("/")).status == 500);
    CHECK(client.ended());
}

TEST_CASE("that a client leaves is noticed while its answer is awaited, also behind what it sent ahead") {
    std::string more;
    SUBCASE("alone") {}
    SUBCASE("behind another request") {
        more = get("/next");
    }
    std::promise<void> left;
    running_server server(waits_for_departure([&left] { left.set_value(); }));
    auto client = server.connect();
    client.say(get("/") + more);
    SUBCASE("orderly") {}
    SUBCASE("with a reset") {
        client.reset();
    }
    { const loopback_client gone = std::move(client); }
    left.get_future().wait();
}

TEST_CASE("a service goes no faster than its client reads") {
    bounds allowed;
    allowed.unsent_bytes = 1;
    std::promise<void> departed;
    running_server server(
        [&departed](exchange& with) -> io_awaitable<void> {
            const answer_head head;
            with.head(head);
            const std::string piece(1U << 20U, 'x');
            // Without a bound the loop would have no end.
            for (;;) {
                const bool taken = co_await with.write(piece);
                if (!taken) break;
            }
            departed.set_value();
        },
        allowed);
    auto client = server.connect();
    client.say(get("/"));
    for (int i = 0; i < 3; ++i) client.hear_chunk();
    client.reset();
    departed.get_future().wait();
}

TEST_CASE("idle connections and requests that do not come are closed at their time") {
    bounds allowed;
    allowed.idle_time = 20ms;
    allowed.head_time = 20ms;
    running_server server(echo, allowed);
    auto idle = server.connect();
    auto slow = server.connect();
    slow.say("GET / HT");
    auto kept = server.connect();
    kept.ask(get("/"));
    CHECK(idle.ended());
    CHECK(slow.ended());
    CHECK(kept.ended());
}

TEST_CASE("draining ends idle connections, finishes what runs, and takes nothing new") {
    std::promise<exchange*> begun;
    io_timer* waiting = nullptr;
    running_server server([&](exchange& with) -> io_awaitable<void> {
        const auto executor = co_await boost::asio::this_coro::executor;
        io_timer timer(executor, time_point::max());
        waiting = &timer;
        begun.set_value(&with);
        co_await timer.async_wait(with_error);
        co_await echo(with);
    });
    auto idle = server.connect();
    auto busy = server.connect();
    busy.say(get("/busy"));
    begun.get_future().wait();
    std::promise<void> drained;
    (*server).drain(1h, [&drained] { drained.set_value(); });
    CHECK(idle.ended());
    CHECK_THROWS(server.connect());
    boost::asio::post(waiting->get_executor(), [waiting] { waiting->cancel(); });
    const auto answer = busy.hear();
    CHECK(answer.body == "/busy ");
    CHECK(answer.field("Connection") == "close");
    CHECK(busy.ended());
    { const loopback_client gone = std::move(busy); }
    drained.get_future().wait();
    server.await_end();
}

TEST_CASE("what has not ended by the limit of a drain is closed") {
    std::promise<void> begun;
    std::promise<void> left;
    running_server server([&](exchange& with) -> io_awaitable<void> {
        begun.set_value();
        const behaviour wait = waits_for_departure([&left] { left.set_value(); });
        co_await wait(with);
    });
    auto busy = server.connect();
    busy.say(get("/"));
    begun.get_future().wait();
    std::promise<void> drained;
    (*server).drain(0s, [&drained] { drained.set_value(); });
    left.get_future().wait();
    drained.get_future().wait();
    CHECK(busy.ended());
}
