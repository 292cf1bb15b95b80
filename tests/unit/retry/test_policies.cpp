#include <doctest/doctest.h>

#include <algorithm>
#include <boost/system/errc.hpp>
#include <boost/system/system_error.hpp>
#include <cmath>
#include <functional>
#include <set>
#include <stdexcept>
#include <string>
#include <system_error>
#include <vector>

#include "stagger/backoff_policy.hpp"
#include "stagger/error.hpp"
#include "stagger/retry_policy.hpp"
#include "unit/retry/uniform_check.hpp"

using namespace std::chrono_literals;
using stagger::backoff_policy;
using stagger::condition;
using stagger::duration;
using stagger::errc;
using stagger::error_code;
using stagger::verdict;
using stagger::test::check_uniform;

namespace {

std::vector<errc> every_error() {
    std::vector<errc> all;
    for (int value = 1; value <= static_cast<int>(errc::shut_down); ++value) {
        all.push_back(static_cast<errc>(value));
    }
    return all;
}

std::set<errc> members(condition group) {
    std::set<errc> found;
    for (errc value : every_error()) {
        if (make_error_code(value) == group) found.insert(value);
    }
    return found;
}

#ifdef __GNUC__
// The destructor of Boost's base class is protected; its friends make g++ take it for public.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wnon-virtual-dtor"
#endif
class named_category final : public boost::system::error_category {
 public:
    explicit named_category(const char* name) : name_(name) {}
    const char* name() const noexcept override { return name_; }
    std::string message(int) const override { return name_; }

 private:
    const char* name_;
};
#ifdef __GNUC__
#pragma GCC diagnostic pop
#endif

}  // namespace

TEST_CASE("every error has a name and a message of its own") {
    std::set<std::string> names;
    std::set<std::string> messages;
    for (errc value : every_error()) {
        names.emplace(to_string(value));
        messages.insert(make_error_code(value).message());
    }
    CHECK(names.size() == every_error().size());
    CHECK(messages.size() == every_error().size());
    CHECK(names.count("unknown") == 0);
    CHECK(to_string(errc::rate_limited) == "rate_limited");
    CHECK(to_string(static_cast<errc>(999)) == "unknown");
    CHECK(error_code(999, stagger::stagger_category()).message() == "unknown error");
    CHECK(std::string(stagger::stagger_category().name()) == "stagger");
}

TEST_CASE("conditions group the errors") {
    const std::set<errc> throttled{errc::rate_limited, errc::overloaded};
    const std::set<errc> cancelled{errc::cancelled, errc::shut_down};
    const std::set<errc> timed_out{errc::resolve_timed_out,   errc::connect_timed_out,
                                   errc::handshake_timed_out, errc::send_timed_out,
                                   errc::answer_timed_out,    errc::deadline_exceeded};
    CHECK(members(condition::throttled) == throttled);
    CHECK(members(condition::cancelled) == cancelled);
    CHECK(members(condition::timed_out) == timed_out);

    // Everything is to be tried again, final, ended by the caller, or out of time: exactly one of them.
    const auto retryable = members(condition::retryable);
    const auto permanent = members(condition::permanent);
    for (errc value : every_error()) {
        const auto groups = retryable.count(value) + permanent.count(value) + cancelled.count(value) +
                            (value == errc::deadline_exceeded ? 1U : 0U);
        CHECK_MESSAGE(groups == 1, to_string(value));
    }
    CHECK(std::includes(retryable.begin(), retryable.end(), throttled.begin(), throttled.end()));
    CHECK(retryable.count(errc::answer_truncated) == 1);
    CHECK(permanent.count(errc::certificate_wrong_host) == 1);
    CHECK(permanent.count(errc::quota_exhausted) == 1);
    CHECK_FALSE(error_code() == condition::permanent);
    CHECK_FALSE(error_code(999, stagger::stagger_category()) == condition::permanent);
}

TEST_CASE("conditions match the system's and Asio's codes") {
    namespace sys = boost::system;
    const auto code = [](sys::errc::errc_t value) { return sys::errc::make_error_code(value); };
    CHECK(code(sys::errc::operation_canceled) == condition::cancelled);
    CHECK(error_code(ECANCELED, sys::system_category()) == condition::cancelled);
    CHECK(code(sys::errc::timed_out) == condition::timed_out);
    CHECK(code(sys::errc::timed_out) == condition::retryable);
    CHECK(code(sys::errc::connection_reset) == condition::retryable);
    CHECK(error_code(ECONNREFUSED, sys::system_category()) == condition::retryable);
    CHECK_FALSE(code(sys::errc::permission_denied) == condition::retryable);
    CHECK_FALSE(code(sys::errc::permission_denied) == condition::permanent);

    const named_category misc("asio.misc");
    const named_category netdb("asio.netdb");
    const named_category channel("asio.channel");
    CHECK(error_code(2, misc) == condition::retryable);
    CHECK_FALSE(error_code(3, misc) == condition::retryable);
    CHECK(error_code(1, netdb) == condition::permanent);
    CHECK(error_code(2, netdb) == condition::retryable);
    CHECK(error_code(2, channel) == condition::cancelled);
}

TEST_CASE("default classification") {
    const auto classify = [](auto what) {
        return classify_by_default(stagger::attempt_result(what)).verdict;
    };
    const auto thrown = [&](auto exception) { return classify(std::make_exception_ptr(exception)); };
    CHECK(classify(error_code()) == verdict::ok);
    CHECK(classify(make_error_code(errc::rate_limited)) == verdict::throttled);
    CHECK(classify(make_error_code(errc::server_error)) == verdict::transient);
    CHECK(classify(make_error_code(errc::unauthorized)) == verdict::permanent);
    CHECK(classify(make_error_code(errc::cancelled)) == verdict::permanent);
    CHECK(classify(make_error_code(errc::deadline_exceeded)) == verdict::permanent);
    CHECK(classify(boost::system::errc::make_error_code(boost::system::errc::connection_reset)) ==
          verdict::transient);
    CHECK(classify(std::exception_ptr()) == verdict::ok);
    CHECK(thrown(std::runtime_error("x")) == verdict::permanent);
    CHECK(thrown(boost::system::system_error(make_error_code(errc::overloaded))) == verdict::throttled);
    CHECK(thrown(std::system_error(std::make_error_code(std::errc::connection_reset))) == verdict::transient);
    CHECK(thrown(std::system_error(std::make_error_code(std::errc::operation_canceled))) ==
          verdict::permanent);
    // A thrown success is still an exception.
    CHECK(thrown(boost::system::system_error(error_code())) == verdict::permanent);
}

TEST_CASE("an attempt's result is seen as what it is") {
    const int number = 7;
    const auto result = stagger::attempt_result::of(number);
    REQUIRE(result.value<int>() != nullptr);
    CHECK(*result.value<int>() == 7);
    CHECK(result.value<long>() == nullptr);
    CHECK_FALSE(result.error());

    stagger::retry_policy policy;
    policy.classify([](const stagger::attempt_result& seen) {
        const int* value = seen.value<int>();
        return value && *value == 7 ? stagger::classification{verdict::throttled, 3s}
                                    : stagger::classification{};
    });
    CHECK(policy.classify(result) == stagger::classification{verdict::throttled, 3s});
}

TEST_CASE("attempts and time end the retries") {
    const auto stops_at = [](const stagger::retry_policy& policy, unsigned attempts, duration elapsed) {
        stagger::retry_state state;
        state.attempts = attempts;
        state.elapsed = elapsed;
        return policy.stops(state);
    };
    stagger::retry_policy policy;
    CHECK_FALSE(stops_at(policy, 1000000, 24h));
    policy.max_attempts(3);
    CHECK_FALSE(stops_at(policy, 2, 0s));
    CHECK(stops_at(policy, 3, 0s));
    policy.max_attempts(0).stop_after(10s);
    CHECK_FALSE(stops_at(policy, 99, 10s - 1ns));
    CHECK(stops_at(policy, 1, 10s));
}

TEST_CASE("what was throttled or failed by accident is repeated") {
    const stagger::retry_policy policy;
    const stagger::attempt_result any{error_code()};
    CHECK(policy.repeats(any, verdict::throttled));
    CHECK(policy.repeats(any, verdict::transient));
    CHECK_FALSE(policy.repeats(any, verdict::permanent));
    CHECK_FALSE(policy.repeats(any, verdict::ok));
}

TEST_CASE("wrong settings are refused by name") {
    stagger::retry_policy policy;
    CHECK_THROWS_WITH_AS(policy.stop_after(-1s), "stop_after: must be >= 0, is -1.000000 s",
                         std::invalid_argument);
    CHECK_THROWS_AS(policy.classify(nullptr), std::invalid_argument);
    CHECK_THROWS_WITH_AS(backoff_policy::full_jitter(-1ms, 1s), "base: must be >= 0, is -0.001000 s",
                         std::invalid_argument);
    CHECK_THROWS_AS(backoff_policy::constant(-1ns), std::invalid_argument);
    CHECK_THROWS_AS(backoff_policy::random_exponential(1s, 1s, -1s), std::invalid_argument);
}

namespace {

constexpr int samples = 20000;

std::vector<double> draw(const backoff_policy& policy, unsigned failed, duration previous = 0ns) {
    stagger::random_source random(failed + 1);
    std::vector<double> waits;
    for (int i = 0; i < samples; ++i)
        waits.push_back(stagger::to_seconds(policy.next(failed, previous, random)));
    std::sort(waits.begin(), waits.end());
    return waits;
}

}  // namespace

TEST_CASE("waits without jitter") {
    stagger::random_source random(1);
    CHECK(backoff_policy::none().next(5, 3s, random) == 0s);
    CHECK(backoff_policy::constant(3s).next(9, 0s, random) == 3s);
    const auto doubling = backoff_policy::exponential(100ms, 1s);
    const std::vector<duration> expected{100ms, 200ms, 400ms, 800ms, 1s, 1s};
    for (unsigned n = 1; n <= expected.size(); ++n) CHECK(doubling.next(n, 0s, random) == expected[n - 1]);
    CHECK(doubling.next(4000000000U, 0s, random) == 1s);
    CHECK(doubling.next(0, 0s, random) == 100ms);
    CHECK(backoff_policy::exponential(1s, duration::max()).next(5000, 0s, random) == duration::max());
    // Nothing was drawn.
    CHECK(random.next() == stagger::random_source(1).next());
}

TEST_CASE("full jitter is uniform below the doubled base") {
    for (const auto& policy :
         {backoff_policy::full_jitter(500ms, 30s), backoff_policy::expo_full_jitter(500ms, 30s)}) {
        check_uniform(draw(policy, 1), 0, 0.5);
        check_uniform(draw(policy, 4), 0, 4);
        check_uniform(draw(policy, 40), 0, 30);
    }
}

TEST_CASE("equal jitter is uniform in the upper half") {
    const auto policy = backoff_policy::equal_jitter(1s, 20s);
    check_uniform(draw(policy, 1), 0.5, 1);
    check_uniform(draw(policy, 3), 2, 4);
    check_uniform(draw(policy, 60), 10, 20);
}

TEST_CASE("random exponential is uniform above its minimum") {
    const auto policy = backoff_policy::random_exponential(1s, 60s, 1s);
    stagger::random_source random(3);
    for (int i = 0; i < 100; ++i) CHECK(policy.next(1, 0s, random) == 1s);
    check_uniform(draw(policy, 2), 1, 2);
    check_uniform(draw(policy, 5), 1, 16);
    check_uniform(draw(policy, 7), 1, 60);
    // A minimum above the maximum wins, as in tenacity.
    CHECK(backoff_policy::random_exponential(1s, 2s, 5s).next(9, 0s, random) == 5s);
}

TEST_CASE("decorrelated jitter grows from the previous wait") {
    const auto policy = backoff_policy::decorrelated(100ms, 10s);
    check_uniform(draw(policy, 1), 0.1, 0.3);
    check_uniform(draw(policy, 2, 2s), 0.1, 6);
    const auto capped = draw(policy, 3, 10s);
    CHECK(capped.back() == 10.0);
    const auto at_cap = std::count(capped.begin(), capped.end(), 10.0);
    // U(0.1, 30) exceeds 10 in 20 of 29.9 cases; four standard deviations are 0.0133.
    CHECK(std::abs(static_cast<double>(at_cap) / samples - 20 / 29.9) < 0.0133);
}

TEST_CASE("openai-python's wait lies in the upper quarter") {
    const auto policy = backoff_policy::openai();
    check_uniform(draw(policy, 1), 0.375, 0.5);
    check_uniform(draw(policy, 3), 1.5, 2);
    check_uniform(draw(policy, 30), 6, 8);
}

TEST_CASE("uniform is uniform between its bounds") {
    check_uniform(draw(backoff_policy::uniform(1s, 3s), 7), 1, 3);
}

TEST_CASE("incrementing grows by the same step up to its maximum") {
    const auto policy = backoff_policy::incrementing(100ms, 200ms, 1s);
    stagger::random_source random(1);
    CHECK(policy.next(1, 0s, random) == 100ms);
    CHECK(policy.next(2, 0s, random) == 300ms);
    CHECK(policy.next(5, 0s, random) == 900ms);
    CHECK(policy.next(6, 0s, random) == 1s);
    CHECK(policy.next(4000000000U, 0s, random) == 1s);
}

TEST_CASE("an exponential wait has a minimum, which wins over its maximum, as in tenacity") {
    stagger::random_source random(1);
    CHECK(backoff_policy::exponential(1s, 60s, 4s).next(1, 0s, random) == 4s);
    CHECK(backoff_policy::exponential(1s, 60s, 4s).next(4, 0s, random) == 8s);
    CHECK(backoff_policy::exponential(1s, 2s, 4s).next(4, 0s, random) == 4s);
}

TEST_CASE("fibonacci waits are the numbers, in seconds") {
    const auto policy = backoff_policy::fibonacci(1min);
    stagger::random_source random(1);
    const std::vector<stagger::duration> expected{1s, 1s, 2s, 3s, 5s, 8s, 13s, 21s, 34s, 55s, 60s, 60s};
    for (unsigned n = 1; n <= expected.size(); ++n) CHECK(policy.next(n, 0s, random) == expected[n - 1]);
    CHECK(policy.next(4000000000U, 0s, random) == 60s);
    CHECK(backoff_policy::fibonacci(stagger::duration::max()).next(4000000000U, 0s, random) > 24h * 365);
}

TEST_CASE("exponential jitter is uniform above the exponential, within the maximum") {
    const auto policy = backoff_policy::exponential_jitter(3s, 30min, 3s);
    check_uniform(draw(policy, 1), 3, 6);
    check_uniform(draw(policy, 4), 24, 27);
    stagger::random_source random(1);
    CHECK(policy.next(11, 0s, random) == 30min);
}

TEST_CASE("a chain takes one step after the other and stays at the last") {
    const auto policy = backoff_policy::chain(
        {backoff_policy::constant(1s), backoff_policy::exponential(1s, 1min), backoff_policy::constant(7s)});
    stagger::random_source random(1);
    CHECK(policy.next(1, 0s, random) == 1s);
    CHECK(policy.next(2, 0s, random) == 2s);
    CHECK(policy.next(3, 0s, random) == 7s);
    CHECK(policy.next(50, 0s, random) == 7s);
    CHECK_THROWS_WITH_AS(backoff_policy::chain({}), "steps: must be at least one, are none",
                         std::invalid_argument);
}

TEST_CASE("waits add up, and any of them can be jittered as a whole") {
    // backoff's random_jitter of 3 s, and its full_jitter of the fourth Fibonacci number.
    check_uniform(draw(backoff_policy::constant(3s) + backoff_policy::uniform(0s, 1s), 1), 3, 4);
    check_uniform(draw(backoff_policy::fibonacci(1min).fully_jittered(), 4), 0, 3);
    stagger::random_source random(1);
    const auto longest = backoff_policy::constant(stagger::duration::max());
    CHECK((longest + longest).next(1, 0s, random) == stagger::duration::max());
}

TEST_CASE("the same seed gives the same waits, one draw each") {
    const std::vector<backoff_policy> policies{
        backoff_policy::full_jitter(1s, 9s), backoff_policy::equal_jitter(1s, 9s),
        backoff_policy::decorrelated(1s, 9s), backoff_policy::random_exponential(1s, 9s, 0s),
        backoff_policy::openai()};
    for (const auto& policy : policies) {
        stagger::random_source first(42);
        stagger::random_source second(42);
        stagger::random_source counter(42);
        for (unsigned n = 1; n < 50; ++n) {
            CHECK(policy.next(n, 1s, first) == policy.next(n, 1s, second));
            counter.next();
        }
        CHECK(first.next() == counter.next());
    }
}

TEST_CASE("a wait that depends on whether it was a refusal looks at what classify said") {
    stagger::random_source random(1);
    const auto wait =
        backoff_policy::when_throttled(backoff_policy::constant(1s), backoff_policy::constant(50ms));
    stagger::retry_state state;
    state.attempts = 1;
    state.judged.verdict = verdict::throttled;
    CHECK(wait.next(state, random) == 1s);
    for (const auto other : {verdict::transient, verdict::permanent, verdict::ok}) {
        state.judged.verdict = other;
        CHECK(wait.next(state, random) == 50ms);
    }
}
