#include <doctest/doctest.h>

#include <algorithm>
#include <boost/system/errc.hpp>
#include <boost/system/system_error.hpp>
#include <cmath>
#include <numeric>
#include <stdexcept>
#include <string>
#include <vector>

#include "stagger/retry_error.hpp"
#include "unit/retry/retry_script.hpp"
#include "unit/retry/uniform_check.hpp"

using namespace stagger;
using namespace stagger::test;
using namespace std::chrono_literals;

namespace {

struct rate_limit_exceeded : std::runtime_error {
    rate_limit_exceeded() : std::runtime_error("rate limit exceeded") {}
};

attempt_result refused(unsigned) {
    return attempt_result(std::make_exception_ptr(rate_limit_exceeded()));
}

// The two recipes of the usual guide to rate limits, as examples/tenacity_style.cpp and backoff_style.cpp
// have them.
const auto tenacity_policy = retry_policy().retry_on(retry_if_exception()).stop(stop_after_attempts(6));
const auto tenacity_wait = backoff_policy::random_exponential(1s, 60s, 1s);
const auto backoff_library_policy = retry_policy().retry_on(retry_if_exception<rate_limit_exceeded>());
const auto backoff_library_wait = backoff_policy::expo_full_jitter(1s);

constexpr int calls = 5000;

/// The waits of many calls that are always refused: [n-1] has those after the n-th attempt, in seconds.
std::vector<std::vector<double>> waits_of_many(const retry_policy& policy, const backoff_policy& backoff,
                                               std::size_t attempts) {
    std::vector<std::vector<double>> seconds(attempts - 1);
    for (std::uint64_t seed = 1; seed <= calls; ++seed) {
        const auto call = play(policy, backoff, refused, 0s, seed * 7919);
        REQUIRE(call.attempts == attempts);
        for (std::size_t n = 0; n < call.waits.size(); ++n) seconds[n].push_back(to_seconds(call.waits[n]));
    }
    return seconds;
}

/// Mean and variance of U(low, high), within five standard deviations of what that many samples have.
void check_moments(const std::vector<double>& samples, double low, double high) {
    CAPTURE(high);
    const double count = static_cast<double>(samples.size());
    const double width = high - low;
    const double mean = std::accumulate(samples.begin(), samples.end(), 0.0) / count;
    double squares = 0;
    for (const double sample : samples) squares += (sample - mean) * (sample - mean);
    const double variance = squares / (count - 1);
    CHECK(std::abs(mean - (low + high) / 2) < 5 * width / std::sqrt(12 * count));
    // The variance of a uniform sample's variance: (m4 - m2^2)/n with m2 = w^2/12, m4 = w^4/80.
    CHECK(std::abs(variance - width * width / 12) <
          5 * width * width * std::sqrt((1.0 / 80 - 1.0 / 144) / count));
}

}  // namespace

TEST_CASE("the waits of tenacity's example: U(1, 2^(n-1)) s, within 1 and 60, six attempts") {
    const auto seconds = waits_of_many(tenacity_policy, tenacity_wait, 6);
    // U(1, 1).
    CHECK(std::all_of(seconds[0].begin(), seconds[0].end(), [](double wait) { return wait == 1; }));
    for (std::size_t n = 2; n <= 5; ++n) {
        const double high = std::ldexp(1, static_cast<int>(n) - 1);
        check_uniform(seconds[n - 1], 1, high);
        check_moments(seconds[n - 1], 1, high);
    }
}

TEST_CASE("the waits of backoff's example: U(0, 2^(n-1)) s, without a cap, without an end") {
    retry_policy policy(backoff_library_policy);
    const auto seconds = waits_of_many(policy.max_attempts(13), backoff_library_wait, 13);
    for (std::size_t n = 1; n <= 12; ++n) {
        const double high = std::ldexp(1, static_cast<int>(n) - 1);
        check_uniform(seconds[n - 1], 0, high);
        check_moments(seconds[n - 1], 0, high);
    }
    CHECK(play(backoff_library_policy, backoff_policy::none(), refused).attempts ==
          100);  // where `play` ends
}

TEST_CASE("the waits of both examples are the formula of the number drawn") {
    const auto nanoseconds = [](double seconds) {
        return duration(static_cast<duration::rep>(seconds * 1e9));
    };
    for (std::uint64_t seed = 1; seed <= 200; ++seed) {
        random_source drawn(seed);
        const auto call = play(tenacity_policy, tenacity_wait, refused, 0s, seed);
        for (std::size_t n = 1; n <= 5; ++n) {
            const double high = std::max(1.0, std::min(std::pow(2.0, static_cast<double>(n - 1)), 60.0));
            const duration expected = nanoseconds(1 + (high - 1) * drawn.uniform());
            CHECK(std::abs((call.waits[n - 1] - expected).count()) <= 1);
        }
        drawn = random_source(seed);
        retry_policy limited(backoff_library_policy);
        const auto other = play(limited.max_attempts(9), backoff_library_wait, refused, 0s, seed);
        for (std::size_t n = 1; n <= 8; ++n) {
            const duration expected =
                nanoseconds(std::pow(2.0, static_cast<double>(n - 1)) * drawn.uniform());
            CHECK(std::abs((other.waits[n - 1] - expected).count()) <= 1);
        }
    }
}

TEST_CASE("what backoff's example does not name is not repeated, what tenacity's does not is") {
    const auto broken = [](unsigned) {
        return attempt_result(std::make_exception_ptr(std::logic_error("bug")));
    };
    CHECK(play(backoff_library_policy, backoff_library_wait, broken).attempts == 1);
    CHECK(play(tenacity_policy, tenacity_wait, broken).attempts == 6);
}

TEST_CASE("errors are named by code or by group, returned or thrown") {
    const attempt_result returned(make_error_code(errc::rate_limited));
    const attempt_result thrown(
        std::make_exception_ptr(boost::system::system_error(make_error_code(errc::overloaded))));
    CHECK(retry_if_error(errc::rate_limited)(returned));
    CHECK_FALSE(retry_if_error(errc::rate_limited)(thrown));
    CHECK((retry_if_error(condition::throttled)(returned) && retry_if_error(condition::throttled)(thrown)));
    CHECK_FALSE(retry_if_error(condition::permanent)(thrown));
    CHECK(retry_if_error(boost::system::errc::timed_out)(
        attempt_result(boost::system::errc::make_error_code(boost::system::errc::timed_out))));
    CHECK((retry_if_failed()(returned) && retry_if_failed()(thrown)));
    CHECK_FALSE(retry_if_failed()(attempt_result(error_code())));
    CHECK_FALSE(retry_if_exception()(returned));
}

TEST_CASE("a failure has a message and may have details, which are no result") {
    const std::string detail = "more";
    const auto failed =
        attempt_result::of_error(make_error_code(errc::server_error), detail, "upstream is down");
    CHECK(failed.message() == "upstream is down");
    CHECK(*failed.detail<std::string>() == "more");
    CHECK(failed.value<std::string>() == nullptr);
    CHECK_FALSE(retry_if_result<std::string>([](const std::string&) { return true; })(failed));
    CHECK(attempt_result(make_error_code(errc::rate_limited)).message() ==
          make_error_code(errc::rate_limited).message());
    CHECK(attempt_result::of(detail).detail<std::string>() == nullptr);
    CHECK(attempt_result::of(detail).message().empty());
    CHECK(attempt_result(std::make_exception_ptr(7)).message().empty());
    CHECK(attempt_result(std::make_exception_ptr(7)).failed());
}

TEST_CASE("conditions that make no sense are refused") {
    CHECK_THROWS_WITH_AS(stop_after_attempts(0), "count: must be >= 1, is 0", std::invalid_argument);
    CHECK_THROWS_WITH_AS(stop_after_delay(-1s), "limit: must be >= 0, is -1.000000 s", std::invalid_argument);
    CHECK_THROWS_AS(stop_before_delay(-1s), std::invalid_argument);
    CHECK_THROWS_AS(stop_if(nullptr), std::invalid_argument);
    CHECK_THROWS_AS(retry_if(nullptr), std::invalid_argument);
    CHECK_THROWS_AS(retry_policy().before(nullptr), std::invalid_argument);
    CHECK_THROWS_AS(backoff_policy::computed(nullptr), std::invalid_argument);
    CHECK_THROWS_AS(backoff_policy::none().at_least(-1s), std::invalid_argument);
    CHECK_THROWS_AS(backoff_policy::exponential(1s, 2s, 0s, 0), std::invalid_argument);
    try {
        retry_if_message_matches("(open");
        FAIL("accepted");
    } catch (const std::invalid_argument& wrong) {
        CHECK(std::string(wrong.what()).find("is \"(open\": ") != std::string::npos);
    }
}

TEST_CASE("a long message is searched without exhausting the stack") {
    const attempt_result failed(
        std::make_exception_ptr(std::runtime_error(std::string(10'000'000, 'x') + "y")));
    CHECK_FALSE(retry_if_message_matches("(x|z)*y")(failed));
    CHECK(retry_if_message("xy")(failed));
}

TEST_CASE("waits can be bounded from both sides") {
    random_source random(1);
    const auto wait = backoff_policy::exponential(1s).at_least(3s).at_most(10s);
    const std::vector<duration> expected{3s, 3s, 4s, 8s, 10s};
    for (unsigned n = 1; n <= 5; ++n) CHECK(wait.next(n, 0s, random) == expected[n - 1]);
}

TEST_CASE("conditions combine without asking more than needed") {
    int asked = 0;
    const auto count = stop_if([&](const retry_state&) { return ++asked > 0; });
    CHECK((count | stop_never())(retry_state()));
    CHECK_FALSE((stop_never() & count)(retry_state()));
    CHECK(asked == 1);
    const attempt_result any{error_code()};
    int seen = 0;
    const auto look = retry_if([&](const attempt_result&) { return ++seen > 0; });
    CHECK((retry_always() | look)(any));
    CHECK_FALSE((retry_never() & look)(any));
    CHECK(seen == 0);
    CHECK((retry_always() | (retry_always() & retry_never()))(any));
    CHECK_FALSE(((retry_always() | retry_always()) & !retry_always())(any));
}

TEST_CASE("a hook sees the call as it is at that moment") {
    std::vector<retry_state> before;
    std::vector<retry_state> after;
    std::vector<retry_state> sleep;
    const auto policy = retry_policy(backoff_library_policy)
                            .max_attempts(3)
                            .before([&](const retry_state& state) { before.push_back(state); })
                            .after([&](const retry_state& state) { after.push_back(state); })
                            .before_sleep([&](const retry_state& state) { sleep.push_back(state); });
    play(policy, backoff_policy::exponential(2s), refused, 1s);
    REQUIRE(before.size() == 3);
    REQUIRE(after.size() == 3);
    REQUIRE(sleep.size() == 2);
    CHECK(before[0].elapsed == 0s);
    CHECK(before[0].outcome == nullptr);
    CHECK(before[2].outcome == nullptr);
    CHECK(before[2].elapsed == 8s);  // 1 + 2 + 1 + 4
    CHECK(before[2].idle == 6s);
    CHECK(before[2].last_wait == 4s);
    CHECK(after[2].elapsed == 9s);
    CHECK(after[2].judged.verdict == verdict::permanent);
    CHECK(sleep[1].attempts == 2);
    CHECK(sleep[1].next_wait == 4s);
    CHECK(sleep[1].started == time_point(1h));
}

TEST_CASE("a hook sees what the attempt before was judged as") {
    std::vector<verdict> before;
    verdict before_success = verdict::permanent;
    const auto policy =
        retry_policy()
            .before_sleep([&](const retry_state& state) { before.push_back(state.judged_before.verdict); })
            .on_success([&](const retry_state& state) { before_success = state.judged_before.verdict; });
    play(policy, backoff_policy::none(), [](unsigned attempt) {
        if (attempt == 1) return attempt_result(make_error_code(errc::rate_limited));
        if (attempt == 2) return attempt_result(make_error_code(errc::server_error));
        return attempt_result(error_code());
    });
    CHECK(before == std::vector<verdict>{verdict::ok, verdict::throttled});
    CHECK(before_success == verdict::transient);
}

TEST_CASE("an ending that is known to be the last stands, whatever the policy says") {
    random_source random(1);
    unsigned given_up = 0;
    const auto policy =
        retry_policy().retry_on(retry_always()).on_give_up([&](const retry_state&) { ++given_up; });
    const auto backoff = backoff_policy::none();
    const time_point start{1h};
    retry_session session(policy, backoff, start);
    session.attempt_begins(start);
    const attempt_result result(make_error_code(errc::unreadable_answer));
    retry_session::pause known;
    known.last = true;
    CHECK(session.attempt_ended(result, policy.classify(result), start, known, random).what ==
          retry_session::next::end);
    CHECK(given_up == 1);
}

TEST_CASE("a Retry-After is a lower bound of the wait, and a stop before it spares the wait") {
    retry_policy policy;
    policy.classify([](const attempt_result&) { return classification{verdict::throttled, 30s}; });
    policy.stop(stop_before_delay(1min));
    const auto call = play(policy, backoff_policy::constant(1s), refused);
    CHECK(call.attempts == 2);
    CHECK(call.waits == std::vector<duration>{30s});
    CHECK(call.ended == retry_session::next::stop);
}

TEST_CASE("somebody else's pace replaces the own wait, and a deadline ends the call as a limit does") {
    random_source random(1);
    const retry_policy policy;
    const auto backoff = backoff_policy::constant(5s);
    const time_point start{1h};
    retry_session session(policy, backoff, start);
    session.attempt_begins(start);
    const attempt_result result(make_error_code(errc::rate_limited));
    retry_session::pause known;
    known.own_backoff = false;
    known.earliest = start + 2s;
    const auto step = session.attempt_ended(result, policy.classify(result), start + 1s, known, random);
    CHECK(step.what == retry_session::next::attempt);
    CHECK(step.not_before == start + 2s);
    CHECK(session.state().next_wait == 1s);
    CHECK(random.next() == random_source(1).next());

    session.attempt_begins(start + 4s);
    CHECK(session.state().idle == 3s);  // as long as it really waited
    known.too_late = true;
    CHECK(session.attempt_ended(result, policy.classify(result), start + 5s, known, random).what ==
          retry_session::next::late);
}

TEST_CASE("statistics of a cancelled call end where it ended") {
    const auto figures = std::make_shared<retry_statistics>();
    const auto policy = retry_policy().statistics(figures);
    const auto backoff = backoff_policy::constant(5s);
    random_source random(1);
    const time_point start{1h};
    retry_session session(policy, backoff, start);
    session.attempt_begins(start + 1s);
    {
        const attempt_result result(make_error_code(errc::rate_limited));
        session.attempt_ended(result, policy.classify(result), start + 3s, {}, random);
    }
    CHECK_FALSE(figures->ended);
    session.cancelled(start + 7s);
    CHECK(figures->attempts == 1);
    CHECK(figures->elapsed == 7s);
    CHECK(figures->idle == 5s);
    CHECK(figures->last_error == errc::rate_limited);
    CHECK((figures->ended && !figures->succeeded));
    // A further call with the same policy starts from nothing.
    const retry_session next(policy, backoff, start + 8s);
    CHECK(figures->attempts == 0);
    CHECK_FALSE(figures->last_error);
    CHECK_FALSE(figures->ended);
}

TEST_CASE("an error says what ended the retries") {
    retry_state state;
    state.attempts = 2;
    state.elapsed = 1500ms;
    const int value = 7;
    const auto result = attempt_result::of(value);
    state.outcome = &result;
    CHECK(std::string(retry_error(state).what()) ==
          "given up after 2 attempts in 1.500000 s: the last result was not accepted");
    CHECK(retry_error(state).last_exception() == nullptr);
    const attempt_result failed(
        std::make_exception_ptr(boost::system::system_error(make_error_code(errc::rate_limited))));
    state.outcome = &failed;
    CHECK(retry_error(state).code() == errc::rate_limited);
}
