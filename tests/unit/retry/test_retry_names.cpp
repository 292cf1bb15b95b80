// What each name of tenacity and of backoff is called here: docs/retries.md has the table, and every row of
// it a subcase below with the same name. A test in tests/layers compares the two.
#include <doctest/doctest.h>

#include <boost/system/system_error.hpp>
#include <stdexcept>
#include <string>

#include "stagger/retry_error.hpp"
#include "unit/retry/retry_script.hpp"
#include "unit/retry/uniform_check.hpp"

using namespace stagger;
using namespace stagger::test;
using namespace std::chrono_literals;

namespace {

struct refused : std::runtime_error {
    using std::runtime_error::runtime_error;
};
struct refused_twice : refused {
    using refused::refused;
};

template <class Exception>
attempt_result thrown(const Exception& exception) {
    return attempt_result(std::make_exception_ptr(exception));
}

attempt_result always_refused(unsigned) {
    return thrown(refused("too many requests"));
}

/// Results that live as long as the tests: attempt_result does not own them.
attempt_result returns(int value) {
    static const std::vector<int> values{0, 1, 2, 3, 4, 5, 6, 7, 8, 9};
    return attempt_result::of(values.at(static_cast<std::size_t>(value)));
}

const retry_policy on_refusal = retry_policy().retry_on(retry_if_exception<refused>());

unsigned attempts_until(stop_condition stop, const backoff_policy& wait = backoff_policy::constant(1s),
                        duration attempt_length = 0s) {
    return play(retry_policy(on_refusal).stop(std::move(stop)), wait, always_refused, attempt_length)
        .attempts;
}

std::vector<duration> waits(const backoff_policy& wait, unsigned count) {
    return play(retry_policy(on_refusal).max_attempts(count + 1), wait, always_refused).waits;
}

/// Many draws of the wait after the n-th failure, in seconds.
std::vector<double> draws(const backoff_policy& wait, unsigned n) {
    std::vector<double> seconds;
    random_source random(n);
    for (int i = 0; i < 5000; ++i) seconds.push_back(to_seconds(wait.next(n, 0s, random)));
    return seconds;
}

}  // namespace

TEST_CASE("tenacity's stop conditions") {
    SUBCASE("stop_never") {
        CHECK(attempts_until(stop_never()) == 100);
    }
    SUBCASE("stop_after_attempt") {
        CHECK(attempts_until(stop_after_attempts(6)) == 6);
    }
    SUBCASE("stop_after_delay") {
        // Attempts of 1 s, waits of 1 s: the third one ends after 5 s.
        CHECK(attempts_until(stop_after_delay(5s), backoff_policy::constant(1s), 1s) == 3);
        CHECK(attempts_until(stop_after_delay(5s + 1ns), backoff_policy::constant(1s), 1s) == 4);
    }
    SUBCASE("stop_before_delay") {
        CHECK(attempts_until(stop_before_delay(5s), backoff_policy::constant(1s), 1s) == 3);
        CHECK(attempts_until(stop_before_delay(4s), backoff_policy::constant(1s), 1s) == 2);
        CHECK(attempts_until(stop_before_delay(60s), backoff_policy::constant(60s)) == 1);
    }
    SUBCASE("stop_when_event_set") {
        std::stop_source event;
        const auto policy = retry_policy(on_refusal).stop(stop_when(event.get_token()));
        const auto script = [&](unsigned n) {
            if (n == 4) event.request_stop();
            return always_refused(n);
        };
        CHECK(play(policy, backoff_policy::none(), script).attempts == 4);
    }
    SUBCASE("stop_any") {
        CHECK(attempts_until(stop_after_attempts(3) | stop_after_delay(1h)) == 3);
        CHECK(attempts_until(stop_after_attempts(30) | stop_after_delay(3s)) == 4);
    }
    SUBCASE("stop_all") {
        CHECK(attempts_until(stop_after_attempts(3) & stop_after_delay(5s)) == 6);
        CHECK(attempts_until(stop_after_attempts(8) & stop_after_delay(5s)) == 8);
    }
    SUBCASE("stop=function") {
        CHECK(attempts_until(stop_if([](const retry_state& state) { return state.idle >= 3s; })) == 4);
    }
}

TEST_CASE("tenacity's retry conditions") {
    const auto good = returns(1);
    const auto bad = thrown(refused("slow down, please"));
    const auto worse = thrown(refused_twice("slow down now"));
    const auto other = thrown(std::logic_error("bug 7"));
    SUBCASE("retry_always") {
        CHECK((retry_always()(good) && retry_always()(bad)));
    }
    SUBCASE("retry_never") {
        CHECK_FALSE((retry_never()(good) || retry_never()(bad)));
    }
    SUBCASE("retry_if_exception") {
        const auto condition = retry_if_exception<refused>(
            [](const refused& e) { return std::string(e.what()) == "slow down now"; });
        CHECK(condition(worse));
        CHECK_FALSE(condition(bad));
        CHECK_FALSE(condition(other));
        CHECK_FALSE(condition(good));
    }
    SUBCASE("retry_if_exception_type") {
        CHECK((retry_if_exception()(bad) && retry_if_exception()(other)));
        CHECK_FALSE(retry_if_exception()(good));
        CHECK((retry_if_exception<refused>()(bad) && retry_if_exception<refused>()(worse)));
        CHECK_FALSE((retry_if_exception<refused>()(other) || retry_if_exception<refused>()(good)));
        CHECK_FALSE(retry_if_exception<refused_twice>()(bad));
    }
    SUBCASE("retry_if_not_exception_type") {
        const auto condition = retry_if_exception() & !retry_if_exception<refused>();
        CHECK(condition(other));
        CHECK_FALSE((condition(bad) || condition(good)));
    }
    SUBCASE("retry_unless_exception_type") {
        const auto condition = !retry_if_exception<refused>();
        CHECK((condition(other) && condition(good)));
        CHECK_FALSE(condition(bad));
    }
    SUBCASE("retry_if_exception_cause_type") {
        std::exception_ptr nested;
        try {
            try {
                throw refused("slow down");
            } catch (const std::exception&) {
                try {
                    std::throw_with_nested(std::runtime_error("inner"));
                } catch (const std::exception&) {
                    std::throw_with_nested(std::logic_error("outer"));
                }
            }
        } catch (...) {
            nested = std::current_exception();
        }
        CHECK(retry_if_cause<refused>()(attempt_result(nested)));
        CHECK_FALSE(retry_if_cause<std::bad_alloc>()(attempt_result(nested)));
        CHECK_FALSE(retry_if_cause<refused>()(bad));  // it has no cause
        CHECK_FALSE(retry_if_cause<refused>()(good));
    }
    SUBCASE("retry_if_result") {
        const auto condition = retry_if_result<int>([](int value) { return value < 5; });
        CHECK(condition(returns(4)));
        CHECK_FALSE((condition(returns(5)) || condition(bad)));
        CHECK_FALSE(retry_if_result<long>([](long) { return true; })(returns(4)));
    }
    SUBCASE("retry_if_not_result") {
        const auto condition = retry_if_result<int>([](int value) { return !(value < 5); });
        CHECK(condition(returns(5)));
        CHECK_FALSE((condition(returns(4)) || condition(bad)));
    }
    SUBCASE("retry_if_exception_message") {
        CHECK(retry_if_message("down, please")(bad));
        CHECK_FALSE((retry_if_message("down, please")(worse) || retry_if_message("")(good)));
        CHECK(retry_if_message_matches("^slow down (now|soon)$")(worse));
        CHECK_FALSE(retry_if_message_matches("^slow down (now|soon)$")(bad));
        CHECK(retry_if_message_matches("bug [0-9]+")(other));
    }
    SUBCASE("retry_if_not_exception_message") {
        const auto condition = !retry_if_message("please");
        CHECK((condition(worse) && condition(good)));
        CHECK_FALSE(condition(bad));
    }
    SUBCASE("retry_any") {
        const auto condition =
            retry_if_exception<refused>() | retry_if_result<int>([](int v) { return v == 0; });
        CHECK((condition(bad) && condition(returns(0))));
        CHECK_FALSE((condition(other) || condition(good)));
    }
    SUBCASE("retry_all") {
        const auto condition = retry_if_exception<refused>() & retry_if_message("please");
        CHECK(condition(bad));
        CHECK_FALSE((condition(worse) || condition(other) || condition(good)));
    }
    SUBCASE("retry=function") {
        const auto condition = retry_if([](const attempt_result& seen) { return seen.message() == "bug 7"; });
        CHECK(condition(other));
        CHECK_FALSE(condition(bad));
    }
    SUBCASE("TryAgain") {
        struct try_again : std::exception {};
        const auto condition = retry_if_exception<refused>() | retry_if_exception<try_again>();
        CHECK((condition(thrown(try_again())) && condition(bad)));
        CHECK_FALSE(condition(other));
    }
}

TEST_CASE("tenacity's waits") {
    using policy = backoff_policy;
    using list = std::vector<duration>;
    SUBCASE("wait_none") {
        CHECK(waits(policy::none(), 3) == list{0s, 0s, 0s});
    }
    SUBCASE("wait_fixed") {
        CHECK(waits(policy::constant(3s), 3) == list{3s, 3s, 3s});
    }
    SUBCASE("wait_random") {
        check_uniform(draws(policy::uniform(1s, 3s), 4), 1, 3);
    }
    SUBCASE("wait_incrementing") {
        CHECK(waits(policy::incrementing(1s, 2s, 6s), 4) == list{1s, 3s, 5s, 6s});
    }
    SUBCASE("wait_exponential") {
        CHECK(waits(policy::exponential(1s, 10s, 2s), 5) == list{2s, 2s, 4s, 8s, 10s});
        CHECK(waits(policy::exponential(1s, 100s, 0s, 3), 5) == list{1s, 3s, 9s, 27s, 81s});
        CHECK(waits(policy::exponential(0s, 100s, 0s, 3), 2) == list{0s, 0s});
    }
    SUBCASE("wait_random_exponential") {
        const auto wait = policy::random_exponential(1s, 60s, 1s);
        CHECK(waits(wait, 1) == list{1s});
        check_uniform(draws(wait, 3), 1, 4);
        check_uniform(draws(wait, 9), 1, 60);
        check_uniform(draws(policy::random_exponential(1s, 60s, 0s, 3), 3), 0, 9);
    }
    SUBCASE("wait_full_jitter") {
        check_uniform(draws(policy::random_exponential(1s, 60s, 0s), 3), 0, 4);
    }
    SUBCASE("wait_exponential_jitter") {
        check_uniform(draws(policy::exponential_jitter(1s, 60s, 2s), 3), 4, 6);
        check_uniform(draws(policy::exponential_jitter(1s, 60s, 2s, 3), 3), 9, 11);
        CHECK(waits(policy::exponential_jitter(1s, 60s, 0s).at_least(3s), 3) == list{3s, 3s, 4s});
    }
    SUBCASE("wait_chain") {
        CHECK(waits(policy::chain({policy::constant(1s), policy::constant(2s)}), 3) == list{1s, 2s, 2s});
    }
    SUBCASE("wait_combine") {
        CHECK(waits(policy::constant(3s) + policy::exponential(1s), 3) == list{4s, 5s, 7s});
        check_uniform(draws(policy::constant(3s) + policy::uniform(0s, 2s), 1), 3, 5);
    }
    SUBCASE("wait_exception") {
        const auto wait = policy::computed([](const retry_state& state) {
            return state.outcome->message() == "too many requests" ? 7s : 1s;
        });
        CHECK(waits(wait, 2) == list{7s, 7s});
    }
    SUBCASE("wait=function") {
        const auto wait = policy::computed([](const retry_state& state) { return state.attempts * 100ms; });
        CHECK(waits(wait, 3) == list{100ms, 200ms, 300ms});
        CHECK(waits(policy::computed([](const retry_state&) { return -1s; }), 1) == list{0s});
    }
}

TEST_CASE("tenacity's hooks and endings") {
    std::string told;
    const auto note = [&](const char* what) {
        return [&told, what](const retry_state& state) {
            told += std::string(what) + std::to_string(state.attempts) + ' ';
        };
    };
    const auto third_time_lucky = [](unsigned n) { return n < 3 ? always_refused(n) : returns(1); };
    retry_policy policy(on_refusal);
    SUBCASE("before") {
        play(policy.before(note("before")), backoff_policy::none(), third_time_lucky);
        CHECK(told == "before1 before2 before3 ");
    }
    SUBCASE("after") {
        play(policy.after(note("after")), backoff_policy::none(), third_time_lucky);
        CHECK(told == "after1 after2 after3 ");
    }
    SUBCASE("before_sleep") {
        std::vector<duration> seen;
        policy.before_sleep(note("sleep")).before_sleep([&](const retry_state& state) {
            seen.push_back(state.next_wait);
            CHECK(state.outcome->message() == "too many requests");
        });
        const auto call = play(policy, backoff_policy::exponential(1s), third_time_lucky);
        CHECK(told == "sleep1 sleep2 ");
        CHECK(seen == std::vector<duration>{1s, 2s});
        CHECK(call.waits == seen);
    }
    SUBCASE("statistics") {
        const auto figures = std::make_shared<retry_statistics>();
        play(policy.statistics(figures), backoff_policy::constant(2s), third_time_lucky, 1s);
        CHECK(figures->attempts == 3);
        CHECK(figures->idle == 4s);     // idle_for
        CHECK(figures->elapsed == 7s);  // delay_since_first_attempt
        CHECK(figures->started == time_point(1h));
        CHECK((figures->ended && figures->succeeded));
    }
    SUBCASE("RetryError") {
        std::string text;
        policy.max_attempts(3).reraise(false).on_give_up([&](const retry_state& state) {
            const retry_error error(state);
            text = error.what();
            CHECK(error.attempts() == 3);
            CHECK(error.elapsed() == 7s);
            CHECK(error.idle() == 4s);
            CHECK_THROWS_AS(std::rethrow_exception(error.last_exception()), refused);
        });
        const auto call = play(policy, backoff_policy::constant(2s), always_refused, 1s);
        CHECK(call.ended == retry_session::next::stop);
        CHECK(text == "given up after 3 attempts in 7.000000 s: too many requests");
    }
    SUBCASE("reraise") {
        CHECK(policy.reraise());
        CHECK_FALSE(policy.reraise(false).reraise());
    }
    SUBCASE("retry_error_callback") {
        policy.fallback([](const retry_state& state) { return static_cast<int>(state.attempts) * 100; });
        retry_state state;
        state.attempts = 6;
        CHECK(policy.fallback_result<int>(state) == 600);
        CHECK_THROWS_AS(policy.check_fallback<long>(), std::invalid_argument);
        CHECK_THROWS_AS(policy.check_fallback<void>(), std::invalid_argument);
    }
    SUBCASE("retry_with") {
        retry_policy more(policy.max_attempts(2));
        more.max_attempts(4);
        CHECK(play(policy, backoff_policy::none(), always_refused).attempts == 2);
        CHECK(play(more, backoff_policy::none(), always_refused).attempts == 4);
    }
    SUBCASE("AsyncRetrying") {  // a loop of one's own, as `play` is
        const auto call = play(policy, backoff_policy::none(), third_time_lucky);
        CHECK(call.attempts == 3);
        CHECK(call.ended == retry_session::next::end);
    }
}

TEST_CASE("backoff's decorators") {
    SUBCASE("on_exception") {
        const auto script = [](unsigned n) {
            return n < 4 ? always_refused(n) : thrown(std::logic_error("bug"));
        };
        CHECK(play(on_refusal, backoff_policy::none(), script).attempts == 4);
    }
    SUBCASE("on_predicate") {
        const auto policy =
            retry_policy().retry_on(retry_if_result<int>([](int value) { return value == 0; }));
        const auto script = [](unsigned n) { return returns(n < 4 ? 0 : 1); };
        CHECK(play(policy, backoff_policy::none(), script).attempts == 4);
        const auto breaks = [](unsigned n) { return n < 2 ? returns(0) : always_refused(n); };
        CHECK(play(policy, backoff_policy::none(), breaks).attempts == 2);
    }
    SUBCASE("max_tries") {
        CHECK(
            play(retry_policy(on_refusal).max_attempts(8), backoff_policy::none(), always_refused).attempts ==
            8);
    }
    SUBCASE("max_time") {
        const auto policy = retry_policy(on_refusal).stop_after(10s);
        const auto call = play(policy, backoff_policy::exponential(1s).until(10s), always_refused);
        CHECK(call.waits == std::vector<duration>{1s, 2s, 4s, 3s});  // the last one is cut
        CHECK(call.took == 10s);
    }
    SUBCASE("giveup") {
        const auto policy = retry_policy(on_refusal)
                                .give_up_on(retry_if_exception<refused_twice>() | retry_if_message("fatal"));
        const auto script = [](unsigned n) {
            return n < 3 ? always_refused(n) : thrown(refused_twice("again"));
        };
        const auto call = play(policy, backoff_policy::none(), script);
        CHECK(call.attempts == 3);
        CHECK(call.ended == retry_session::next::end);
        const auto fatal = [](unsigned) { return thrown(refused("fatal: no such model")); };
        CHECK(play(policy, backoff_policy::none(), fatal).attempts == 1);
    }
    SUBCASE("raise_on_giveup") {
        retry_policy policy(on_refusal);
        policy.fallback([](const retry_state&) { return std::string(); });
        CHECK(policy.has_fallback());
        CHECK(policy.fallback_result<std::string>(retry_state()).empty());
    }
}

TEST_CASE("backoff's waits and jitters") {
    using policy = backoff_policy;
    using list = std::vector<duration>;
    SUBCASE("expo") {
        CHECK(waits(policy::exponential(1s, 5s), 4) == list{1s, 2s, 4s, 5s});
        CHECK(waits(policy::exponential(2s, duration::max(), 0s, 3), 3) == list{2s, 6s, 18s});
        check_uniform(draws(policy::expo_full_jitter(1s), 5), 0, 16);
        check_uniform(draws(policy::expo_full_jitter(2s, 20s, 3), 3), 0, 18);
        check_uniform(draws(policy::expo_full_jitter(2s, 20s, 3), 4), 0, 20);
    }
    SUBCASE("fibo") {
        CHECK(waits(policy::fibonacci(6s), 6) == list{1s, 1s, 2s, 3s, 5s, 6s});
    }
    SUBCASE("constant") {
        CHECK(waits(policy::constant(1s), 2) == list{1s, 1s});
    }
    SUBCASE("runtime") {
        const auto policy_by_result =
            retry_policy().retry_on(retry_if_result<int>([](int v) { return v > 0; }));
        const auto script = [](unsigned n) { return returns(n < 4 ? static_cast<int>(n) + 1 : 0); };
        const auto wait = policy::from_result<int>([](int seconds) { return std::chrono::seconds(seconds); });
        CHECK(play(policy_by_result, wait, script).waits == list{2s, 3s, 4s});
        CHECK(waits(wait, 1) == list{0s});  // an exception is no such result
        retry_state told;
        told.judged.retry_after = 9s;
        random_source random(1);
        CHECK(policy::retry_after_or(policy::constant(1s)).next(told, random) == 9s);
        CHECK(policy::retry_after_or(policy::constant(1s)).next(retry_state(), random) == 1s);
    }
    SUBCASE("jitter=None") {
        CHECK(waits(policy::exponential(1s), 3) == list{1s, 2s, 4s});
    }
    SUBCASE("full_jitter") {
        check_uniform(draws(policy::fibonacci().fully_jittered(), 5), 0, 5);
    }
    SUBCASE("random_jitter") {
        check_uniform(draws(policy::exponential(1s) + policy::uniform(0s, 1s), 3), 4, 5);
    }
}

TEST_CASE("backoff's handlers") {
    std::string told;
    const auto note = [&](const char* what) {
        return [&told, what](const retry_state& state) {
            told += std::string(what) + std::to_string(state.attempts) + ' ';
        };
    };
    retry_policy policy(on_refusal);
    policy.before(note("try"))
        .before_sleep(note("backoff"))
        .on_success(note("success"))
        .on_give_up(note("giveup"));
    SUBCASE("on_try") {
        play(policy, backoff_policy::none(), [](unsigned) { return returns(1); });
        CHECK(told == "try1 success1 ");
    }
    SUBCASE("on_backoff") {
        play(policy.max_attempts(2), backoff_policy::none(), always_refused);
        CHECK(told == "try1 backoff1 try2 giveup2 ");
    }
    SUBCASE("on_success") {
        play(policy, backoff_policy::none(),
             [](unsigned n) { return n < 2 ? always_refused(n) : returns(1); });
        CHECK(told == "try1 backoff1 try2 success2 ");
    }
    SUBCASE("on_giveup") {
        play(policy.give_up_on(retry_always()), backoff_policy::none(), always_refused);
        CHECK(told == "try1 giveup1 ");
    }
}
