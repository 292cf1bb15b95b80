#include <doctest/doctest.h>

#include "coordinator/retry_allowance.hpp"
#include "unit/retry/retry_script.hpp"

using namespace std::chrono_literals;
using namespace stagger;
using stagger::test::play;

namespace {

classification refused(std::optional<duration> retry_after = std::nullopt) {
    return {verdict::throttled, retry_after};
}
constexpr classification failed{verdict::transient};

attempt_result refusal(unsigned) {
    return attempt_result(make_error_code(errc::rate_limited));
}

}  // namespace

TEST_CASE("the AWS quota: 5 for a retry after a refusal, 14 after an accident") {
    aws_retry_quota quota;
    CHECK(quota.left() == 500);
    CHECK(quota.take(verdict::throttled));
    CHECK(quota.left() == 495);
    CHECK(quota.take(verdict::transient));
    CHECK(quota.left() == 481);
    for (int retry = 0; retry < 34; ++retry) CHECK(quota.take(verdict::transient));
    CHECK(quota.left() == 5);
    CHECK_FALSE(quota.take(verdict::transient));
    CHECK(quota.left() == 5);
    CHECK(quota.take(verdict::throttled));
    CHECK_FALSE(quota.take(verdict::throttled));
    CHECK(quota.left() == 0);
}

TEST_CASE("the AWS quota: a success gives back what its last retry took, or one, up to 500") {
    aws_retry_quota quota;
    for (int retry = 0; retry < 10; ++retry) quota.take(verdict::transient);
    CHECK(quota.left() == 360);
    quota.succeeded(verdict::ok);
    CHECK(quota.left() == 361);
    quota.succeeded(verdict::throttled);
    CHECK(quota.left() == 366);
    quota.succeeded(verdict::transient);
    CHECK(quota.left() == 380);
    for (int success = 0; success < 200; ++success) quota.succeeded(verdict::ok);
    CHECK(quota.left() == 500);
}

TEST_CASE("what a policy says nothing of is allowed without end") {
    retry_allowance all(*find_send_policy("full-jitter"));
    for (int retry = 0; retry < 1000; ++retry) {
        CHECK(all.allows(refused(24h)));
        CHECK(all.allows(failed));
    }
}

TEST_CASE("a Retry-After longer than two minutes ends a task of openai-python's, a shorter one does not") {
    retry_allowance openai(*find_send_policy("openai-sdk"));
    CHECK(openai.allows(refused()));
    CHECK(openai.allows(refused(0s)));
    CHECK(openai.allows(refused(120s)));
    CHECK_FALSE(openai.allows(refused(120s + 1ms)));
    CHECK_FALSE(openai.allows({verdict::transient, 121s}));
    CHECK(openai.allows(failed));
}

TEST_CASE("the tasks of a client share the quota, and successes refill it") {
    retry_allowance aws(*find_send_policy("aws-standard"));
    int allowed = 0;
    while (aws.allows(refused())) ++allowed;
    CHECK(allowed == 100);
    for (int success = 0; success < 4; ++success) aws.succeeded(verdict::ok);
    CHECK_FALSE(aws.allows(refused()));
    aws.succeeded(verdict::ok);
    CHECK(aws.allows(refused()));
    CHECK_FALSE(aws.allows(refused()));
    aws.succeeded(verdict::throttled);
    CHECK(aws.allows(refused()));
}

TEST_CASE("a retry policy keeps to the allowance, and its copies share it") {
    retry_policy policy;
    policy.max_attempts(3);
    keep_to_allowance(policy, *find_send_policy("aws-standard"));
    const retry_policy copy = policy;
    // Two retries a call: fifty calls use the quota up.
    for (int call = 0; call < 50; ++call) {
        const auto& either = call % 2 == 0 ? policy : copy;
        CHECK(play(either, backoff_policy::none(), refusal).attempts == 3);
    }
    CHECK(play(policy, backoff_policy::none(), refusal).attempts == 1);
    const auto once_refused = [](unsigned attempt) {
        return attempt == 1 ? refusal(1) : attempt_result(error_code());
    };
    const auto answered = [](unsigned) { return attempt_result(error_code()); };
    for (int call = 0; call < 5; ++call) play(copy, backoff_policy::none(), answered);
    // A retry that succeeds costs nothing.
    for (int call = 0; call < 20; ++call)
        CHECK(play(policy, backoff_policy::none(), once_refused).ended == retry_session::next::end);
    CHECK(play(policy, backoff_policy::none(), refusal).attempts == 2);
}

TEST_CASE("a retry policy ends with a Retry-After that is too long") {
    retry_policy policy;
    keep_to_allowance(policy, *find_send_policy("openai-sdk"));
    policy.classify([](const attempt_result&) { return refused(121s); });
    const auto call = play(policy, backoff_policy::none(), refusal);
    CHECK(call.attempts == 1);
    CHECK(call.ended == retry_session::next::stop);
}
