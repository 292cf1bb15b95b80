#include <doctest/doctest.h>

#include <boost/asio/detached.hpp>
#include <memory>
#include <optional>
#include <stdexcept>
#include <utility>

#include "stagger/batch.hpp"
#include "support/completing.hpp"
#include "support/scripted_peer.hpp"

namespace asio = boost::asio;
using namespace stagger;
using namespace stagger::test;

namespace {

/// A client whose context goes before it does, after one answer.
struct orphan {
    std::optional<asio::io_context> context = std::optional<asio::io_context>(std::in_place);
    scripted_peer peer{*context, {{{chat_answer("one")}, {"", turn::fall_silent}}}};
    client llm{context->get_executor(), options_for(peer.base_url())};

    orphan() { CHECK_FALSE(complete(*context, llm, completion_request("a")).error); }
    void end_context() {
        peer.close();
        context.reset();
    }
};

template <class Call>
void check_refused(Call call) {
    CHECK_THROWS_AS(call(), std::logic_error);
}

void ignore(error_code, const completion&) {}

}  // namespace

TEST_CASE("an idle client outlives its context, and still says what it has done") {
    orphan left;
    const gate gate = left.llm.gate();
    left.end_context();
    CHECK(left.llm.counters().succeeded == 1);
    CHECK(left.llm.gate().status().accepted == 1);
    CHECK(gate.status().in_flight == 0);
    left.llm.close();
    const client copy = left.llm;
    check_refused([&] { copy.async_complete(completion_request("b"), ignore); });
    check_refused([&] { (void)copy.get_executor(); });
}

TEST_CASE("a client with requests in line and in flight outlives its context") {
    orphan left;
    bool ended = false;
    const auto end = [&](error_code, const completion&) { ended = true; };
    left.llm.async_complete(completion_request("in flight"), end);
    SUBCASE("begun") {
        while (left.peer.requests().size() < 2) left.context->run_one();
    }
    SUBCASE("not begun") {}
    for (int i = 0; i < 3; ++i) left.llm.async_complete(completion_request("in line"), end);
    left.end_context();
    CHECK_FALSE(ended);
    CHECK(left.llm.counters().succeeded == 1);
}

TEST_CASE("an operation that was made of a client and never begun outlives the context") {
    orphan left;
    auto never_begun = left.llm.async_complete(completion_request("b"), asio::deferred);
    left.end_context();
    check_refused([&] { std::move(never_begun)(ignore); });
}

TEST_CASE("a permit outlives its gate's context, and may report to it") {
    std::optional<asio::io_context> context(std::in_place);
    gate limits(context->get_executor(), coordinator_options());
    permit leave;
    limits.async_admit(admission(), [&](error_code, permit got) { leave = std::move(got); });
    context->run();
    REQUIRE(leave);
    bool told = false;
    limits.async_admit(admission(), [&](error_code, const permit&) { told = true; });
    context.reset();
    CHECK_FALSE(told);
    leave.accepted();
    CHECK(limits.status().accepted == 1);
    CHECK(limits.status().waiting == 0);
}

TEST_CASE("who waits in the line of a gate whose context ends is told by a context of its own") {
    asio::io_context own;
    auto other = std::make_unique<asio::io_context>();
    const auto one = coordinator_options().max_in_flight(1).initial_rate(1e6);
    gate shared(other->get_executor(), one);
    scripted_peer peer(own, {{{"", turn::fall_silent}}});
    client llm(own.get_executor(), options_for(peer.base_url()), shared);
    llm.async_complete(completion_request("in flight"), ignore);
    error_code ended;
    llm.async_complete(completion_request("in line"),
                       [&](error_code error, const completion&) { ended = error; });
    while (peer.requests().empty()) own.run_one();
    SUBCASE("the gate's ends") {
        other.reset();
        while (!ended) own.run_one();
        CHECK(ended == errc::shut_down);
    }
    SUBCASE("the client's ends, and the gate forgets it") {
        std::optional<asio::io_context> short_lived(std::in_place);
        client second(short_lived->get_executor(), options_for(peer.base_url()), shared);
        second.async_complete(completion_request("in line"), ignore);
        short_lived->poll();
        CHECK(shared.status().waiting == 2);
        short_lived.reset();
        CHECK(shared.status().waiting == 1);
    }
}

TEST_CASE("a stream outlives its context, with what had come") {
    std::optional<asio::io_context> context(std::in_place);
    const std::string whole = event_stream(chat_documents({"a", "b"}));
    turn part{whole.substr(0, whole.find("\"b\"") - 60), turn::fall_silent};
    scripted_peer peer(*context, {{part}});
    client llm(context->get_executor(), options_for(peer.base_url()));
    completion_stream stream;
    llm.async_stream(completion_request("x"),
                     [&](error_code, completion_stream opened) { stream = std::move(opened); });
    while (!stream) context->run_one();
    SUBCASE("idle") {}
    SUBCASE("while a piece is awaited") {
        stream.async_next([](error_code, const std::optional<completion_delta>&) {});
        context->poll();
    }
    peer.close();
    context.reset();
    CHECK(stream.result().info.last_error == errc::shut_down);
    check_refused([&] { stream.async_next([](error_code, const std::optional<completion_delta>&) {}); });
    check_refused([&] { (void)completion_stream().result(); });
}

TEST_CASE("the results of a batch outlive its context") {
    orphan left;
    batch_results results = submit(left.llm, std::vector<std::string>{"a", "b"});
    SUBCASE("nobody asks") {}
    SUBCASE("somebody asks") {
        results.async_next([](error_code, const std::optional<batch_result>&) {});
        left.context->poll();
    }
    left.end_context();
    results.cancel();
    results.drain();
    check_refused([&] { (void)results.taken_up(); });
    check_refused([&] { results.async_next([](error_code, const std::optional<batch_result>&) {}); });
}

TEST_CASE("what was moved from refuses to be used") {
    asio::io_context context;
    client llm(context.get_executor(), options_for("http://127.0.0.1:1"));
    const client taken = std::move(llm);
    check_refused([&] { llm.async_complete(completion_request("a"), ignore); });  // NOLINT: what is tested
    check_refused([&] { llm.async_drain(std::chrono::seconds(1), asio::detached); });
    check_refused([&] { (void)llm.counters(); });
    check_refused([&] { (void)llm.gate(); });
    check_refused([&] { (void)llm.serial_executor(); });
    check_refused([&] { llm.close(); });
    check_refused([&] { (void)submit(llm, std::vector<std::string>{"a"}); });

    gate limits(context.get_executor(), coordinator_options());
    const gate moved = std::move(limits);
    check_refused([&] { (void)limits.status(); });  // NOLINT: what is tested
    check_refused([&] { limits.async_admit(admission(), [](error_code, const permit&) {}); });
    check_refused([&] { limits.close(); });
    check_refused([&] { client(context.get_executor(), options_for("http://127.0.0.1:1"), limits); });

    batch_results results = submit(taken, std::vector<std::string>{"a"});
    batch_results others = std::move(results);
    check_refused([&] { (void)results.taken_up(); });  // NOLINT: what is tested
    results.cancel();
    results.drain();
}

TEST_CASE("a permit that was reported, or is none, takes no further report") {
    permit none;
    none.answering();
    none.accepted();
    none.failed();
    CHECK(none.throttled() == time_point());
    CHECK_FALSE(none);
}

TEST_CASE("an executor or a source that is none is refused where it is given") {
    const auto options = options_for("http://127.0.0.1:1");
    CHECK_THROWS_WITH_AS(client(asio::any_io_executor(), options), "executor: must not be empty",
                         std::invalid_argument);
    CHECK_THROWS_WITH_AS(gate(asio::any_io_executor(), coordinator_options()), "executor: must not be empty",
                         std::invalid_argument);
    asio::io_context context;
    const gate limits(context.get_executor(), coordinator_options());
    CHECK_THROWS_WITH_AS(client(asio::any_io_executor(), options, limits), "executor: must not be empty",
                         std::invalid_argument);
    const client llm(context.get_executor(), options);
    CHECK_THROWS_WITH_AS((void)submit(llm, std::unique_ptr<prompt_source>()), "source: must not be null",
                         std::invalid_argument);
}
