#include <doctest/doctest.h>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/read.hpp>
#include <boost/asio/read_until.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/write.hpp>
#include <memory>
#include <string>
#include <vector>

#include "load/load_run.hpp"
#include "support/completing.hpp"
#include "support/scripted_peer.hpp"

namespace asio = boost::asio;
using namespace std::chrono_literals;
using namespace stagger::load;
using namespace stagger::test;
using stagger::completion_request;
using stagger::coordinator_options;

namespace {

const auto unhurried = coordinator_options().initial_rate(1e6);
const std::string refusal = answer(429, R"({"error":{"message":"slow down"}})");

load_order closed_loop(unsigned concurrency, std::uint64_t requests) {
    load_order order;
    order.profile.concurrency = concurrency;
    order.profile.requests = requests;
    order.request = [](std::uint64_t number) {
        return completion_request("prompt " + std::to_string(number));
    };
    return order;
}

load_order open_loop(double rate_per_s, std::uint64_t requests) {
    load_order order = closed_loop(1, requests);
    order.profile.kind = load_kind::constant;
    order.profile.rate_per_s = rate_per_s;
    return order;
}

struct finished_run {
    run_results found;
    std::vector<request_record> requests;
};

finished_run run_to_end(asio::io_context& context, const std::shared_ptr<load_run>& run) {
    finished_run result;
    run->on_request([&](const request_record& record) { result.requests.push_back(record); });
    auto end = [&](const std::exception_ptr& failed, run_results found) {
        if (failed) std::rethrow_exception(failed);
        result.found = std::move(found);
        context.stop();
    };
    asio::co_spawn(context, run->run(), std::move(end));
    context.run();
    return result;
}

finished_run run_against(const std::vector<turn>& script, load_order order,
                         const coordinator_options& limits = unhurried, const measuring& how = {}) {
    asio::io_context context;
    scripted_peer peer(context, {script});
    const auto run =
        std::make_shared<load_run>(context.get_executor(), options_for(peer.base_url()).single_threaded(true),
                                   limits, std::move(order), how);
    return run_to_end(context, run);
}

const latency_summary& latency(const run_results& run, std::string_view kind) {
    return run.latency_ms.at(std::string(kind));
}

/// Answers on one connection, but not before it is told that it may.
class stalling_server {
 public:
    explicit stalling_server(asio::io_context& context)
        : acceptor_(context, {asio::ip::address_v4::loopback(), 0}), stall_(context, stagger::never) {
        auto rethrow = [](const std::exception_ptr& failed) {
            if (failed) std::rethrow_exception(failed);
        };
        asio::co_spawn(context, serve(), rethrow);
    }

    std::string base_url() const {
        return "http://127.0.0.1:" + std::to_string(acceptor_.local_endpoint().port()) + "/v1";
    }
    void go_on() { stall_.cancel(); }

 private:
    asio::awaitable<void> serve() {
        constexpr auto token = asio::as_tuple(asio::use_awaitable);
        asio::ip::tcp::socket socket = co_await acceptor_.async_accept(asio::use_awaitable);
        const std::string reply = chat_answer("ok");
        bool stalls = true;
        for (std::string received;;) {
            const auto [ended, head] =
                co_await asio::async_read_until(socket, asio::dynamic_buffer(received), "\r\n\r\n", token);
            if (ended) co_return;
            const auto length = std::stoul(received.substr(received.find("Content-Length: ") + 16));
            const auto missing = head + length - received.size();
            co_await asio::async_read(socket, asio::dynamic_buffer(received), asio::transfer_exactly(missing),
                                      asio::use_awaitable);
            received.clear();
            if (stalls) co_await stall_.async_wait(token);
            stalls = false;
            co_await asio::async_write(socket, asio::buffer(reply), asio::use_awaitable);
        }
    }

    asio::ip::tcp::acceptor acceptor_;
    asio::steady_timer stall_;
};

}  // namespace

TEST_CASE("load run: a closed loop sends as many as asked, never more at once than its concurrency") {
    const auto run = run_against(std::vector<turn>(25, turn{chat_answer("ok")}), closed_loop(3, 25));
    CHECK(run.found.requests == 25);
    CHECK(run.found.succeeded == 25);
    CHECK_FALSE(run.found.interrupted);
    CHECK(run.found.attempts == 25);
    CHECK_FALSE(run.found.schedule);
    REQUIRE(run.requests.size() == 25);
    for (const request_record& each : run.requests) {
        std::size_t together = 0;
        for (const request_record& other : run.requests)
            together += other.sent <= each.sent && each.sent < other.ended;
        CHECK(together <= 3);
        CHECK(each.sent >= each.scheduled);
        CHECK(*each.effort.first_sent >= each.sent);
        CHECK(each.ended >= *each.effort.first_sent);
    }
}

TEST_CASE("load run: a server that stalls shows in every request that was due meanwhile") {
    asio::io_context context;
    stalling_server server(context);
    constexpr std::uint64_t requests = 20;
    load_order order = open_loop(200, requests);
    const auto make = order.request;
    order.request = [&](std::uint64_t number) {
        if (number == requests - 1) server.go_on();  // the last one is due, and all others were before
        return make(number);
    };
    const auto run = std::make_shared<load_run>(
        context.get_executor(), options_for(server.base_url()).single_threaded(true),
        coordinator_options(unhurried).max_in_flight(1), std::move(order), measuring());
    const auto [found, records] = run_to_end(context, run);
    REQUIRE(found.succeeded == requests);
    // By the schedule: request k was due 5 ms * (19 - k) before the stall could end. Each waited so long at
    // least, although only the first had been sent.
    double sum_ms = 0;
    for (const request_record& each : records) {
        const auto due_before_end = 5ms * (requests - 1 - each.number);
        CHECK(each.total() >= due_before_end);
        sum_ms += std::chrono::duration<double, std::milli>(due_before_end).count();
    }
    CHECK(latency(found, latency_kinds::total).max >= 95);
    CHECK(latency(found, latency_kinds::total).mean >= sum_ms / requests);
    // The naive figure has the stall in one request; the others had not been sent.
    std::size_t naive_sees = 0;
    for (const request_record& each : records) naive_sees += each.from_actual_send() >= each.total() - 1us;
    CHECK(naive_sees <= 2);
    CHECK(found.latency_ms.contains("waiting_in_line"));
    CHECK(latency(found, latency_kinds::waiting_in_line).max > 0);
}

TEST_CASE("load run: an open loop sends on its schedule whether or not anything is answered") {
    const auto run = run_against(std::vector<turn>(30, turn{chat_answer("ok")}), open_loop(1000, 30));
    CHECK(run.found.succeeded == 30);
    REQUIRE(run.found.schedule);
    CHECK(*run.found.schedule->asked_per_s == doctest::Approx(1000).epsilon(0.001));
    CHECK(run.found.schedule->lag_max_ms >= 0);
    for (const request_record& each : run.requests) CHECK(each.sent >= each.scheduled);
}

TEST_CASE("load run: refusals are attempts and rejections of a request that succeeds in the end") {
    const auto run = run_against({{refusal}, {chat_answer("ok")}, {chat_answer("ok")}}, closed_loop(1, 2));
    CHECK(run.found.succeeded == 2);
    CHECK(run.found.attempts == 3);
    CHECK(run.found.rejections == 1);
    CHECK(run.found.wasted_tokens > 0);
    CHECK(run.requests.at(0).attempts == 2);
    CHECK(run.requests.at(0).rejections == 1);
    CHECK(latency(run.found, latency_kinds::service).count == 2);
    CHECK(latency(run.found, latency_kinds::connecting).count == 1);
}

TEST_CASE("load run: failures count, and the closed loop goes on") {
    const std::string wrong = answer(400, R"({"error":{"message":"no"}})");
    const auto run = run_against({{wrong}, {chat_answer("ok")}, {wrong}}, closed_loop(1, 3));
    CHECK(run.found.requests == 3);
    CHECK(run.found.succeeded == 1);
    CHECK(run.found.failures == std::map<std::string, std::uint64_t>{{"bad_request", 2}});
    CHECK(run.requests.at(0).http_status == 400);
}

TEST_CASE("load run: streams give the time of the first token and the times between tokens") {
    load_order order = closed_loop(1, 2);
    order.stream = true;
    const std::string stream = event_stream(chat_documents({"one", " two", " three"}));
    const auto run = run_against({{stream}, {stream}}, std::move(order));
    CHECK(run.found.succeeded == 2);
    CHECK(latency(run.found, latency_kinds::first_token).count == 2);
    CHECK(latency(run.found, latency_kinds::between_tokens).count == 4);
    for (const request_record& each : run.requests) {
        REQUIRE(each.first_token);
        CHECK(*each.first_token >= *each.effort.first_sent);
        CHECK(*each.first_token <= each.ended);
        CHECK(each.completion_tokens > 0);
    }
}

TEST_CASE("load run: what is told of attempts belongs to the right one of many streams") {
    load_order order = closed_loop(4, 24);
    order.stream = true;
    const turn stream{event_stream(chat_documents({"one", " two"}))};
    const auto run = run_against(std::vector<turn>(24, stream), std::move(order));
    REQUIRE(run.requests.size() == 24);
    for (const request_record& each : run.requests) {
        REQUIRE(each.effort.first_sent);
        REQUIRE(each.first_token);
        CHECK(*each.effort.first_sent >= each.sent);
        CHECK(*each.effort.first_sent <= *each.first_token);
    }
}

TEST_CASE("load run: a stream that breaks is a failure whose first token counts") {
    load_order order = closed_loop(1, 1);
    order.stream = true;
    std::string stream = event_stream(chat_documents({"one", " two"}));
    stream.resize(stream.size() - 60);
    const auto run = run_against({{stream, turn::close}}, std::move(order));
    CHECK(run.found.failed == 1);
    CHECK(latency(run.found, latency_kinds::first_token).count == 1);
}

TEST_CASE("load run: stopped, it gives up what has not ended and records nothing of it") {
    asio::io_context context;
    scripted_peer peer(context, {{{chat_answer("ok")}, {"", turn::fall_silent}}});
    const auto run =
        std::make_shared<load_run>(context.get_executor(), options_for(peer.base_url()).single_threaded(true),
                                   unhurried, closed_loop(1, 100), measuring());
    finished_run result;
    run->on_request([&](const request_record& record) {
        result.requests.push_back(record);
        asio::post(context, [&run] { run->stop(); });
    });
    auto end = [&](const std::exception_ptr& failed, run_results found) {
        if (failed) std::rethrow_exception(failed);
        result.found = std::move(found);
        context.stop();
    };
    asio::co_spawn(context, run->run(), std::move(end));
    context.run();
    CHECK(result.found.interrupted);
    CHECK(result.found.requests == 1);
    CHECK(result.found.failed == 0);
    CHECK(result.found.attempts == 1);
    CHECK(result.found.attempts_per_success == 1);
    CHECK(result.found.wasted_tokens == 0);
    CHECK(run->counts().sent == 2);
}

TEST_CASE("load run: a load of nothing ends at once") {
    load_order order = open_loop(0.001, 5);
    order.profile.kind = load_kind::poisson;
    order.profile.length = 1ms;
    const auto run = run_against({{chat_answer("ok")}}, std::move(order));
    CHECK(run.found.requests == 0);
    CHECK(run.found.elapsed_s == 0);
}
