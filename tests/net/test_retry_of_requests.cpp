#include <doctest/doctest.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <exception>
#include <optional>

#include "stagger/retry.hpp"
#include "support/completing.hpp"
#include "support/scripted_peer.hpp"

namespace asio = boost::asio;
using namespace stagger;
using namespace stagger::test;

namespace {

const auto two_at_once = coordinator_options().max_in_flight(2).initial_rate(1e6);
const auto three_attempts = retry_policy().max_attempts(3);

/// What is awaited in an attempt that has a gate's leave and asks the same gate for more.
enum class asks { by_request, by_request_later, by_stream, for_admission, by_retry_of_its_own };

asio::awaitable<void> ask(client& llm, asks how) {
    completion_request request("a");
    switch (how) {
        case asks::by_request_later:
            co_await asio::post(asio::use_awaitable);
            [[fallthrough]];
        case asks::by_request:
            co_await llm.async_complete(request, asio::use_awaitable);
            break;
        case asks::by_stream: {
            auto stream = co_await llm.async_stream(request, asio::use_awaitable);
            while (co_await stream.async_next(asio::use_awaitable)) continue;
            break;
        }
        case asks::for_admission: {
            gate again = llm.gate();
            admission first;
            permit leave = co_await again.async_admit(first, asio::use_awaitable);
            leave.accepted();
            break;
        }
        case asks::by_retry_of_its_own: {
            auto inner = [&llm] { return ask(llm, asks::by_request); };
            co_await async_retry(inner, three_attempts, llm.gate());
            break;
        }
    }
}

struct ended {
    unsigned well = 0;
    unsigned badly = 0;
};

ended run_many(asio::io_context& context, client& llm, asks how, unsigned tasks) {
    ended all;
    for (unsigned i = 0; i < tasks; ++i) {
        auto operation = [&llm, how] { return ask(llm, how); };
        auto told = [&](std::exception_ptr failed) { ++(failed ? all.badly : all.well); };
        async_retry(operation, three_attempts, llm.gate(), told);
    }
    while (all.well + all.badly < tasks) context.run_one();
    return all;
}

}  // namespace

TEST_CASE("async_retry may have the gate of the client whose requests it repeats") {
    for (const auto how : {asks::by_request, asks::by_request_later, asks::by_stream, asks::for_admission,
                           asks::by_retry_of_its_own}) {
        CAPTURE(static_cast<int>(how));
        asio::io_context context;
        scripted_peer peer(context, {scripted_peer::script(50, turn{chat_answer("a")})});
        client llm(context.get_executor(), options_for(peer.base_url()), two_at_once);
        const ended all = run_many(context, llm, how, 20);
        CHECK(all.well == 20);
        CHECK(all.badly == 0);
        const coordinator_status after = llm.gate().status();
        CHECK(after.accepted == 20);  // once for each, not twice
        CHECK(after.in_flight == 0);
        CHECK(after.waiting == 0);
    }
}

TEST_CASE("a request with the leave of an attempt that is refused waits in line like any other") {
    asio::io_context context;
    scripted_peer::script script(1, turn{answer(429, "{}")});
    script.resize(10, turn{chat_answer("a")});
    scripted_peer peer(context, {script});
    client llm(context.get_executor(), options_for(peer.base_url()),
               coordinator_options().max_in_flight(1).initial_rate(1e6));
    const ended all = run_many(context, llm, asks::by_request, 3);
    CHECK(all.well == 3);
    CHECK(llm.gate().status().throttled == 1);
    CHECK(llm.gate().status().accepted == 3);
    CHECK(llm.gate().status().in_flight == 0);
}

TEST_CASE("a request by another gate leaves the attempt its own leave") {
    asio::io_context context;
    scripted_peer peer(context, {scripted_peer::script(5, turn{chat_answer("a")})});
    client llm(context.get_executor(), options_for(peer.base_url()), two_at_once);
    gate other(context.get_executor(), two_at_once);
    std::optional<bool> well;
    auto operation = [&llm] { return ask(llm, asks::by_request); };
    async_retry(operation, three_attempts, other, [&](std::exception_ptr failed) { well = !failed; });
    while (!well) context.run_one();
    CHECK(well == true);
    CHECK(other.status().accepted == 1);
    CHECK(llm.gate().status().accepted == 1);
}
