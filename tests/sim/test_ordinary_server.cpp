#include <doctest/doctest.h>

#include <algorithm>
#include <map>

#include "stagger/coordinator.hpp"
#include "stagger/random.hpp"

// A coordinator against servers that draw each answer, with ordinary values: what it learns keeps its rules,
// and its books are right. A failure prints its seed.

namespace {

using namespace stagger;

struct drawn_server {
    double refuses;
    double round_trip_s;
    double retry_after_s;
    double says_retry_after;
};

void play(std::uint64_t seed) {
    constexpr int tasks = 200;
    constexpr int steps = 1500;
    random_source random(seed);
    const auto within = [&](double low, double high) { return low + (high - low) * random.uniform(); };
    coordinator_options options;
    options.max_in_flight(1 + static_cast<unsigned>(random.next() % 20));
    if (random.next() % 2 == 0) options.probing(0);
    coordinator core(options, seed);
    const drawn_server server{within(0.05, 0.9), within(0.02, 6), within(0, 130), random.uniform()};
    time_point now{std::chrono::seconds(1000)};
    std::multimap<time_point, permit_id> in_flight;
    for (int i = 0; i < tasks; ++i) core.submit(now, {1, 10});
    for (int step = 0; step < steps; ++step) {
        const action next = core.next(now);
        if (next.what == action::kind::admit) {
            in_flight.emplace(now + from_seconds(server.round_trip_s * within(0.3, 3)), next.permit);
            REQUIRE(in_flight.size() <= options.max_in_flight());
            continue;
        }
        const time_point wakes = next.what == action::kind::wait ? next.at : never;
        if (in_flight.empty() || in_flight.begin()->first > wakes) {
            if (wakes == never) break;
            REQUIRE(wakes > now);
            now = wakes;
            continue;
        }
        const permit_id permit = in_flight.begin()->second;
        now = std::max(now, in_flight.begin()->first);
        in_flight.erase(in_flight.begin());
        if (random.uniform() < server.refuses) {
            hints said;
            if (random.uniform() < server.says_retry_after)
                said.retry_after = from_seconds(server.retry_after_s * within(0, 2));
            const time_point earliest = core.throttled(now, permit, said);
            core.resubmit(now, {1, 10}, never, earliest, retry_cause::throttled);
        } else if (random.uniform() < 0.1) {
            core.failed(now, permit);
            core.resubmit(now, {1, 10}, never, now + from_seconds(within(0, 3)), retry_cause::accident);
        } else if (random.uniform() < 0.05) {
            core.abandoned(now, permit);
        } else {
            core.accepted(now, permit, {});
            core.submit(now, {1, 10});
        }
        REQUIRE(core.status(now).in_flight == in_flight.size());
    }
    if (const auto learned = core.learned(now)) REQUIRE_FALSE(broken_rule(*learned));
}

}  // namespace

TEST_CASE("against servers that draw each answer, what is learned keeps its rules") {
    for (std::uint64_t seed = 1; seed <= 1000; ++seed) {
        CAPTURE(seed);
        play(seed);
    }
}
