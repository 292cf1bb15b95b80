#include <doctest/doctest.h>

#include <cmath>
#include <vector>

#include "load/arrival_schedule.hpp"

using namespace std::chrono_literals;
using stagger::duration;
using stagger::to_seconds;
using namespace stagger::load;

namespace {

std::vector<duration> times_of(const load_profile& profile) {
    arrival_schedule schedule(profile);
    std::vector<duration> times;
    while (const auto at = schedule.next()) times.push_back(*at);
    return times;
}

load_profile profile_of(load_kind kind, double rate_per_s) {
    load_profile profile;
    profile.kind = kind;
    profile.rate_per_s = rate_per_s;
    return profile;
}

std::size_t count_within(const std::vector<duration>& times, duration from, duration to) {
    std::size_t count = 0;
    for (const duration at : times) count += at >= from && at < to;
    return count;
}

}  // namespace

TEST_CASE("schedule: names of loads read back") {
    for (const auto kind :
         {load_kind::closed, load_kind::constant, load_kind::poisson, load_kind::burst, load_kind::ramp}) {
        CHECK(parse_load_kind(to_string(kind)) == kind);
    }
    CHECK_FALSE(parse_load_kind("wild"));
    CHECK_FALSE(parse_load_kind(""));
}

TEST_CASE("schedule: a constant load is even, without drift") {
    auto profile = profile_of(load_kind::constant, 3);
    profile.requests = 3'000'001;
    arrival_schedule schedule(profile);
    CHECK(schedule.next() == 0ns);
    CHECK(schedule.next() == 333'333'333ns);
    CHECK(schedule.next() == 666'666'667ns);
    for (int number = 3; number < 3'000'000; ++number) schedule.next();
    CHECK(schedule.next() == 1'000'000s);
    CHECK_FALSE(schedule.next());
}

TEST_CASE("schedule: it ends with its requests or its length, whichever comes first") {
    auto profile = profile_of(load_kind::constant, 10);
    profile.length = 1s;
    CHECK(times_of(profile).size() == 10);
    profile.requests = 7;
    CHECK(times_of(profile).size() == 7);
    profile.requests = 70;
    CHECK(times_of(profile).size() == 10);
}

TEST_CASE("schedule: bursts are at one instant each, and keep the rate on average") {
    auto profile = profile_of(load_kind::burst, 100);
    profile.burst = 20;
    profile.requests = 50;
    const auto times = times_of(profile);
    REQUIRE(times.size() == 50);
    CHECK(count_within(times, 0ns, 1ns) == 20);
    CHECK(count_within(times, 200ms, 200ms + 1ns) == 20);
    CHECK(count_within(times, 400ms, 400ms + 1ns) == 10);
}

TEST_CASE("schedule: Poisson arrivals have the rate, independent gaps, and one course for each seed") {
    auto profile = profile_of(load_kind::poisson, 200);
    profile.requests = 40'000;
    profile.seed = 7;
    const auto times = times_of(profile);
    REQUIRE(times.size() == 40'000);
    CHECK(times_of(profile) == times);
    // The time of 40,000 is 200 s with a standard deviation of 1 s.
    CHECK(to_seconds(times.back()) == doctest::Approx(200).epsilon(0.025));
    // Of exponential gaps, a share of 1/e is longer than the mean.
    std::size_t longer = 0;
    for (std::size_t each = 1; each < times.size(); ++each) {
        CHECK_FALSE(times[each] < times[each - 1]);
        longer += times[each] - times[each - 1] > 5ms;
    }
    CHECK(static_cast<double>(longer) / 40'000 == doctest::Approx(std::exp(-1)).epsilon(0.03));
    profile.seed = 8;
    CHECK(times_of(profile) != times);
}

TEST_CASE("schedule: a ramp's rate changes evenly, up or down, over its length") {
    auto profile = profile_of(load_kind::ramp, 0);
    profile.ramp_to_per_s = 100;
    profile.length = 10s;
    auto times = times_of(profile);
    // Half of base times height; a quarter of them in the first half of the time.
    CHECK(times.size() == doctest::Approx(500).epsilon(0.005));
    CHECK(count_within(times, 0s, 5s) == doctest::Approx(125).epsilon(0.01));

    profile.rate_per_s = 100;
    profile.ramp_to_per_s = 0;
    times = times_of(profile);
    CHECK(times.size() == doctest::Approx(500).epsilon(0.005));
    CHECK(count_within(times, 0s, 5s) == doctest::Approx(375).epsilon(0.01));

    profile.ramp_to_per_s = 100;
    times = times_of(profile);
    CHECK(times.size() == 1000);
    CHECK(times[500] == 5s);
}

TEST_CASE("schedule: a ramp without a length is as long as its requests take") {
    auto profile = profile_of(load_kind::ramp, 10);
    profile.ramp_to_per_s = 30;
    profile.requests = 400;
    const auto times = times_of(profile);
    REQUIRE(times.size() == 400);
    CHECK(to_seconds(times.back()) == doctest::Approx(20).epsilon(0.01));
    CHECK(to_seconds(times[1]) == doctest::Approx(0.1).epsilon(0.01));
    CHECK(to_seconds(times[399] - times[398]) == doctest::Approx(1.0 / 30).epsilon(0.01));
}

TEST_CASE("schedule: a ramp that comes down to nothing ends there, with requests left or not") {
    auto profile = profile_of(load_kind::ramp, 10);
    profile.ramp_to_per_s = 0;
    profile.length = 10s;
    profile.requests = 1000;
    const auto times = times_of(profile);
    CHECK(times.size() >= 49);
    CHECK(times.size() <= 51);
    CHECK(times.back() < 10s);
}
