#include <doctest/doctest.h>

#include "retry/own_failures.hpp"

using namespace std::chrono_literals;
using stagger::are_own_failures;
using stagger::failure_history;
using stagger::prompt_outcomes;
using stagger::time_point;

namespace {

constexpr stagger::failure_bounds usual{6, 15s};
constexpr time_point start{100s};

failure_history failed(unsigned times) {
    return {{10, 2}, start, times};
}

}  // namespace

TEST_CASE("a prompt is given up after six failures in fifteen seconds while others were answered") {
    const prompt_outcomes others_answered{29, 3};
    CHECK(are_own_failures(failed(6), others_answered, start + 15s, usual));
    CHECK_FALSE(are_own_failures(failed(5), others_answered, start + 60s, usual));
    CHECK_FALSE(are_own_failures(failed(60), others_answered, start + 14s, usual));
    CHECK_FALSE(are_own_failures(failed(60), others_answered, start + 1h, {0, 15s}));
    CHECK(stagger::answered_since(failed(6), others_answered) == 19);
}

TEST_CASE("where nothing else was answered since, it is tried on") {
    CHECK_FALSE(are_own_failures(failed(60), {10, 3}, start + 1h, usual));
    // Others since then are as good as others in that time.
    CHECK(are_own_failures(failed(60), {11, 3}, start + 1h, usual));
}

TEST_CASE("an outage that takes more prompts than were still answered gives up none of them") {
    CHECK_FALSE(are_own_failures(failed(60), {35, 40}, start + 1h, usual));
    CHECK_FALSE(are_own_failures(failed(60), {10, 40}, start + 1h, usual));
    // Seven of eight prompts may be such.
    CHECK(are_own_failures(failed(60), {11, 9}, start + 1h, usual));
    CHECK(are_own_failures(failed(60), {500, 40}, start + 1h, usual));
}

TEST_CASE("kinds are told apart, as long as there are not too many") {
    stagger::outcomes_by_kind kinds;
    prompt_outcomes& first = kinds.of(7);
    first.answered = 3;
    CHECK(kinds.of(8).answered == 0);
    CHECK(&kinds.of(7) == &first);
    for (std::uint64_t each = 0; each < 1000; ++each) ++kinds.of(1000 + each).answered;
    CHECK(kinds.of(1000).answered == 1);
    CHECK(kinds.of(1999).answered > 700);
    CHECK(&kinds.of(7) == &first);
}
