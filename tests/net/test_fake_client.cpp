#include <doctest/doctest.h>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/io_context.hpp>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "stagger/batch.hpp"
#include "stagger/testing/fake_client.hpp"
#include "support/completing.hpp"

namespace asio = boost::asio;
using namespace stagger;
using namespace stagger::test;
using stagger::testing::fake_answer;
using stagger::testing::fake_client;

namespace {

struct ending {
    error_code error;
    std::string text;  // of the pieces
    std::size_t pieces = 0;
    completion whole;
};

/// Everything that a stream gives; an error where it could not be begun, too.
ending read_all(asio::io_context& context, const client& llm) {
    ending seen;
    std::optional<completion_stream> stream;
    llm.async_stream(completion_request("why?"), [&](error_code error, completion_stream opened) {
        seen.error = error;
        stream = std::move(opened);
    });
    context.restart();
    context.run();
    for (bool more = !seen.error; more;) {
        stream->async_next([&](error_code error, std::optional<completion_delta> piece) {
            seen.error = error;
            more = piece.has_value();
            if (!piece) return;
            seen.text += piece->text;
            ++seen.pieces;
        });
        context.restart();
        context.run();
    }
    seen.whole = stream.value().result();
    return seen;
}

}  // namespace

TEST_CASE("a fake client gives the answers that a test wrote, one after the other") {
    asio::io_context context;
    const fake_client fake(context.get_executor(), {fake_answer::text("because"),
                                                    fake_answer::failure(errc::rate_limited, "slow down")});
    client llm = fake.client();
    const outcome first = complete(context, llm, completion_request("why?"));
    CHECK_FALSE(first.error);
    CHECK(first.result.text == "because");
    CHECK(first.result.finish_reason == "stop");
    CHECK(first.result.info.http_status == 200);
    for (int again = 0; again < 2; ++again) {
        const outcome refused = complete(context, llm, completion_request("and?"));
        CHECK(refused.error == errc::rate_limited);
        CHECK(refused.result.info.message == "slow down");
    }
    REQUIRE(fake.requests().size() == 3);
    CHECK(fake.requests()[0].prompt() == "why?");
    CHECK(llm.counters().succeeded == 1);
    CHECK(llm.counters().failed == 2);
}

TEST_CASE("a fake client's answers may depend on the request") {
    asio::io_context context;
    const fake_client fake(context.get_executor(), [](const completion_request& request) {
        if (request.prompt() == "throw") throw std::runtime_error("the test's own");
        return fake_answer::text(request.prompt() + "!");
    });
    client llm = fake.client();
    CHECK(complete(context, llm, completion_request("a")).result.text == "a!");
    const outcome thrown = complete(context, llm, completion_request("throw"));
    CHECK(thrown.error == errc::callback_threw);
    CHECK(thrown.result.info.message == "the test's own");
    CHECK(thrown.result.info.thrown);
}

TEST_CASE("a request that breaks a rule is refused by a fake client, and asks for no answer") {
    asio::io_context context;
    const fake_client fake(context.get_executor(), {fake_answer::text("because")});
    client llm = fake.client();
    const outcome refused = complete(context, llm, completion_request("why?").temperature(3));
    CHECK(refused.error == errc::invalid_request);
    CHECK(refused.result.info.message == "temperature: must be within 0..2, is 3");
    CHECK(fake.requests().empty());
}

TEST_CASE("a fake stream comes in its pieces, whole or broken off") {
    asio::io_context context;
    const fake_client fake(context.get_executor(),
                           {fake_answer::text("in one piece"), fake_answer::text("").pieces({"be", "cause"}),
                            fake_answer::text("").pieces({"be"}).breaks_off(errc::answer_truncated, "cut"),
                            fake_answer::failure(errc::unauthorized, "who?")});
    ending got = read_all(context, fake.client());
    CHECK_FALSE(got.error);
    CHECK(got.pieces == 1);
    CHECK(got.whole.text == "in one piece");
    got = read_all(context, fake.client());
    CHECK_FALSE(got.error);
    CHECK(got.pieces == 2);
    CHECK(got.text == "because");
    CHECK(got.whole.finish_reason == "stop");
    got = read_all(context, fake.client());
    CHECK(got.error == errc::answer_truncated);
    CHECK(got.whole.text == "be");
    CHECK(got.whole.info.message == "cut");
    got = read_all(context, fake.client());
    CHECK(got.error == errc::unauthorized);
    CHECK(got.whole.info.message == "who?");
}

TEST_CASE("a batch of a fake client has its results") {
    asio::io_context context;
    const fake_client fake(context.get_executor(), [](const completion_request& request) {
        return request.prompt() == "b" ? fake_answer::failure(errc::prompt_refused) : fake_answer::text("ok");
    });
    std::vector<std::string> ended;
    batch_results results =
        submit(fake.client(), std::vector<std::string>{"a", "b"}, batch_options().ordered(2));
    for (bool more = true; more;) {
        results.async_next([&](error_code, std::optional<batch_result> result) {
            more = result.has_value();
            if (more) ended.push_back(result->error ? result->error.message() : result->answer.text);
        });
        context.restart();
        context.run();
    }
    CHECK(ended == std::vector<std::string>{"ok", error_code(errc::prompt_refused).message()});
}

TEST_CASE("what never ends can be cancelled, and ends with the client") {
    asio::io_context context;
    const fake_client fake(context.get_executor(), {fake_answer::never()});
    const client llm = fake.client();
    std::vector<error_code> ended;
    const auto note = [&](error_code error, const completion&) { ended.push_back(error); };
    asio::cancellation_signal signal;
    llm.async_complete(completion_request("a"), asio::bind_cancellation_slot(signal.slot(), note));
    SUBCASE("begun") {
        context.run();
    }
    SUBCASE("not begun") {}
    CHECK(ended.empty());
    signal.emit(asio::cancellation_type::terminal);
    context.restart();
    context.run();
    REQUIRE(ended.size() == 1);
    CHECK(ended[0] == errc::cancelled);
    llm.async_complete(completion_request("b"), note);
    context.restart();
    context.run();
    llm.close();
    llm.async_complete(completion_request("c"), note);
    context.restart();
    context.run();
    REQUIRE(ended.size() == 3);
    CHECK(ended[1] == errc::shut_down);
    CHECK(ended[2] == errc::shut_down);
}

TEST_CASE("what a fake client keeps goes with its context") {
    std::optional<asio::io_context> context(std::in_place);
    std::optional<fake_client> fake(std::in_place, context->get_executor(),
                                    std::vector<fake_answer>{fake_answer::never()});
    fake->client().async_complete(completion_request("a"),
                                  [](error_code, const completion&) { FAIL("told"); });
    context->run();
    SUBCASE("the context ends first") {
        context.reset();
        fake.reset();
    }
    SUBCASE("the client goes first") {
        fake.reset();
        context.reset();
    }
}

TEST_CASE("a fake client without an answer is refused") {
    asio::io_context context;
    CHECK_THROWS_AS(fake_client(context.get_executor(), std::vector<fake_answer>()), std::invalid_argument);
    CHECK_THROWS_AS(fake_client(context.get_executor(), fake_client::script()), std::invalid_argument);
}
