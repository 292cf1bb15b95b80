#include <doctest/doctest.h>

#include <chrono>
#include <cmath>
#include <limits>
#include <vector>

#include "pacing/sane_hints.hpp"
#include "stagger/coordinator.hpp"

using namespace std::chrono_literals;
using stagger::action;
using stagger::coordinator;
using stagger::coordinator_options;
using stagger::duration;
using stagger::hints;
using stagger::limit_hint;
using stagger::time_point;

namespace {

constexpr double infinity = std::numeric_limits<double>::infinity();

hints of_requests(const limit_hint& said) {
    hints all;
    all.requests = said;
    return all;
}

hints waiting(duration span) {
    hints all;
    all.retry_after = span;
    return all;
}

/// What admits, and when, while every request is answered with `said` after 50 ms; every seventh is refused.
std::vector<duration> departures(const hints& said) {
    coordinator core(coordinator_options().max_in_flight(8), 1);
    const time_point start{1000s};
    std::vector<duration> seen;
    time_point now = start;
    for (int task = 0; task < 400; ++task) core.submit(now, {1, 10});
    while (seen.size() < 300) {
        const action todo = core.next(now);
        if (todo.what != action::kind::admit) {
            if (todo.what != action::kind::wait) break;
            now = todo.at;
            continue;
        }
        seen.push_back(now - start);
        now += 50ms;
        if (seen.size() % 7 == 0) {
            core.throttled(now, todo.permit, said);
        } else {
            core.accepted(now, todo.permit, said);
        }
        CHECK_FALSE(std::isnan(core.status(now).pace_per_s));
    }
    return seen;
}

}  // namespace

TEST_CASE("hints that can be reckoned with stay as they are") {
    hints said;
    said.retry_after = 31 * 24h;
    said.requests = {1e12, 0, 31 * 24h};
    said.tokens = {60'000, 12.5, 0s};
    said.overloaded = true;
    CHECK(stagger::sane(said) == said);
    CHECK(stagger::sane({}) == hints());
}

TEST_CASE("counts and resets with which nothing can be reckoned are left out, and the others stay") {
    for (const double wrong : {std::nan(""), infinity, -infinity, -1.0, 1.1e12}) {
        CAPTURE(wrong);
        CHECK(stagger::sane(of_requests({wrong, 5, 1s})) == of_requests({std::nullopt, 5, 1s}));
        CHECK(stagger::sane(of_requests({10, wrong, 1s})) == of_requests({10, std::nullopt, 1s}));
        hints of_tokens;
        of_tokens.tokens = {wrong, wrong, 1s};
        CHECK(stagger::sane(of_tokens).tokens == limit_hint{std::nullopt, std::nullopt, 1s});
    }
    for (const duration wrong : {duration(-1), duration::min(), duration::max(), duration(31 * 24h + 1ns)}) {
        CHECK(stagger::sane(of_requests({10, 5, wrong})) == of_requests({10, 5, std::nullopt}));
    }
}

TEST_CASE("a Retry-After is kept within bounds, since it is an order") {
    CHECK(stagger::sane(waiting(2s)) == waiting(2s));
    CHECK(stagger::sane(waiting(-5s)) == waiting(0s));
    CHECK(stagger::sane(waiting(duration::min())) == waiting(0s));
    CHECK(stagger::sane(waiting(duration::max())) == waiting(31 * 24h));
}

TEST_CASE("a coordinator that is told nonsense decides as one that is told nothing") {
    const auto undisturbed = departures({});
    REQUIRE(undisturbed.size() == 300);
    for (const double wrong : {std::nan(""), infinity, -5.0, 1e300}) {
        CAPTURE(wrong);
        hints said = of_requests({wrong, wrong, duration::min()});
        said.tokens = said.requests;
        CHECK(departures(said) == undisturbed);
    }
}
