#include <doctest/doctest.h>

#include <atomic>
#include <boost/asio/append.hpp>
#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/bind_executor.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/strand.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/use_future.hpp>
#include <future>
#include <thread>
#include <vector>

#include "batch/engine.hpp"
#include "stagger/client.hpp"
#include "stagger/gate.hpp"
#include "stagger/retry.hpp"
#include "support/scripted_peer.hpp"

namespace asio = boost::asio;
using namespace stagger;
using namespace stagger::test;

namespace {

constexpr int callers = 4;
constexpr int requests_per_caller = 50;

/// A peer on a thread of its own.
class peer_thread {
 public:
    explicit peer_thread(std::vector<scripted_peer::script> scripts) : peer_(context_, std::move(scripts)) {
        thread_ = std::thread([this] { context_.run(); });
    }
    ~peer_thread() {
        asio::post(context_, [this] { peer_.close(); });
        context_.stop();
        thread_.join();
    }
    std::string base_url() const { return url_; }

 private:
    asio::io_context context_{1};
    scripted_peer peer_;
    const std::string url_ = peer_.base_url();
    std::thread thread_;
};

client_options options_for(const std::string& base_url) {
    return client_options().base_url(base_url).model("m").backoff(backoff_policy::none()).jitter_seed(1);
}

scripted_peer::script many_answers(int count) {
    return {static_cast<std::size_t>(count), turn{chat_answer("ok")}};
}

/// What an operation ends with, awaited by a thread. The error is a value: an exception's count of references
/// is in the standard library's binary, where the thread sanitizer does not see it.
template <class Value, class Start>
std::pair<error_code, Value> wait_for(const Start& start) {
    std::promise<std::pair<error_code, Value>> promise;
    auto ended = promise.get_future();
    start([promise = std::move(promise)](error_code error, Value value) mutable {
        promise.set_value({error, std::move(value)});
    });
    return ended.get();
}

}  // namespace

TEST_CASE("many threads read streams of one client, which is closed meanwhile") {
    scripted_peer::script streams(static_cast<std::size_t>(callers * requests_per_caller),
                                  turn{event_stream(chat_documents({"a", "b", "c"}))});
    peer_thread peer({std::move(streams)});
    asio::thread_pool pool(callers);
    client llm(pool.get_executor(), options_for(peer.base_url()),
               coordinator_options().max_in_flight(16).initial_rate(1e5));
    std::atomic<int> whole{0};
    std::atomic<int> ended{0};
    std::vector<std::thread> threads;
    for (int i = 0; i < callers; ++i) {
        threads.emplace_back([&] {
            for (int j = 0; j < requests_per_caller; ++j) {
                auto [refused, stream] = wait_for<completion_stream>(
                    [&](auto then) { llm.async_stream(completion_request("a"), std::move(then)); });
                completion_stream& answer = stream;     // clang 14 captures no structured binding
                if (!refused && j % 10 == 9) continue;  // dropped unread
                stagger::error_code error = refused;
                while (!error) {
                    const auto [failed, delta] = wait_for<std::optional<completion_delta>>(
                        [&](auto then) { answer.async_next(std::move(then)); });
                    error = failed;
                    if (!failed && !delta) break;
                    if (delta) CHECK(std::string("abc").starts_with(answer.result().text));
                }
                whole += !error && answer.result().text == "abc";
                ended += error == errc::shut_down;
                if (whole == callers * requests_per_caller / 2) llm.close();
            }
        });
    }
    for (std::thread& one : threads) one.join();
    pool.join();
    CHECK(whole >= callers * requests_per_caller / 2);
    CHECK(whole + ended <= callers * requests_per_caller);
    CHECK(llm.gate().status().in_flight == 0);
}

TEST_CASE("many threads share one client") {
    peer_thread peer({many_answers(callers * requests_per_caller)});
    asio::thread_pool pool(callers);
    client llm(pool.get_executor(), options_for(peer.base_url()),
               coordinator_options().max_in_flight(16).initial_rate(1e5));
    std::atomic<int> answered{0};
    std::vector<std::thread> threads;
    for (int i = 0; i < callers; ++i) {
        threads.emplace_back([&] {
            std::vector<std::future<completion>> futures;
            for (int j = 0; j < requests_per_caller; ++j) {
                futures.push_back(llm.async_complete(completion_request("a"), asio::use_future));
            }
            for (auto& one : futures) answered += one.get().text == "ok";
        });
    }
    for (std::thread& one : threads) one.join();
    pool.join();
    CHECK(answered == callers * requests_per_caller);
    CHECK(llm.gate().status().in_flight == 0);
}

TEST_CASE("cancelling and closing race with completions, and every request still ends once") {
    peer_thread peer({many_answers(callers * requests_per_caller)});
    asio::thread_pool pool(callers);
    client llm(pool.get_executor(), options_for(peer.base_url()),
               coordinator_options().max_in_flight(8).initial_rate(1e5));
    std::atomic<int> ended{0};
    std::vector<std::thread> threads;
    for (int i = 0; i < callers; ++i) {
        threads.emplace_back([&] {
            // A signal and its operations belong to one strand, as Asio asks.
            auto strand = asio::make_strand(pool.get_executor());
            auto signals = std::make_shared<std::vector<asio::cancellation_signal>>(requests_per_caller);
            asio::post(strand, [&, strand, signals] {
                for (asio::cancellation_signal& one : *signals) {
                    auto count =
                        asio::bind_executor(strand, [&, signals](error_code, const completion&) { ++ended; });
                    llm.async_complete(completion_request("a"),
                                       asio::bind_cancellation_slot(one.slot(), count));
                }
                for (auto& one : *signals) one.emit(asio::cancellation_type::terminal);
            });
            for (int j = 0; j < requests_per_caller; ++j) {
                llm.async_complete(completion_request("b"), [&](error_code, const completion&) { ++ended; });
            }
        });
    }
    for (std::thread& one : threads) one.join();
    llm.close();
    pool.join();
    CHECK(ended == 2 * callers * requests_per_caller);
    CHECK(llm.gate().status().waiting == 0);
    CHECK(llm.gate().status().in_flight == 0);
}

TEST_CASE("many threads wait at one gate") {
    asio::thread_pool pool(callers);
    gate limiter(pool.get_executor(), coordinator_options().max_in_flight(3).initial_rate(1e5), 1);
    std::atomic<int> inside{0}, most{0}, admitted{0};
    for (int i = 0; i < callers * requests_per_caller; ++i) {
        asio::post(pool, [&] {
            limiter.async_admit(admission(), [&](error_code error, permit granted) {
                const int now_inside = ++inside;
                int seen = most;
                while (now_inside > seen && !most.compare_exchange_weak(seen, now_inside)) continue;
                admitted += !error;
                --inside;
                granted.accepted();
            });
        });
    }
    pool.join();
    CHECK(admitted == callers * requests_per_caller);
    CHECK(most <= 3);
    CHECK(limiter.status().accepted == admitted);
}

TEST_CASE("retried calls on many threads share one gate and one policy") {
    asio::thread_pool pool(callers);
    gate limiter(pool.get_executor(), coordinator_options().max_in_flight(8).initial_rate(1e5), 1);
    std::atomic<int> succeeded{0}, waits{0}, ended{0};
    const auto policy = retry_policy()
                            .retry_on(retry_if_error(condition::retryable))
                            .before_sleep([&](const retry_state&) { ++waits; })
                            .on_success([&](const retry_state& state) {
                                CHECK(state.attempts == 2);
                                ++succeeded;
                            });
    for (int i = 0; i < callers * requests_per_caller; ++i) {
        auto flaky = [calls = 0]() mutable -> asio::awaitable<int> {
            const error_code error =
                ++calls == 1 ? boost::system::errc::make_error_code(boost::system::errc::connection_reset)
                             : error_code();
            co_await asio::post(asio::use_awaitable);
            if (error) throw boost::system::system_error(error);
            co_return 7;
        };
        auto count = asio::bind_executor(asio::make_strand(pool.get_executor()),
                                         [&](const std::exception_ptr&, int value) { ended += value == 7; });
        async_retry(flaky, policy, limiter, backoff_policy::none(), std::move(count));
    }
    pool.join();
    CHECK(ended == callers * requests_per_caller);
    CHECK(succeeded == ended);
    CHECK(waits == ended);
    CHECK(limiter.status().in_flight == 0);
}

TEST_CASE("a batch whose answers come on several threads, asked for from another one") {
    for (const bool drained : {false, true}) {
        CAPTURE(drained);
        constexpr std::size_t prompts = 3000;
        asio::thread_pool pool(3);
        batch::transport answering;
        answering.executor = pool.get_executor();
        answering.max_in_flight = 32;
        answering.send = [&pool](const completion_request&, batch::transport::handler whom) {
            auto answer = [whom = std::move(whom)]() mutable {
                asio::dispatch(asio::append(std::move(whom), error_code(), completion()));
            };
            asio::post(pool, std::move(answer));
        };
        const auto engine = std::make_shared<batch::engine>(
            answering, prompts_from(std::vector<std::string>(prompts, "q")), batch_options().ordered(100));
        engine->start();
        batch_results results(engine);
        std::size_t last = 0;
        while (const auto result = results.async_next(asio::use_future).get()) {
            CHECK(result->position == ++last);
            if (drained && last == prompts / 2) results.drain();
        }
        CHECK(last == results.taken_up());
        CHECK((drained ? last < prompts : last == prompts));
        pool.join();
    }
}
