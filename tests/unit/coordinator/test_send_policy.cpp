#include <doctest/doctest.h>

#include <algorithm>
#include <set>

#include "coordinator/send_policy.hpp"

using namespace std::chrono_literals;
using stagger::find_send_policy;
using stagger::pacing_kind;

TEST_CASE("every policy's name finds it, and no other name does") {
    const auto names = stagger::send_policy_names();
    CHECK(names.front() == "coordinated");
    CHECK(std::set(names.begin(), names.end()).size() == names.size());
    for (const auto name : names) {
        CAPTURE(name);
        REQUIRE(find_send_policy(name));
        CHECK(find_send_policy(name)->name == name);
    }
    for (const auto* unknown : {"", "Tenacity", "tenacity ", "panic"}) CHECK_FALSE(find_send_policy(unknown));
}

TEST_CASE("only with the coordinator a task has no wait of its own after a rejection") {
    const auto coordinated = *find_send_policy("coordinated");
    CHECK(coordinated.pacing == pacing_kind::ride_the_limit);
    CHECK_FALSE(coordinated.backoff);
    CHECK(coordinated.obeys_retry_after);
    CHECK(coordinated.max_attempts == 0);
    for (const auto* alone : {"none", "tenacity", "tenacity-unlimited", "backoff-expo", "full-jitter",
                              "equal-jitter", "decorrelated", "openai-sdk", "aws-standard"}) {
        CAPTURE(alone);
        CHECK(find_send_policy(alone)->pacing == pacing_kind::unpaced);
        CHECK(find_send_policy(alone)->backoff);
    }
}

TEST_CASE("policies have the attempts of the libraries they stand for") {
    CHECK(find_send_policy("tenacity")->max_attempts == 6);
    CHECK(find_send_policy("openai-sdk")->max_attempts == 3);
    CHECK(find_send_policy("aws-standard")->max_attempts == 3);
    for (const auto* unlimited : {"none", "tenacity-unlimited", "backoff-expo", "full-jitter", "equal-jitter",
                                  "decorrelated", "aws-adaptive", "aimd", "inspect"}) {
        CAPTURE(unlimited);
        CHECK(find_send_policy(unlimited)->max_attempts == 0);
    }
}

TEST_CASE("tenacity waits between one second and a minute that doubles") {
    const auto tenacity = *find_send_policy("tenacity");
    stagger::random_source random(1);
    for (unsigned failed = 1; failed < 20; ++failed) {
        const auto wait = tenacity.backoff->next(failed, {}, random);
        CHECK(wait >= 1s);
        CHECK(wait <= std::min<stagger::duration>(60s, std::chrono::seconds(1LL << (failed - 1))));
    }
}

TEST_CASE("openai-python obeys a Retry-After of up to two minutes") {
    const auto openai = *find_send_policy("openai-sdk");
    CHECK(openai.obeys_retry_after);
    CHECK(openai.longest_retry_after == 120s);
    stagger::random_source random(1);
    const stagger::duration whole[] = {500ms, 1s, 2s, 4s, 8s, 8s, 8s};
    for (unsigned failed = 1; failed <= 7; ++failed) {
        for (int draw = 0; draw < 20; ++draw) {
            const auto wait = openai.backoff->next(failed, {}, random);
            CHECK(wait <= whole[failed - 1]);
            CHECK(wait >= whole[failed - 1] * 3 / 4);
        }
    }
    for (const auto name : stagger::send_policy_names()) {
        if (name != "openai-sdk") CHECK_FALSE(find_send_policy(name)->longest_retry_after);
    }
}

TEST_CASE("the AWS SDKs begin with a second after a refusal, with 50 ms otherwise") {
    for (const auto* name : {"aws-standard", "aws-adaptive"}) {
        const auto aws = *find_send_policy(name);
        CHECK_FALSE(aws.obeys_retry_after);
        stagger::random_source random(1);
        stagger::retry_state state;
        const auto longest = [&](stagger::verdict ended, unsigned failed) {
            state.judged.verdict = ended;
            state.attempts = failed;
            stagger::duration most{0};
            for (int draw = 0; draw < 1000; ++draw) most = std::max(most, aws.backoff->next(state, random));
            return stagger::to_seconds(most);
        };
        for (unsigned failed = 1; failed <= 12; ++failed) {
            const double doubled = static_cast<double>(1U << (failed - 1));
            CHECK(longest(stagger::verdict::throttled, failed) ==
                  doctest::Approx(std::min(20.0, doubled)).epsilon(0.02));
            CHECK(longest(stagger::verdict::transient, failed) ==
                  doctest::Approx(std::min(20.0, 0.05 * doubled)).epsilon(0.02));
        }
    }
}

TEST_CASE("of the AWS SDKs only the standard mode has a quota") {
    for (const auto name : stagger::send_policy_names())
        CHECK(find_send_policy(name)->has_retry_quota == (name == "aws-standard"));
    CHECK(find_send_policy("aws-adaptive")->pacing == pacing_kind::aws_adaptive);
}
