#include <doctest/doctest.h>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/bind_executor.hpp>
#include <boost/asio/cancellation_signal.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/use_future.hpp>
#include <future>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "stagger/decision_log.hpp"
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

struct refused : std::runtime_error {
    refused() : std::runtime_error("too many requests") {}
};

/// Where an operation of several steps goes wrong.
enum class fault { none, call_throws, throws_at_once, throws_later, refuses_result, every_attempt_throws };

/// An operation that suspends several times. The first two attempts go wrong by `what`, the others answer
/// 200.
struct stepwise {
    asio::awaitable<int> operator()() {
        ++*calls;
        const bool wrong = *calls <= 2 || what == fault::every_attempt_throws;
        if (wrong && what == fault::call_throws) throw refused();
        return attempt(wrong ? what : fault::none);
    }
    static asio::awaitable<int> attempt(fault now) {
        if (now == fault::throws_at_once) throw refused();
        asio::steady_timer timer(co_await asio::this_coro::executor);
        for (int i = 0; i < 3; ++i) {
            timer.expires_after(std::chrono::microseconds(1));
            co_await timer.async_wait(asio::use_awaitable);
        }
        if (now == fault::throws_later || now == fault::every_attempt_throws) throw refused();
        co_return now == fault::refuses_result ? 429 : 200;
    }

    std::shared_ptr<int> calls = std::make_shared<int>(0);
    fault what = fault::throws_later;
};

/// Repeats everything but the answer 200: also what cancellation looks like from outside.
retry_policy stubborn() {
    return retry_policy().max_attempts(4).retry_on(
        retry_if_failed() | retry_if_result<int>([](int status) { return status == 429; }));
}

/// How a call of `stepwise` ended.
struct observed {
    int completions = 0;
    std::exception_ptr thrown;
    int value = 0;

    auto handler() {
        return [this](std::exception_ptr exception, int result) {
            ++completions;
            thrown = std::move(exception);
            value = result;
        };
    }
    error_code error() const { return attempt_result(thrown).error(); }
};

/// One call, alone or behind a gate.
template <class Token>
void start(stepwise operation, std::optional<gate> limiter, asio::io_context& context, Token token) {
    const auto wait = backoff_policy::constant(std::chrono::microseconds(1));
    auto bound = asio::bind_executor(context.get_executor(), std::move(token));
    if (limiter) {
        async_retry(std::move(operation), stubborn(), *limiter, wait, std::move(bound));
    } else {
        async_retry(std::move(operation), stubborn(), wait, std::move(bound));
    }
}

const std::vector<fault> every_fault{fault::none,         fault::call_throws,    fault::throws_at_once,
                                     fault::throws_later, fault::refuses_result, fault::every_attempt_throws};

}  // namespace

TEST_CASE("the recorder is told the label of a task that has one, behind its joining the line") {
    struct keeping final : decision_recorder {
        void started(const coordinator_options&, std::uint64_t) override {}
        void record(const decision_record& made) noexcept override { all.push_back(made.what); }
        std::vector<decision> all;
    };
    asio::io_context context;
    const auto kept = std::make_shared<keeping>();
    gate line(context.get_executor(), coordinator_options(one_at_a_time).recorder(kept), 1);
    const auto send = [](error_code, permit leave) { leave.accepted(); };
    const auto labelled_row = admission().label("row-1");
    line.async_admit(labelled_row, send);
    line.async_admit(admission(), send);
    context.run();
    std::vector<std::string> labels;
    for (std::size_t at = 0; at < kept->all.size(); ++at) {
        const auto* told = std::get_if<decisions::labelled>(&kept->all[at]);
        if (told == nullptr) continue;
        labels.push_back(told->label);
        const auto* joined = std::get_if<decisions::submitted>(&kept->all.at(at - 1));
        REQUIRE(joined);
        CHECK(joined->task == told->task);
    }
    CHECK(labels == std::vector<std::string>{"row-1"});
}

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
        ++asked;
        if (asked > 2 && asked <= 8) {  // one alone may be chance
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
    CHECK(learned->rejections == 6);
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

TEST_CASE("a refusal that classify calls final is not told to the gate as an admission") {
    asio::io_context context;
    gate limiter(context.get_executor(), coordinator_options().initial_rate(1e6), 1);
    const auto refused = []() -> asio::awaitable<void> {
        throw boost::system::system_error(make_error_code(errc::rate_limited));
        co_return;
    };
    const auto policy =
        retry_policy().classify([](const attempt_result&) { return classification{verdict::permanent}; });
    const auto body = [&]() -> asio::awaitable<void> { co_await async_retry(refused, policy, limiter); };
    CHECK(run(context, body));
    CHECK(limiter.status().accepted == 0);
    CHECK(limiter.status().throttled == 0);
    CHECK(limiter.status().failed == 1);
}

TEST_CASE("async_retry with a policy alone backs off as default_backoff says") {
    asio::io_context context;
    int calls = 0;
    const auto flaky = [&]() -> asio::awaitable<void> {
        if (++calls < 2) throw boost::system::system_error(asio::error::connection_reset);
        co_return;
    };
    std::vector<duration> planned;
    const auto told =
        retry_policy().before_sleep([&](const retry_state& state) { planned.push_back(state.next_wait); });
    const auto began = std::chrono::steady_clock::now();
    const auto body = [&]() -> asio::awaitable<void> { co_await async_retry(flaky, told); };
    CHECK(run(context, body) == nullptr);
    CHECK(calls == 2);
    REQUIRE(planned.size() == 1);
    CHECK(planned[0] <= std::chrono::milliseconds(500));
    CHECK(std::chrono::steady_clock::now() - began >= planned[0]);
}

TEST_CASE("policies may be written where they are awaited") {
    // Every type of the policies as a temporary of the co_await expression, where g++ 12 destroys some twice.
    asio::io_context context;
    gate limiter(context.get_executor(), coordinator_options().initial_rate(1e6), 1);
    const auto text = std::make_shared<std::string>("a value that must be destroyed once");
    const stop_condition::predicate no_end = [text](const retry_state&) { return text->empty(); };
    const retry_policy::hook look = [text](const retry_state&) { REQUIRE(text->size() > 30); };
    const backoff_policy::wait_function wait = [text](const retry_state&) { return duration(text->size()); };
    stepwise operation;
    int value = 0;
    const auto body = [&]() -> asio::awaitable<void> {
        value = co_await async_retry(
            operation,
            retry_policy()
                .retry_on((retry_if_exception<refused>() & retry_if_message("too many")) | !retry_if_failed())
                .give_up_on(!retry_if_exception<refused>())
                .stop(stop_if(no_end) | (stop_after_attempts(4) & stop_never()))
                .before_sleep(look)
                .after(look),
            limiter,
            backoff_policy::computed(wait).at_most(std::chrono::milliseconds(1)) + backoff_policy::none());
    };
    CHECK(run(context, body) == nullptr);
    CHECK(value == 200);
    CHECK(*operation.calls == 3);
    CHECK(text.use_count() == 4);  // ours, and of the three functions
}

TEST_CASE("a limit ends async_retry as the policy says") {
    asio::io_context context;
    int value = 0;
    int calls = 0;
    retry_policy policy = retry_policy().retry_on(retry_always()).max_attempts(3);
    const auto ends_with = [&](auto operation) {
        return run(context, [&, operation]() -> asio::awaitable<void> {
            value = co_await async_retry(operation, policy, backoff_policy::none());
        });
    };
    const auto broken = [&]() -> asio::awaitable<int> {
        ++calls;
        throw refused();
        co_return 0;
    };
    const auto answers = [&]() -> asio::awaitable<int> { co_return ++calls; };
    SUBCASE("the last exception") {
        CHECK_THROWS_AS(std::rethrow_exception(ends_with(broken)), refused);
    }
    SUBCASE("the last result") {
        CHECK(ends_with(answers) == nullptr);
        CHECK(value == 3);
    }
    SUBCASE("an error about it") {
        policy.reraise(false);
        CHECK_THROWS_AS(std::rethrow_exception(ends_with(broken)), retry_error);
        calls = 0;
        context.restart();
        CHECK_THROWS_AS(std::rethrow_exception(ends_with(answers)), retry_error);
    }
    SUBCASE("a fallback") {
        policy.reraise(false).fallback([](const retry_state& state) { return int(state.attempts) + 40; });
        CHECK(ends_with(broken) == nullptr);
        CHECK(value == 43);
    }
    CHECK(calls == 3);
}

TEST_CASE("a fallback may be for nothing, and must be of the operation's type") {
    asio::io_context context;
    int calls = 0;
    bool fell_back = false;
    const auto broken = [&]() -> asio::awaitable<void> {
        ++calls;
        throw refused();
        co_return;
    };
    retry_policy policy = retry_policy().retry_on(retry_always()).max_attempts(2);
    const auto body = [&]() -> asio::awaitable<void> {
        co_await async_retry(broken, policy, backoff_policy::none());
    };
    SUBCASE("for nothing") {
        policy.fallback([&](const retry_state&) { fell_back = true; });
        CHECK(run(context, body) == nullptr);
        CHECK(fell_back);
        CHECK(calls == 2);
    }
    SUBCASE("of another type") {
        policy.fallback([](const retry_state&) { return 7; });
        CHECK_THROWS_AS(std::rethrow_exception(run(context, body)), std::invalid_argument);
        CHECK(calls == 0);
    }
}

TEST_CASE("results need not be copyable, and any completion token will do") {
    asio::io_context context;
    const auto make = []() -> asio::awaitable<std::unique_ptr<int>> { co_return std::make_unique<int>(7); };
    gate limiter(context.get_executor(), coordinator_options().initial_rate(1e6), 1);
    int value = 0;
    // Without an executor of its own the handler runs on the gate's.
    const auto handler = [&](const std::exception_ptr& thrown, std::unique_ptr<int> result) {
        value = thrown ? 0 : *result;
    };
    async_retry(make, retry_policy(), limiter, handler);
    CHECK(value == 0);  // never inline
    context.run();
    CHECK(value == 7);
    auto later = async_retry(make, retry_policy(), asio::bind_executor(context, asio::use_future));
    context.restart();
    context.run();
    CHECK(*later.get() == 7);
}

TEST_CASE("what a hook or a condition throws ends async_retry, and no permit is kept") {
    asio::io_context context;
    gate limiter(context.get_executor(), one_at_a_time, 1);
    retry_policy policy = stubborn();
    const auto fail = [](const retry_state&) { throw std::logic_error("hook"); };
    fault what = fault::throws_later;
    SUBCASE("before") {
        policy.before(fail);
    }
    SUBCASE("after") {
        policy.after(fail);
    }
    SUBCASE("before_sleep") {
        policy.before_sleep(fail);
    }
    SUBCASE("on_success") {
        policy.on_success(fail);
    }
    SUBCASE("on_give_up") {
        policy.on_give_up(fail);
        what = fault::every_attempt_throws;
    }
    SUBCASE("classify") {
        policy.classify([](const attempt_result&) -> classification { throw std::logic_error("classify"); });
    }
    SUBCASE("retry_on") {
        policy.retry_on(retry_if([](const attempt_result&) -> bool { throw std::logic_error("condition"); }));
    }
    SUBCASE("stop") {
        policy.stop(stop_if([](const retry_state&) -> bool { throw std::logic_error("condition"); }));
    }
    SUBCASE("fallback") {
        policy.fallback([](const retry_state&) -> int { throw std::logic_error("fallback"); });
        what = fault::every_attempt_throws;
    }
    stepwise operation;
    operation.what = what;
    const auto body = [&]() -> asio::awaitable<void> {
        co_await async_retry(operation, policy, limiter, backoff_policy::none());
    };
    CHECK_THROWS_AS(std::rethrow_exception(run(context, body)), std::logic_error);
    CHECK(limiter.status().in_flight == 0);
    CHECK(limiter.status().waiting == 0);
}

TEST_CASE("every fault at every attempt ends async_retry once, as the policy says") {
    for (const fault what : every_fault) {
        for (const bool gated : {false, true}) {
            CAPTURE(static_cast<int>(what));
            CAPTURE(gated);
            asio::io_context context;
            std::optional<gate> limiter;
            if (gated) limiter.emplace(context.get_executor(), one_at_a_time, 1);
            stepwise operation;
            operation.what = what;
            observed seen;
            start(operation, limiter, context, seen.handler());
            CHECK(seen.completions == 0);
            context.run();
            CHECK(seen.completions == 1);
            const bool never_succeeds = what == fault::every_attempt_throws;
            CHECK(*operation.calls == (what == fault::none ? 1 : never_succeeds ? 4 : 3));
            CHECK(seen.value == (never_succeeds ? 0 : 200));
            CHECK((seen.thrown != nullptr) == never_succeeds);
            if (!limiter) continue;
            CHECK(limiter->status().in_flight == 0);
            CHECK(limiter->status().abandoned == 0);
        }
    }
}

TEST_CASE("cancelling async_retry after any number of steps ends it once, and no attempt follows") {
    for (const auto type : {asio::cancellation_type::terminal, asio::cancellation_type::partial,
                            asio::cancellation_type::total}) {
        for (const fault what : every_fault) {
            for (const bool gated : {false, true}) {
                CAPTURE(static_cast<int>(what));
                CAPTURE(gated);
                CAPTURE(static_cast<unsigned>(type));
                int cancelled = 0;
                bool ended_by_itself = false;
                for (int steps = 0; !ended_by_itself; ++steps) {
                    CAPTURE(steps);
                    REQUIRE(steps < 1000);
                    asio::io_context context;
                    std::optional<gate> limiter;
                    if (gated) limiter.emplace(context.get_executor(), one_at_a_time, 1);
                    stepwise operation;
                    operation.what = what;
                    asio::cancellation_signal signal;
                    observed seen;
                    start(operation, limiter, context,
                          asio::bind_cancellation_slot(signal.slot(), seen.handler()));
                    for (int i = 0; i < steps && seen.completions == 0; ++i) context.run_one();
                    ended_by_itself = seen.completions == 1;
                    int calls = 0;
                    asio::post(context, [&] {
                        calls = *operation.calls;
                        signal.emit(type);
                    });
                    context.restart();
                    context.run();
                    REQUIRE(seen.completions == 1);
                    if (limiter) {
                        REQUIRE(limiter->status().in_flight == 0);
                        REQUIRE(limiter->status().waiting == 0);
                    }
                    REQUIRE(*operation.calls == calls);
                    // Only what had succeeded, or was about to and took no notice, ends otherwise.
                    if (seen.thrown && seen.error() != errc::cancelled) {
                        REQUIRE(what == fault::every_attempt_throws);
                        REQUIRE(calls == 4);
                    }
                    cancelled += seen.error() == errc::cancelled;
                }
                // Other types are heard by waits only, and one of a microsecond may be over before it begins.
                if (gated || type == asio::cancellation_type::terminal) CHECK(cancelled > 0);
            }
        }
    }
}

TEST_CASE("an attempt that takes no notice of cancellation is the last one all the same") {
    asio::io_context context;
    int calls = 0;
    bool succeeds = false;
    SUBCASE("and fails") {}
    SUBCASE("and succeeds") {
        succeeds = true;
    }
    asio::cancellation_signal signal;
    const auto deaf = [&]() -> asio::awaitable<int> {
        ++calls;
        co_await asio::this_coro::reset_cancellation_state(asio::disable_cancellation());
        signal.emit(asio::cancellation_type::terminal);
        asio::steady_timer timer(context, std::chrono::microseconds(1));
        co_await timer.async_wait(asio::use_awaitable);
        if (!succeeds) throw refused();
        co_return 200;
    };
    observed seen;
    async_retry(deaf, stubborn(), backoff_policy::none(),
                asio::bind_cancellation_slot(signal.slot(), asio::bind_executor(context, seen.handler())));
    context.run();
    CHECK(calls == 1);
    CHECK(seen.completions == 1);
    if (succeeds) {
        CHECK(seen.value == 200);
    } else {
        CHECK(seen.error() == errc::cancelled);
    }
}

TEST_CASE("async_retry ends at once when it is cancelled while it backs off or waits in line") {
    asio::io_context context;
    gate limiter(context.get_executor(), one_at_a_time, 1);
    permit held;
    asio::cancellation_signal signal;
    observed seen;
    stepwise operation;
    operation.what = fault::throws_at_once;
    auto token = asio::bind_cancellation_slot(signal.slot(), asio::bind_executor(context, seen.handler()));
    const auto figures = std::make_shared<retry_statistics>();
    retry_policy policy = stubborn().statistics(figures);
    int expected_calls = 1;
    SUBCASE("backing off") {
        policy.before_sleep([&](const retry_state&) {
            asio::post(context, [&] { signal.emit(asio::cancellation_type::total); });
        });
        async_retry(operation, policy, backoff_policy::constant(std::chrono::hours(1)), token);
    }
    SUBCASE("in line") {
        limiter.async_admit(admission(), [&](error_code, permit granted) { held = std::move(granted); });
        context.run();
        context.restart();
        expected_calls = 0;
        async_retry(operation, policy, limiter, token);
        asio::post(context, [&] {
            asio::post(context, [&] {
                CHECK(limiter.status().waiting == 1);
                signal.emit(asio::cancellation_type::total);
            });
        });
    }
    context.run();
    CHECK(seen.completions == 1);
    CHECK(seen.error() == errc::cancelled);
    CHECK(*operation.calls == expected_calls);
    CHECK(limiter.status().waiting == 0);
    CHECK(figures->ended);
    CHECK_FALSE(figures->succeeded);
}

TEST_CASE("a gate that closes after any number of steps ends async_retry") {
    bool ended_by_itself = false;
    for (int steps = 0; !ended_by_itself; ++steps) {
        CAPTURE(steps);
        REQUIRE(steps < 1000);
        asio::io_context context;
        gate limiter(context.get_executor(), one_at_a_time, 1);
        observed seen;
        start(stepwise(), limiter, context, seen.handler());
        for (int i = 0; i < steps && seen.completions == 0; ++i) context.run_one();
        ended_by_itself = seen.completions == 1;
        limiter.close();
        context.run();
        REQUIRE(seen.completions == 1);
        // The attempt that runs may end well; no further one is admitted.
        REQUIRE((seen.value == 200 || seen.error() == errc::shut_down));
        REQUIRE(limiter.status().in_flight == 0);
    }
}

TEST_CASE("a context that is destroyed after any number of steps takes async_retry with it") {
    const auto token = std::make_shared<int>(0);
    bool ended_by_itself = false;
    for (int steps = 0; !ended_by_itself; ++steps) {
        REQUIRE(steps < 1000);
        bool completed = false;
        {
            asio::io_context context;
            gate limiter(context.get_executor(), one_at_a_time, 1);
            const auto handler = [&, token](const std::exception_ptr&, int) { completed = true; };
            start(stepwise(), limiter, context, handler);
            for (int i = 0; i < steps && !completed; ++i) context.run_one();
        }
        ended_by_itself = completed;
        REQUIRE(token.use_count() == 1);  // the handler is gone
    }
}
