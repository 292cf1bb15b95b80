#include <doctest/doctest.h>

#include <algorithm>
#include <set>

#include "core/send_policy.hpp"

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
                              "equal-jitter", "decorrelated", "openai-sdk"}) {
        CAPTURE(alone);
        CHECK(find_send_policy(alone)->pacing == pacing_kind::unpaced);
        CHECK(find_send_policy(alone)->backoff);
    }
}

TEST_CASE("policies have the attempts of the libraries they stand for") {
    CHECK(find_send_policy("tenacity")->max_attempts == 6);
    CHECK(find_send_policy("openai-sdk")->max_attempts == 3);
    for (const auto* unlimited :
         {"none", "tenacity-unlimited", "backoff-expo", "full-jitter", "equal-jitter", "decorrelated"}) {
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
