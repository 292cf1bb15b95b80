#include <doctest/doctest.h>

#include <atomic>
#include <boost/asio/this_coro.hpp>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "gateway/gateway.hpp"
#include "gateway/tenant.hpp"
#include "http/clock.hpp"
#include "net/running_gateway.hpp"

using namespace stagger;
using namespace stagger::test;
using namespace std::chrono_literals;

namespace {

using http_server::answer_head;
using http_server::exchange;

std::string call(const std::string& body, const std::string& lines = "") {
    return "POST /v1/chat/completions?x=1 HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer theirs\r\n" +
           lines + "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
}
const std::string one_shot = R"({"model":"m"})";
const std::string streamed = R"({"model":"m","stream":true})";

/// Keeps what it is told, on the gateway's executor.
struct call_notes final : gateway::call_observer {
    void ended(const gateway::call_record& one) noexcept override { all.push_back(one); }
    std::vector<gateway::call_record> all;
};

/// Answers with what it was asked: line, fields and body.
io_awaitable<void> mirror(exchange& with) {
    std::string seen = with.asked().method + " " + with.asked().target + "\n";
    for (const auto& one : with.asked().fields) seen += one.name + ": " + one.value + "\n";
    seen += "\n" + with.asked().body;
    answer_head head;
    head.lines = "Content-Type: text/plain\r\nX-Own: a, b\r\nSet-Cookie: no\r\n";
    co_await with.whole(head, seen);
}

io_awaitable<void> wait_for_departure(exchange& with, std::function<void()> told) {
    const auto executor = co_await boost::asio::this_coro::executor;
    io_timer forever(executor, time_point::max());
    const std::function<void()> wake = [&forever] { forever.cancel(); };
    with.on_departure(wake);
    co_await forever.async_wait(with_error);
    told();
}

/// Nobody is admitted before the test's end, once one was.
gateway::gateway_options closed_after_one() {
    gateway::gateway_options chosen;
    chosen.limits.max_in_flight(1);
    return chosen;
}

}  // namespace

TEST_CASE("gateway: a call goes upstream byte for byte, and its answer comes back so") {
    running_gateway gate(mirror);
    const std::string body = "{\"model\":\"m\", \"x\": \"\\u4e2d\xe4\xb8\xad\r\n\"}\r\n \n";
    const auto answer = gate.connect().ask(call(body, "X-Mine: 1\r\nCookie: no\r\n"));
    CHECK(answer.status == 200);
    CHECK(answer.body.starts_with("POST /base/chat/completions?x=1\n"));
    CHECK(answer.body.find("\nAuthorization: Bearer theirs\n") != std::string::npos);
    CHECK(answer.body.find("\nX-Mine: 1\n") != std::string::npos);
    CHECK(answer.body.find("Cookie") == std::string::npos);
    CHECK(answer.body.ends_with("\n\n" + body));
    CHECK(answer.field("X-Own") == "a, b");
    CHECK(answer.field("Set-Cookie").empty());
    CHECK(answer.field("x-stagger-attempts") == "1");
    CHECK_FALSE(answer.field("x-stagger-queue-ms").empty());
}

TEST_CASE("gateway: a key of its own takes the client's place") {
    gateway::gateway_options chosen;
    chosen.upstream.api_key("ours");
    running_gateway gate(mirror, chosen);
    const auto answer = gate.connect().ask(call(one_shot));
    CHECK(answer.body.find("Bearer ours") != std::string::npos);
    CHECK(answer.body.find("theirs") == std::string::npos);
}

TEST_CASE("gateway: GET passes without the line, other paths and foreign hosts do not") {
    running_gateway gate(mirror);
    auto client = gate.connect();
    const auto models = client.ask("GET /v1/models HTTP/1.1\r\nHost: localhost\r\n\r\n");
    CHECK(models.status == 200);
    CHECK(models.body.starts_with("GET /base/models\n"));
    CHECK(models.body.find("Content-Length") == std::string::npos);
    CHECK(client.ask("GET / HTTP/1.1\r\nHost: localhost\r\n\r\n").status == 404);
    CHECK(client.ask("GET /v1/models HTTP/1.1\r\nHost: evil.example\r\n\r\n").status == 403);
    CHECK(client.ask("GET /v1/models HTTP/1.1\r\nHost: localhost\r\nOrigin: https://evil.example\r\n\r\n")
              .status == 403);
    CHECK(client.ask("PUT /v1/models HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n").status ==
          405);
}

TEST_CASE("gateway: a length that upstream has told is told, and what comes short of it is cut") {
    running_gateway gate([](exchange& with) -> io_awaitable<void> {
        answer_head head;
        head.length = 10;
        with.head(head);
        co_await with.write("12345");
        if (with.asked().target.ends_with("whole")) co_await with.finish("67890");
    });
    auto client = gate.connect();
    const auto whole = client.ask("GET /v1/files/whole HTTP/1.1\r\nHost: localhost\r\n\r\n");
    CHECK(whole.field("Content-Length") == "10");
    CHECK(whole.body == "1234567890");
    client.say("GET /v1/files/cut HTTP/1.1\r\nHost: localhost\r\n\r\n");
    CHECK(client.hear_head().field("Content-Length") == "10");
    CHECK(client.hear_rest() == "12345");
}

TEST_CASE("gateway: errors of upstream pass, refusals are sent again") {
    std::atomic<unsigned> asked = 0;
    running_gateway gate([&asked](exchange& with) -> io_awaitable<void> {
        answer_head head;
        head.status = ++asked == 1 ? 429 : asked == 2 ? 503 : 400;
        head.lines = "Content-Type: application/json\r\n";
        co_await with.whole(head, R"({"error":{"message":"no"}})");
    });
    const auto answer = gate.connect().ask(call(one_shot));
    CHECK(answer.status == 400);
    CHECK(answer.body == R"({"error":{"message":"no"}})");
    CHECK(answer.field("x-stagger-attempts") == "3");
    CHECK(asked == 3);
}

TEST_CASE("gateway: an upstream that cannot be reached is a 502 after a few tries") {
    running_gateway gate([](exchange& with) -> io_awaitable<void> {
        with.close();
        co_return;
    });
    const auto answer = gate.connect().ask(call(one_shot));
    CHECK(answer.status == 502);
    CHECK(answer.field("x-stagger-attempts") == "3");
}

TEST_CASE("gateway: a stream passes piece by piece as it comes") {
    io_timer* next = nullptr;
    std::promise<void> begun;
    running_gateway gate([&](exchange& with) -> io_awaitable<void> {
        const auto executor = co_await boost::asio::this_coro::executor;
        io_timer timer(executor, time_point::max());
        next = &timer;
        answer_head head;
        head.lines = "Content-Type: text/event-stream\r\n";
        with.head(head);
        co_await with.write("data: 1\n\n");
        begun.set_value();
        co_await timer.async_wait(with_error);
        co_await with.finish("data: [DONE]\n\n");
    });
    auto client = gate.connect();
    client.say(call(streamed));
    CHECK(client.hear_head().status == 200);
    CHECK(client.hear_chunk() == "data: 1\n\n");
    begun.get_future().wait();
    gate.ask([&](auto&) { return next->cancel(); });
    CHECK(client.hear_chunk() == "data: [DONE]\n\n");
    CHECK(client.hear_chunk() == "");
}

TEST_CASE("gateway: a stream that breaks upstream is cut for the client as well") {
    running_gateway gate([](exchange& with) -> io_awaitable<void> {
        answer_head head;
        head.lines = "Content-Type: text/event-stream\r\n";
        with.head(head);
        co_await with.write("data: 1\n\n");
    });
    auto client = gate.connect();
    client.say(call(streamed));
    client.hear_head();
    CHECK(client.hear_chunk() == "data: 1\n\n");
    CHECK(client.ended());
}

TEST_CASE("gateway: upstream is told at once that a client has left in flight") {
    std::promise<void> begun;
    std::promise<void> left;
    bool streams = false;
    SUBCASE("before its answer") {}
    SUBCASE("inside its stream") {
        streams = true;
    }
    running_gateway gate([&](exchange& with) -> io_awaitable<void> {
        answer_head head;
        head.lines = "Content-Type: text/event-stream\r\n";
        if (streams) {
            with.head(head);
            co_await with.write("data: 1\n\n");
        }
        begun.set_value();
        const std::function<void()> told = [&left] { left.set_value(); };
        co_await wait_for_departure(with, told);
    });
    {
        auto client = gate.connect();
        client.say(call(streamed));
        begun.get_future().wait();
        if (streams) client.hear_head();
    }
    left.get_future().wait();
    CHECK(gate.reaches([](const gateway::gateway& one) {
        return one.counts().departed == 1 && one.gate().status().in_flight == 0;
    }));
}

TEST_CASE("gateway: who leaves while waiting loses no permit, and is never sent upstream") {
    std::atomic<unsigned> asked = 0;
    running_gateway gate(
        [&asked](exchange& with) -> io_awaitable<void> {
            ++asked;
            co_await wait_for_departure(with, [] {});
        },
        closed_after_one());
    auto first = gate.connect();
    first.say(call(one_shot));
    REQUIRE(gate.reaches([&](const auto&) { return asked == 1; }));
    std::vector<loopback_client> others;
    for (int i = 0; i < 20; ++i) others.push_back(gate.connect());
    for (auto& one : others) one.say(call(one_shot));
    REQUIRE(gate.reaches([](const auto& one) { return one.waiting() + one.gate().status().waiting == 20; }));
    others.clear();
    CHECK(gate.reaches([](const auto& one) {
        return one.waiting() == 0 && one.gate().status().waiting == 0 && one.counts().departed == 20;
    }));
    CHECK(asked == 1);
}

TEST_CASE("gateway: a stream that waits is told so, and its answer follows in the same body") {
    io_timer* busy = nullptr;
    std::atomic<unsigned> asked = 0;
    auto chosen = closed_after_one();
    chosen.calls.first_comment = 10ms;
    chosen.calls.between_signs = 10ms;
    unsigned status = 200;
    SUBCASE("success") {}
    SUBCASE("an error") {
        status = 400;
    }
    running_gateway gate(
        [&](exchange& with) -> io_awaitable<void> {
            answer_head head;
            if (++asked == 1) {
                const auto executor = co_await boost::asio::this_coro::executor;
                io_timer timer(executor, time_point::max());
                busy = &timer;
                co_await timer.async_wait(with_error);
                busy = nullptr;
                co_await with.whole(head, "{}");
            } else if (status == 200) {
                head.lines = "Content-Type: text/event-stream\r\n";
                with.head(head);
                co_await with.finish("data: answer\n\n");
            } else {
                head.status = status;
                co_await with.whole(head, R"({"error":{"message":"no"}})");
            }
        },
        chosen);
    auto first = gate.connect();
    first.say(call(one_shot));
    REQUIRE(gate.reaches([&](const auto&) { return busy != nullptr; }));
    auto second = gate.connect();
    second.say(call(streamed));
    const auto head = second.hear_head();
    CHECK(head.status == 200);
    CHECK(head.field("Content-Type") == "text/event-stream");
    for (int i = 0; i < 3; ++i) {
        const std::string comment = second.hear_chunk();
        CHECK(comment.starts_with(": "));
        CHECK(comment.ends_with("\n"));
        CHECK(comment.find("\n\n") == std::string::npos);
    }
    gate.ask([&](auto&) { return busy->cancel(); });
    std::string rest;
    for (std::string piece = second.hear_chunk(); !piece.empty(); piece = second.hear_chunk()) {
        if (!piece.starts_with(": ")) rest += piece;
    }
    CHECK(rest == (status == 200 ? "data: answer\n\n" : "data: {\"error\":{\"message\":\"no\"}}\n\n"));
}

TEST_CASE("gateway: interim answers go to one-shots whose client knows them") {
    io_timer* busy = nullptr;
    auto chosen = closed_after_one();
    chosen.calls.between_signs = 10ms;
    running_gateway gate(
        [&](exchange& with) -> io_awaitable<void> {
            if (!busy) {
                const auto executor = co_await boost::asio::this_coro::executor;
                io_timer timer(executor, time_point::max());
                busy = &timer;
                co_await timer.async_wait(with_error);
            }
            co_await mirror(with);
        },
        chosen);
    auto first = gate.connect();
    first.say(call(one_shot));
    REQUIRE(gate.reaches([&](const auto&) { return busy != nullptr; }));
    auto second = gate.connect();
    second.say(call(one_shot, "x-stainless-lang: js\r\nx-stainless-runtime: node\r\n"));
    for (int i = 0; i < 3; ++i) CHECK(second.hear_head().status == 102);
    gate.ask([&](auto&) { return busy->cancel(); });
    auto answer = second.hear();
    while (answer.status == 102) answer = second.hear();
    CHECK(answer.status == 200);
}

TEST_CASE("gateway: a client whose time ends while it waits is told to come again") {
    running_gateway gate(
        [](exchange& with) -> io_awaitable<void> { co_await wait_for_departure(with, [] {}); },
        closed_after_one());
    auto first = gate.connect();
    first.say(call(one_shot));
    REQUIRE(gate.reaches([](const auto& one) { return one.gate().status().in_flight == 1; }));
    const auto answer = gate.connect().ask(call(one_shot, "x-stagger-timeout: 0.05\r\n"));
    CHECK(answer.status == 429);
    CHECK(answer.field("Retry-After") == "1");
}

TEST_CASE("gateway: draining turns away who waits, and lets who was sent end") {
    io_timer* busy = nullptr;
    running_gateway gate(
        [&](exchange& with) -> io_awaitable<void> {
            const auto executor = co_await boost::asio::this_coro::executor;
            io_timer timer(executor, time_point::max());
            busy = &timer;
            co_await timer.async_wait(with_error);
            co_await mirror(with);
        },
        closed_after_one());
    auto first = gate.connect();
    first.say(call(one_shot));
    REQUIRE(gate.reaches([&](const auto&) { return busy != nullptr; }));
    auto second = gate.connect();
    second.say(call(one_shot));
    REQUIRE(gate.reaches([](const auto& one) { return one.gate().status().waiting == 1; }));
    gate.ask([](auto& one) { return one.drain(), 0; });
    const auto away = second.hear();
    CHECK(away.status == 503);
    CHECK(away.field("Retry-After") == "1");
    CHECK(gate.connect().ask(call(one_shot)).status == 503);
    gate.ask([&](auto&) { return busy->cancel(); });
    CHECK(first.hear().status == 200);
}

TEST_CASE("gateway: what a call was is told when it has ended") {
    std::atomic<unsigned> asked = 0;
    call_notes told;
    running_gateway gate([&asked](exchange& with) -> io_awaitable<void> {
        answer_head head;
        if (++asked == 1) {
            head.status = 429;
            co_await with.whole(head, R"({"error":{"message":"no"}})");
            co_return;
        }
        head.lines = "Content-Type: text/event-stream\r\n";
        with.head(head);
        co_await with.write("data: {\"usage\":{\"prompt_tok");
        co_await with.finish("ens\":12,\"completion_tokens\":5}}\n\ndata: [DONE]\n\n");
    });
    gate.ask([&](gateway::gateway& one) { return one.observe(told), 0; });
    auto client = gate.connect();
    CHECK(client.ask(call(streamed, "x-stagger-tenant: abc\r\nx-stagger-priority: interactive\r\n")).status ==
          200);
    CHECK(client.ask("GET /nowhere HTTP/1.1\r\nHost: localhost\r\n\r\n").status == 404);
    REQUIRE(gate.reaches([&](const auto&) { return told.all.size() == 2; }));
    const auto& first = told.all[0];
    CHECK(first.in == stagger::priority::interactive);
    CHECK(first.tenant == gateway::tenant_number("abc"));
    CHECK(first.model == "m");
    CHECK(first.status == 200);
    CHECK(first.attempts == 2);
    CHECK(first.waited > 0s);
    CHECK(first.served > 0s);
    CHECK(first.tokens == token_usage{12, 5});
    CHECK(first.outcome == gateway::call_outcome::answered);
    CHECK(told.all[1].in == std::nullopt);
    CHECK(told.all[1].status == 404);
    CHECK(told.all[1].served == 0s);
    CHECK(told.all[1].outcome == gateway::call_outcome::turned_away);
}

TEST_CASE("gateway: who waits is told with what for, and who left with what it has waited") {
    call_notes told;
    running_gateway gate(
        [](exchange& with) -> io_awaitable<void> { co_await wait_for_departure(with, [] {}); },
        closed_after_one());
    gate.ask([&](gateway::gateway& one) { return one.observe(told), 0; });
    auto first = gate.connect();
    first.say(call(one_shot));
    REQUIRE(gate.reaches([](const auto& one) { return one.gate().status().in_flight == 1; }));
    {
        std::vector<loopback_client> others;
        for (int i = 0; i < 5; ++i) others.push_back(gate.connect());
        for (auto& one : others) one.say(call(one_shot, "x-stagger-priority: batch\r\n"));
        const auto crowd_of = [](const gateway::gateway& one) { return one.crowd(4, steady_now()); };
        REQUIRE(gate.reaches([&](const auto& one) { return crowd_of(one).waiting[2] == 5; }));
        const auto crowd = gate.ask(crowd_of);
        CHECK(crowd.waiting == std::array<std::size_t, 3>{0, 0, 5});
        REQUIRE(crowd.tenants.size() == 1);
        CHECK(crowd.tenants.begin()->first == gateway::tenant_number("Bearer theirs"));
        CHECK(crowd.tenants.begin()->second.waiting == 5);
        REQUIRE(crowd.first.size() == 4);
        CHECK(crowd.first[0].why == wait_reason::in_flight);
        CHECK(crowd.first[0].model == "m");
        CHECK(crowd.first[3].why == std::nullopt);
        CHECK(crowd.first[3].ahead == 3);
        CHECK(crowd.first[0].id < crowd.first[3].id);
    }
    REQUIRE(gate.reaches([&](const auto&) { return told.all.size() == 5; }));
    for (const auto& one : told.all) {
        CHECK(one.outcome == gateway::call_outcome::departed);
        CHECK(one.status == 0);
        CHECK(one.attempts == 0);
        CHECK(one.waited > 0s);
    }
}

namespace {

gateway::client_directory::listed_tenant listed(const std::string& name, const std::string& key) {
    gateway::client_directory::listed_tenant made;
    made.terms.name = name;
    if (!key.empty()) made.keys = {stagger::sha256_of(key)};
    return made;
}

gateway::gateway_options with_clients(const std::vector<gateway::client_directory::listed_tenant>& all) {
    gateway::gateway_options chosen;
    chosen.clients = std::make_shared<const gateway::client_directory>(all);
    return chosen;
}

std::string call_to(const std::string& path, const std::string& lines) {
    return "POST " + path + " HTTP/1.1\r\nHost: localhost\r\n" + lines +
           "Content-Length: " + std::to_string(one_shot.size()) + "\r\n\r\n" + one_shot;
}

}  // namespace

TEST_CASE("gateway: where keys are listed a call needs one of them, and is refused in its API's own words") {
    call_notes told;
    running_gateway gate(mirror, with_clients({listed("search", "theirs"), listed("nightly", "other")}));
    gate.ask([&](gateway::gateway& one) { return one.observe(told), 0; });
    auto client = gate.connect();
    const auto wrong = client.ask(call_to("/v1/chat/completions", "Authorization: Bearer wrong\r\n"));
    CHECK(wrong.status == 401);
    CHECK(wrong.field("WWW-Authenticate") == "Bearer");
    CHECK(wrong.body.find("\"code\":\"invalid_api_key\"") != std::string::npos);
    CHECK(wrong.body.find("wrong") == std::string::npos);
    const auto none = client.ask(call_to("/v1/messages", ""));
    CHECK(none.status == 401);
    CHECK(none.body.find("\"type\":\"authentication_error\"") != std::string::npos);
    CHECK(client.ask("GET /v1/models HTTP/1.1\r\nHost: localhost\r\n\r\n").status == 401);
    // Its tenant is its key's, whatever it says, and the key goes no further.
    const auto first = client.ask(call(one_shot, "x-stagger-tenant: nightly\r\n"));
    CHECK(first.status == 200);
    CHECK(first.body.find("theirs") == std::string::npos);
    CHECK(client.ask(call_to("/v1/messages", "x-api-key: other\r\n")).status == 200);
    REQUIRE(gate.reaches([&](const auto&) { return told.all.size() == 5; }));
    CHECK(told.all[3].tenant_name == "search");
    CHECK(told.all[4].tenant_name == "nightly");
}

TEST_CASE("gateway: a tenant's calls go so many at a time, and others pass them") {
    auto few = listed("few", "");
    few.terms.most_going = 1;
    few.terms.highest = stagger::priority::normal;
    running_gateway gate(
        [](exchange& with) -> io_awaitable<void> { co_await wait_for_departure(with, [] {}); },
        with_clients({few}));
    std::deque<loopback_client> all;
    for (int i = 0; i < 5; ++i) all.push_back(gate.connect());
    const auto number = gateway::tenant_number("few");
    const std::string theirs = call(one_shot, "x-stagger-tenant: few\r\nx-stagger-priority: interactive\r\n");
    all[0].say(theirs);
    REQUIRE(gate.reaches([](const auto& one) { return one.gate().status().in_flight == 1; }));
    all[1].say(theirs);
    all[2].say(theirs);
    REQUIRE(gate.reaches([&](const auto& one) {
        return one.gate().status().in_flight == 1 && one.waiting(stagger::priority::normal) == 2;
    }));
    CHECK(gate.ask([&](gateway::gateway& one) { return one.going_of(number); }) == 1);
    all[3].say(call(one_shot));
    all[4].say(call(one_shot, "x-stagger-priority: batch\r\n"));
    REQUIRE(gate.reaches([&](const auto& one) { return one.gate().status().in_flight == 3; }));
    CHECK(gate.ask([&](gateway::gateway& one) { return one.waiting(); }) == 2);
    all.pop_front();
    REQUIRE(gate.reaches([&](const auto& one) {
        return one.gate().status().in_flight == 3 && one.waiting() == 1 && one.going_of(number) == 1;
    }));
}

TEST_CASE("gateway: a tenant with as many in line as it may have is told at once, others are not") {
    auto few = listed("few", "");
    few.terms.most_going = 1;
    few.terms.most_waiting = 1;
    running_gateway gate(
        [](exchange& with) -> io_awaitable<void> { co_await wait_for_departure(with, [] {}); },
        with_clients({few}));
    auto first = gate.connect();
    auto second = gate.connect();
    const std::string asked = call(one_shot, "x-stagger-tenant: few\r\n");
    first.say(asked);
    second.say(asked);
    REQUIRE(gate.reaches([](const auto& one) { return one.waiting() == 1; }));
    const auto refused = gate.connect().ask(asked);
    CHECK(refused.status == 429);
    CHECK_FALSE(refused.field("Retry-After").empty());
    auto other = gate.connect();
    other.say(call(one_shot));
    CHECK(gate.reaches([](const auto& one) { return one.gate().status().in_flight == 2; }));
}

TEST_CASE("gateway: a tenant whose budget of the day is used up is told so for good, until the day is over") {
    std::atomic<std::int64_t> today{1};
    gateway::gateway_options chosen;
    gateway::tenant_terms terms;
    terms.name = "one";
    terms.a_day.requests = 2;
    const std::vector<gateway::client_directory::listed_tenant> listed{{terms, {}}};
    chosen.clients = std::make_shared<const gateway::client_directory>(listed);
    chosen.today = [&] { return today.load(); };
    running_gateway gate(mirror, chosen);
    const auto ask = [&](const std::string& tenant) {
        return gate.connect().ask(call(one_shot, "x-stagger-tenant: " + tenant + "\r\n"));
    };
    CHECK(ask("one").status == 200);
    CHECK(ask("one").status == 200);
    const auto refused = ask("one");
    CHECK(refused.status == 429);
    CHECK(refused.body.find("\"code\":\"insufficient_quota\"") != std::string::npos);
    CHECK(refused.field("x-should-retry") == "false");
    CHECK(ask("other").status == 200);
    today = 2;
    CHECK(ask("one").status == 200);
}

TEST_CASE("gateway: a budget in tokens and money is charged what upstream has counted") {
    gateway::gateway_options chosen;
    gateway::tenant_terms others;
    others.a_day.tokens = 100'000;
    others.a_day.money = 100;
    const std::vector<gateway::client_directory::listed_tenant> nobody;
    chosen.clients = std::make_shared<const gateway::client_directory>(nobody, others);
    chosen.today = [] { return 1; };
    chosen.price = [](std::string_view model, const token_usage& used) -> std::optional<double> {
        if (model != "m") return std::nullopt;
        return static_cast<double>(used.completion_tokens.value_or(0)) * .5;
    };
    running_gateway gate(
        [](exchange& with) -> io_awaitable<void> {
            const answer_head head;
            const std::string body = R"({"usage":{"prompt_tokens":30,"completion_tokens":12}})";
            co_await with.whole(head, body);
        },
        chosen);
    CHECK(gate.connect().ask(call(one_shot)).status == 429);  // 256 tokens at first: 128 of money
    const auto unpriced = gate.connect().ask(call(R"({"model":"another","max_tokens":20})"));
    CHECK(unpriced.status == 403);  // no way around the budget
    CHECK(unpriced.body.find("no price is known of the model \\\"another\\\"") != std::string::npos);
    CHECK(gate.connect().ask(call(R"({"model":"m","max_tokens":20})")).status == 200);
    const auto tenant = gateway::tenant_number("Bearer theirs");
    CHECK(gate.reaches([&](const gateway::gateway& one) {
        return one.books().used().at(tenant) == gateway::day_use{1, 42, 6};
    }));
}

TEST_CASE("gateway: a stream that its client leaves costs what it was estimated at") {
    gateway::gateway_options chosen;
    gateway::tenant_terms others;
    others.a_day.tokens = 100'000;
    const std::vector<gateway::client_directory::listed_tenant> nobody;
    chosen.clients = std::make_shared<const gateway::client_directory>(nobody, others);
    chosen.today = [] { return 1; };
    io_timer* next = nullptr;
    // As an API that counts as it goes begins: one token out of thousands.
    const std::string begun =
        "data: "
        "{\"type\":\"message_start\",\"message\":{\"usage\":{\"input_tokens\":25,\"output_tokens\":1}}}\n\n";
    running_gateway gate(
        [&](exchange& with) -> io_awaitable<void> {
            const auto executor = co_await boost::asio::this_coro::executor;
            io_timer timer(executor, time_point::max());
            next = &timer;
            answer_head head;
            head.lines = "Content-Type: text/event-stream\r\n";
            with.head(head);
            co_await with.write(begun);
            co_await timer.async_wait(with_error);
        },
        chosen);
    {
        auto client = gate.connect();
        client.say(call(R"({"model":"m","stream":true,"max_tokens":4000})"));
        CHECK(client.hear_head().status == 200);
        CHECK(client.hear_chunk() == begun);
    }
    const auto tenant = gateway::tenant_number("Bearer theirs");
    CHECK(gate.reaches([](const gateway::gateway& one) { return one.counts().departed == 1; }));
    const gateway::day_use used = gate.ask([&](const auto& one) { return one.books().used().at(tenant); });
    CHECK(used.requests == 1);
    CHECK(used.tokens > 256);  // what an answer is taken for at first, where 26 were told
    gate.ask([&](auto&) { return next->cancel(); });
}

TEST_CASE("gateway: clients and its key are replaced while it runs") {
    running_gateway gate(mirror, with_clients({listed("search", "theirs")}));
    auto client = gate.connect();
    const auto before = client.ask(call(one_shot));
    CHECK(before.status == 200);
    CHECK(before.body.find("Authorization") == std::string::npos);
    const auto others =
        std::make_shared<const gateway::client_directory>(std::vector{listed("search", "another")});
    gate.ask([&](gateway::gateway& one) { return one.replace(others, "ours"), 0; });
    CHECK(client.ask(call(one_shot)).status == 401);
    const auto after = client.ask(call_to("/v1/chat/completions", "api-key: another\r\n"));
    CHECK(after.body.find("Bearer ours") != std::string::npos);
}

TEST_CASE("gateway: tenants that are charged by tokens go by what their answers have cost") {
    gateway::gateway_options chosen;
    chosen.limits.max_in_flight(1);
    chosen.clients = std::make_shared<const gateway::client_directory>(
        std::vector<gateway::client_directory::listed_tenant>{}, gateway::tenant_terms(),
        fairness::usual_class_weights, gateway::charging::tokens);
    call_notes told;
    bool open = false;         // both on the gateway's executor
    io_timer* held = nullptr;  // what the first call waits for upstream
    running_gateway gate(
        [&](exchange& with) -> io_awaitable<void> {
            const auto executor = co_await boost::asio::this_coro::executor;
            io_timer until_open(executor, open ? time_point() : time_point::max());
            held = open ? nullptr : &until_open;
            co_await until_open.async_wait(with_error);
            const bool dear = http_server::value_of(with.asked(), "x-mine") == "dear";
            const std::string tokens = dear ? "3000" : "10";
            answer_head head;
            const std::string body = R"({"usage":{"prompt_tokens":10,"completion_tokens":)" + tokens + "}}";
            co_await with.whole(head, body);
        },
        chosen);
    gate.ask([&](gateway::gateway& one) { return one.observe(told), 0; });
    std::vector<loopback_client> all;
    const auto say = [&](const std::string& tenant) {
        all.push_back(gate.connect());
        all.back().say(call(one_shot, "x-stagger-tenant: " + tenant + "\r\nx-mine: " + tenant + "\r\n"));
        const auto count = all.size();
        REQUIRE(gate.reaches(
            [&](const auto& one) { return one.crowd(0, steady_now()).waiting[1] + 1 == count; }));
    };
    for (int i = 0; i < 6; ++i) say("dear");
    for (int i = 0; i < 4; ++i) say("cheap");
    gate.ask([&](gateway::gateway&) {
        open = true;
        if (held) held->cancel();
        return 0;
    });
    for (auto& one : all) CHECK(one.hear().status == 200);
    REQUIRE(gate.reaches([&](const auto&) { return told.all.size() == 10; }));
    // The first few of the one were called before the other came; once they are paid for, it is the other's
    // turn.
    const auto cheap = gateway::tenant_number("cheap");
    std::size_t last_cheap = 0;
    for (std::size_t i = 0; i < told.all.size(); ++i) {
        if (told.all[i].tenant == cheap) last_cheap = i;
    }
    CHECK(last_cheap < 9);
    CHECK(told.all[9].tenant == gateway::tenant_number("dear"));
    CHECK(told.all[8].tenant == gateway::tenant_number("dear"));
}

TEST_CASE("gateway: two hundred calls at once at 20 a second: none of them sees a refusal") {
    running_gateway gate(R"([{"kind": "token_bucket", "rate_per_s": 20, "burst": 5}])");
    std::vector<loopback_client> clients;
    for (int i = 0; i < 200; ++i) clients.push_back(gate.connect());
    const std::string body = R"({"model":"m","messages":[{"role":"user","content":"hello"}]})";
    for (auto& one : clients) one.say(call(body));
    for (auto& one : clients) CHECK(one.hear().status == 200);
    CHECK(gate.throttled().stats().all.accepted == 200);
    CHECK(gate.reaches([](const auto& one) { return one.counts().answered == 200; }));
}
