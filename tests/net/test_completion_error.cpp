#include <doctest/doctest.h>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/bind_executor.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/experimental/parallel_group.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/use_future.hpp>
#include <chrono>
#include <functional>
#include <future>
#include <optional>

#include "stagger/completion_error.hpp"
#include "stagger/retry.hpp"
#include "support/completing.hpp"
#include "support/scripted_peer.hpp"

namespace asio = boost::asio;
using namespace stagger;
using namespace stagger::test;

namespace {

const std::string refusal = answer(400, R"({"error":{"message":"no such field: tempo"}})");
const scripted_peer::script refusals(8, {refusal});
const std::string broken_stream =
    "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nConnection: close\r\n\r\n"
    "data: {\"choices\":[{\"delta\":{\"content\":\"be\"}}]}\n\n"
    "data: {\"error\":{\"message\":\"the model fell over\"}}\n\n";

void run_until(asio::io_context& context, const std::function<bool()>& done) {
    context.restart();
    while (!done() && context.run_one() != 0) continue;
}

/// Runs the context until the future has something.
template <class T>
T get(asio::io_context& context, std::future<T> promised) {
    run_until(context,
              [&] { return promised.wait_for(std::chrono::seconds(0)) == std::future_status::ready; });
    return promised.get();
}

/// What a coroutine throws.
std::exception_ptr ending_of(asio::io_context& context, asio::awaitable<void> (*task)(client),
                             const client& llm) {
    std::optional<std::exception_ptr> thrown;
    asio::co_spawn(context, task(llm), [&](std::exception_ptr ending) { thrown = std::move(ending); });
    run_until(context, [&] { return thrown.has_value(); });
    return thrown.value();
}

/// The exception, where it is the library's.
std::optional<completion_error> completion_error_in(const std::exception_ptr& thrown) {
    try {
        if (thrown) std::rethrow_exception(thrown);
    } catch (const completion_error& error) {
        return error;
    } catch (const std::exception&) {
    }
    return std::nullopt;
}

asio::awaitable<void> await_directly(client llm) {
    const completion_request request("why?");
    co_await llm.async_complete(request);
}
asio::awaitable<void> await_by_token(client llm) {
    const completion_request request("why?");
    co_await llm.async_complete(request, asio::use_awaitable);
}
asio::awaitable<void> await_by_wrapped_token(client llm) {
    asio::cancellation_signal nobody;
    const completion_request request("why?");
    auto token = asio::bind_cancellation_slot(nobody.slot(), asio::use_awaitable);
    co_await llm.async_complete(request, std::move(token));
}
asio::awaitable<void> post(client llm) {
    co_await llm.async_post("moderations", R"({"input":"why?"})");
}
asio::awaitable<void> post_by_token(client llm) {
    co_await llm.async_post("moderations", R"({"input":"why?"})", asio::use_awaitable);
}
asio::awaitable<void> begin_stream(client llm) {
    const completion_request request("why?");
    co_await llm.async_stream(request);
}
asio::awaitable<void> begin_stream_by_token(client llm) {
    const completion_request request("why?");
    co_await llm.async_stream(request, asio::use_awaitable);
}
asio::awaitable<void> retry_once(client llm) {
    const auto ask = [&]() -> asio::awaitable<completion> {
        const completion_request request("why?");
        return llm.async_complete(request, asio::use_awaitable);
    };
    const retry_policy policy = retry_policy().max_attempts(1);
    co_await async_retry(ask, policy);
}

asio::awaitable<void> read_stream(client llm) {
    const completion_request request("why?");
    auto stream = co_await llm.async_stream(request);
    while (co_await stream.async_next()) continue;
}
asio::awaitable<void> read_stream_by_token(client llm) {
    const completion_request request("why?");
    auto stream = co_await llm.async_stream(request, asio::use_awaitable);
    while (co_await stream.async_next(asio::use_awaitable)) continue;
}

}  // namespace

TEST_CASE("what a coroutine catches of a failed completion has its diagnostic") {
    asio::io_context context;
    scripted_peer peer(context, {refusals});
    client llm(context.get_executor(), options_for(peer.base_url()));
    for (const auto task : {await_directly, await_by_token, await_by_wrapped_token, post, post_by_token,
                            begin_stream, begin_stream_by_token, retry_once}) {
        const auto caught = completion_error_in(ending_of(context, task, llm));
        REQUIRE(caught);
        CHECK(caught->code() == errc::bad_request);
        CHECK(caught->info().message == "no such field: tempo");
        CHECK(caught->info().http_status == 400);
        CHECK(caught->info().attempts == 1);
        CHECK(std::string(caught->what()).starts_with("no such field: tempo: "));
    }
}

TEST_CASE("what ends a stream early is thrown with the stream's diagnostic") {
    asio::io_context context;
    scripted_peer peer(context, {{{broken_stream, turn::close}}});
    client llm(context.get_executor(), options_for(peer.base_url()));
    for (const auto task : {read_stream, read_stream_by_token}) {
        const auto caught = completion_error_in(ending_of(context, task, llm));
        REQUIRE(caught);
        CHECK(caught->code() == errc::error_in_answer);
        CHECK(caught->info().message == "the model fell over");
        CHECK(caught->info().phase == request_phase::receiving);
    }
}

TEST_CASE("a future throws the diagnostic, too") {
    asio::io_context context;
    scripted_peer peer(context, {{{refusal}, {refusal}, {broken_stream, turn::close}}});
    client llm(context.get_executor(), options_for(peer.base_url()));
    const completion_request request("why?");
    CHECK_THROWS_AS(get(context, llm.async_complete(request, asio::use_future)), completion_error);
    auto bound = asio::bind_executor(context, asio::use_future);
    CHECK_THROWS_AS(get(context, llm.async_complete(request, std::move(bound))), completion_error);
    completion_stream stream = get(context, llm.async_stream(request, asio::use_future));
    CHECK(get(context, stream.async_next(asio::use_future))->text == "be");
    CHECK_THROWS_AS(get(context, stream.async_next(asio::use_future)), completion_error);
}

TEST_CASE("an answer comes through tokens that throw as it did") {
    asio::io_context context;
    scripted_peer peer(context, {{{chat_answer("because")}, {chat_answer("so")}}});
    client llm(context.get_executor(), options_for(peer.base_url()));
    std::string told;
    const auto task = [&]() -> asio::awaitable<void> {
        const completion_request request("why?");
        const completion first = co_await llm.async_complete(request);
        const completion second = co_await llm.async_complete(request, asio::use_awaitable);
        told = first.text + " " + second.text;
    };
    asio::co_spawn(context, task(), [](std::exception_ptr thrown) { CHECK_FALSE(thrown); });
    run_until(context, [&] { return !told.empty(); });
    CHECK(told == "because so");
}

TEST_CASE("catch clauses of 0.1 still catch it") {
    asio::io_context context;
    scripted_peer peer(context, {refusals});
    client llm(context.get_executor(), options_for(peer.base_url()));
    const auto thrown = ending_of(context, await_directly, llm);
    REQUIRE(thrown);
    CHECK_THROWS_AS(std::rethrow_exception(thrown), boost::system::system_error);
}

TEST_CASE("tokens that take an error code are given one") {
    asio::io_context context;
    scripted_peer peer(context, {refusals});
    client llm(context.get_executor(), options_for(peer.base_url()));
    int ended = 0;
    const auto task = [&]() -> asio::awaitable<void> {
        const completion_request request("why?");
        constexpr auto both = asio::as_tuple(asio::use_awaitable);
        const auto [error, answer] = co_await llm.async_complete(request, both);
        CHECK(error == errc::bad_request);
        CHECK(answer.info.message == "no such field: tempo");
        error_code redirected;
        auto aside = asio::redirect_error(asio::use_awaitable, redirected);
        co_await llm.async_complete(request, std::move(aside));
        CHECK(redirected == errc::bad_request);
        ++ended;
    };
    asio::co_spawn(context, task(), [](std::exception_ptr thrown) { CHECK_FALSE(thrown); });
    asio::experimental::make_parallel_group(llm.async_complete(completion_request("why?"), asio::deferred),
                                            llm.async_complete(completion_request("why?"), asio::deferred))
        .async_wait(asio::experimental::wait_for_all(),
                    [&](auto, error_code first, const completion&, error_code second, const completion&) {
                        CHECK(first == errc::bad_request);
                        CHECK(second == errc::bad_request);
                        ++ended;
                    });
    run_until(context, [&] { return ended == 2; });
    CHECK(ended == 2);
}

TEST_CASE("a second async_next at once is refused without a look at the stream") {
    asio::io_context context;
    // A stream begins with its first piece; nothing follows it.
    const std::string head =
        "HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n"
        "data: {\"choices\":[{\"delta\":{\"content\":\"a\"}}]}\n\n";
    scripted_peer peer(context, {{{head, turn::fall_silent}}});
    client llm(context.get_executor(), options_for(peer.base_url()));
    std::optional<completion_error> second;
    bool first_ended = false;
    const auto wait = [&](completion_stream& stream, bool is_second) -> asio::awaitable<void> {
        try {
            co_await stream.async_next();
        } catch (const completion_error& error) {
            if (is_second) {
                second = error;
                llm.close();
            } else {
                first_ended = error.code() == errc::shut_down;
            }
        }
    };
    std::optional<completion_stream> stream;
    llm.async_stream(completion_request("why?"), [&](error_code error, completion_stream opened) {
        REQUIRE_FALSE(error);
        stream = std::move(opened);
        stream->async_next([&](error_code, std::optional<completion_delta>) {
            asio::co_spawn(context, wait(*stream, false), [](std::exception_ptr) {});
            asio::co_spawn(context, wait(*stream, true), [](std::exception_ptr) {});
        });
    });
    run_until(context, [&] { return first_ended; });
    REQUIRE(second);
    CHECK(second->code() == errc::invalid_request);
    CHECK(second->info().message.empty());
}
