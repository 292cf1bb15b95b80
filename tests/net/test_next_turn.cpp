#include <doctest/doctest.h>

#include <boost/asio/io_context.hpp>
#include <memory>
#include <thread>
#include <vector>

#include "support/completing.hpp"

namespace asio = boost::asio;
using namespace stagger;
using namespace stagger::test;

namespace {

/// Nobody listens there, and nothing here is ever sent.
client client_of(asio::io_context& context) {
    return {context.get_executor(), options_for("http://127.0.0.1:9/v1").single_threaded(true),
            coordinator_options().max_in_flight(1)};
}

}  // namespace

TEST_CASE("requests that are made at once begin in one turn") {
    asio::io_context context;
    const client llm = client_of(context);
    constexpr unsigned many = 100;
    unsigned ended = 0;
    for (unsigned i = 0; i < many; ++i) {
        llm.async_complete(completion_request("a"), [&](error_code error, const completion&) {
            CHECK(error == errc::shut_down);
            ++ended;
        });
    }
    CHECK(llm.counters().running == 0);
    context.run_one();
    CHECK(llm.counters().running == many);
    llm.close();
    context.run();
    CHECK(ended == many);
}

TEST_CASE("requests are numbered in the order of the calls, also where one of them is refused unsent") {
    struct numbers final : attempt_observer {
        void queued(const attempt_events::queued& event) noexcept override {
            all.push_back(event.id.request);
        }
        std::vector<std::uint64_t> all;
    };
    asio::io_context context;
    const auto seen = std::make_shared<numbers>();
    const client llm(context.get_executor(), options_for("http://127.0.0.1:9/v1").observer(seen));
    const auto ignore = [](error_code, const completion&) {};
    llm.async_complete(completion_request("first"), ignore);
    llm.async_complete(completion_request("second").temperature(5), ignore);
    llm.async_complete(completion_request("third"), ignore);
    while (seen->all.size() < 2) context.run_one();
    CHECK(seen->all == std::vector<std::uint64_t>{1, 3});
    llm.close();
    context.run();
}

TEST_CASE("a context that is destroyed before a turn takes the turn's requests with it") {
    const auto held = std::make_shared<int>(0);
    {
        asio::io_context context;
        const client llm = client_of(context);
        for (unsigned i = 0; i < 3; ++i) {
            llm.async_complete(completion_request("a"),
                               [held](error_code, const completion&) { FAIL("called"); });
        }
        CHECK(held.use_count() == 4);
    }
    CHECK(held.use_count() == 1);
}

TEST_CASE("requests of many threads join one turn or the next, and each begins once") {
    asio::io_context context;
    const client llm = client_of(context);
    constexpr unsigned threads = 4;
    constexpr unsigned each = 500;
    unsigned ended = 0;
    const auto work = asio::make_work_guard(context);
    std::vector<std::thread> makers;
    for (unsigned i = 0; i < threads; ++i) {
        makers.emplace_back([&] {
            for (unsigned n = 0; n < each; ++n) {
                llm.async_complete(completion_request("a"), [&](error_code error, const completion&) {
                    CHECK(error == errc::shut_down);
                    ++ended;
                });
            }
        });
    }
    while (llm.counters().running < threads * each) context.run_one();
    for (std::thread& one : makers) one.join();
    llm.close();
    while (ended < threads * each) context.run_one();
    CHECK(llm.counters().failed == threads * each);
}
