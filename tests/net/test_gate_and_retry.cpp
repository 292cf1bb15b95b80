#include <doctest/doctest.h>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <stdexcept>
#include <vector>

#include "stagger/gate.hpp"
#include "stagger/retry.hpp"

namespace asio = boost::asio;
using namespace stagger;

namespace {

const coordinator_options one_at_a_time = coordinator_options().max_in_flight(1).initial_rate(1e6);

/// Runs a coroutine to its end and gives back what it threw, or null.
template <class Coroutine>
std::exception_ptr run(asio::io_context& context, Coroutine coroutine) {
    std::exception_ptr thrown = std::make_exception_ptr(std::logic_error("never ended"));
    asio::co_spawn(context, std::move(coroutine), [&](std::exception_ptr exception) { thrown = exception; });
    context.run();
    return thrown;
}

}  // namespace

TEST_CASE("a permit that is dropped lets the next one in") {
    asio::io_context context;
    gate limiter(context.get_executor(), one_at_a_time, 1);
    int admitted = 0;
    for (int i = 0; i < 5; ++i)
        limiter.async_admit(admission(), [&](error_code error, permit) { admitted += !error; });
    CHECK(admitted == 0);  // never inline
    context.run();
    CHECK(admitted == 5);
    CHECK(limiter.status().in_flight == 0);
    CHECK(limiter.status().abandoned == 5);
}

TEST_CASE("what a gate has learned has its date") {
    asio::io_context context;
    gate limiter(context.get_executor(), one_at_a_time, 1);
    CHECK_FALSE(limiter.learned());
    int asked = 0;
    const auto answer = [&](error_code, permit granted) {
        if (++asked == 3) {
            granted.throttled();
        } else {
            granted.accepted();
        }
    };
    for (int i = 0; i < 40; ++i) limiter.async_admit(admission(), answer);
    context.run();
    limiter.probe_again();
    const auto learned = limiter.learned();
    REQUIRE(learned);
    CHECK(learned->rejections == 1);
    REQUIRE(learned->learned_at);
    CHECK(*learned->learned_at <= std::chrono::system_clock::now());
    CHECK(*learned->learned_at > std::chrono::system_clock::now() - std::chrono::hours(1));
}

TEST_CASE("a wait can be cancelled, and gives up its place") {
    asio::io_context context;
    gate limiter(context.get_executor(), one_at_a_time, 1);
    permit held;
    limiter.async_admit(admission(), [&](error_code, permit granted) { held = std::move(granted); });
    context.run();
    REQUIRE(held);
    asio::cancellation_signal signal;
    error_code ended;
    limiter.async_admit(admission(), asio::bind_cancellation_slot(
                                         signal.slot(), [&](error_code error, permit) { ended = error; }));
    CHECK(limiter.status().waiting == 1);
    signal.emit(asio::cancellation_type::total);
    context.restart();
    context.run();
    CHECK(ended == errc::cancelled);
    CHECK(ended == condition::cancelled);
    CHECK(limiter.status().waiting == 0);
}

TEST_CASE("a wait ends at its deadline, or when the gate closes") {
    asio::io_context context;
    gate limiter(context.get_executor(), one_at_a_time, 1);
    permit held;
    limiter.async_admit(admission(), [&](error_code, permit granted) { held = std::move(granted); });
    context.run();
    std::vector<error_code> ended;
    const auto collect = [&](error_code error, permit) { ended.push_back(error); };
    const admission soon =
        admission().deadline(std::chrono::steady_clock::now() + std::chrono::milliseconds(5));
    limiter.async_admit(soon, collect);
    context.restart();
    context.run();
    REQUIRE(ended.size() == 1);
    CHECK(ended[0] == errc::deadline_exceeded);

    limiter.async_admit(admission(), collect);
    limiter.close();
    limiter.async_admit(admission(), collect);
    context.restart();
    context.run();
    REQUIRE(ended.size() == 3);
    CHECK(ended[1] == errc::shut_down);
    CHECK(ended[2] == errc::shut_down);
}

TEST_CASE("async_retry runs a failing coroutine again until it succeeds") {
    asio::io_context context;
    int calls = 0;
    const auto flaky = [&]() -> asio::awaitable<int> {
        if (++calls < 3) throw boost::system::system_error(asio::error::connection_reset);
        co_return 42;
    };
    int value = 0;
    const auto body = [&]() -> asio::awaitable<void> {
        value = co_await async_retry(flaky, retry_policy(), backoff_policy::none());
    };
    CHECK(run(context, body) == nullptr);
    CHECK(value == 42);
    CHECK(calls == 3);
}

TEST_CASE("async_retry rethrows the last exception when it may not go on") {
    asio::io_context context;
    int calls = 0;
    retry_policy policy;
    int expected_calls = 1;
    SUBCASE("permanent") {}
    SUBCASE("attempts used up") {
        policy.max_attempts(4).classify(
            [](const attempt_result&) { return classification{verdict::transient}; });
        expected_calls = 4;
    }
    const auto broken = [&]() -> asio::awaitable<void> {
        ++calls;
        throw std::runtime_error("broken");
        co_return;
    };
    const auto body = [&]() -> asio::awaitable<void> {
        co_await async_retry(broken, policy, backoff_policy::none());
    };
    const std::exception_ptr thrown = run(context, body);
    REQUIRE(thrown);
    CHECK_THROWS_WITH_AS(std::rethrow_exception(thrown), "broken", std::runtime_error);
    CHECK(calls == expected_calls);
}

TEST_CASE("async_retry judges results, and goes through a gate") {
    asio::io_context context;
    gate limiter(context.get_executor(), coordinator_options().initial_rate(1e6), 1);
    int calls = 0;
    const auto polite = [&]() -> asio::awaitable<int> { co_return ++calls < 3 ? 429 : 200; };
    const auto by_status = [](const attempt_result& result) {
        const int* status = result.value<int>();
        const bool refused = status && *status == 429;
        return classification{refused ? verdict::throttled : verdict::ok};
    };
    int value = 0;
    const auto body = [&]() -> asio::awaitable<void> {
        value = co_await async_retry(polite, retry_policy().classify(by_status), limiter);
    };
    CHECK(run(context, body) == nullptr);
    CHECK(value == 200);
    CHECK(limiter.status().throttled == 2);
    CHECK(limiter.status().accepted == 1);
}
