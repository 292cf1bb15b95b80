#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <utility>
#include <vector>

#include "pacing/measured/refusals_by_chance.hpp"
#include "stagger/random.hpp"

using stagger::departure;
using stagger::random_source;
using stagger::refusals_by_chance;
using stagger::send_number;

namespace {

// The bars that ride_the_limit sets.
constexpr double in_test = 4.5;
constexpr double below_limit = 7;
constexpr double in_ramp = 9;

/// Sends in a row, each admitted or refused at once.
struct stream {
    refusals_by_chance chance;
    send_number next = 0;
    std::vector<send_number> refused;  ///< all of them
    std::vector<send_number> caused;   ///< those that were the limit's

    void admit(send_number count) { next += count; }
    /// How many refusals turned out to be the limit's with this one.
    std::size_t refuse(double bar, bool teaches = true) { return refuse_late(next++, bar, teaches); }
    std::size_t refuse_late(send_number number, double bar, bool teaches = true) {
        departure sent;
        sent.number = number;
        refused.push_back(number);
        const auto& found = chance.refused(sent, bar, teaches, next);
        for (const departure& each : found) caused.push_back(each.number);
        return found.size();
    }
    /// @returns how many were refused of them
    std::size_t by_chance(random_source& random, double share, unsigned sends, double bar) {
        const std::size_t before = refused.size();
        for (unsigned each = 0; each < sends; ++each) {
            if (random.uniform() < share) {
                refuse(bar);
            } else {
                admit(1);
            }
        }
        return refused.size() - before;
    }
};

stream after_a_tenth_was_refused() {
    stream sends;
    sends.chance.established(0.1);
    return sends;
}

}  // namespace

TEST_CASE("where little has been refused, one refusal is enough") {
    stream sends;
    sends.admit(200);
    CHECK(sends.refuse(in_test) == 1);
    CHECK(sends.caused == std::vector<send_number>{200});
    CHECK_FALSE(sends.chance.matter());
}

TEST_CASE("at the very first send one refusal is not enough, several in a row are") {
    stream sends;
    CHECK(sends.refuse(in_test) == 0);
    unsigned further = 0;
    while (sends.refuse(in_ramp) == 0) REQUIRE(++further < 12);
    CHECK(sends.caused == sends.refused);
}

TEST_CASE("where a tenth is refused anyhow, single refusals are chance's and a burst is a limit's") {
    stream sends = after_a_tenth_was_refused();
    for (int each = 0; each < 20; ++each) {
        sends.admit(9);
        CHECK(sends.refuse(below_limit) == 0);
    }
    CHECK(sends.caused.empty());
    CHECK(sends.chance.matter());
    sends.admit(9);
    const send_number first = sends.next;
    unsigned burst = 0;
    while (sends.refuse(below_limit) == 0) REQUIRE(++burst < 8);
    CHECK(burst >= 2);
    // All of the burst are returned, in order.
    std::vector<send_number> expected;
    for (send_number each = first; each < sends.next; ++each) expected.push_back(each);
    CHECK(sends.caused == expected);
}

TEST_CASE("a refusal is returned once") {
    stream sends = after_a_tenth_was_refused();
    for (int burst = 0; burst < 5; ++burst) {
        sends.admit(100);
        for (int each = 0; each < 12; ++each) sends.refuse(below_limit);
    }
    std::vector<send_number> distinct = sends.caused;
    std::sort(distinct.begin(), distinct.end());
    CHECK(std::adjacent_find(distinct.begin(), distinct.end()) == distinct.end());
    CHECK(distinct == sends.caused);
    CHECK(sends.caused.size() > 40);
}

TEST_CASE("a limit that refuses most of what is sent is found within a few refusals") {
    for (std::uint64_t seed = 1; seed <= 50; ++seed) {
        CAPTURE(seed);
        random_source random(seed);
        stream sends;
        sends.admit(200);
        sends.by_chance(random, 0.6, 60, in_ramp);
        REQUIRE(sends.refused.size() > 10);
        CHECK(sends.refused.size() - sends.caused.size() <= 4);
        CHECK(sends.caused.front() == sends.refused.front());
    }
}

TEST_CASE("refusals of a limit teach nothing about chance") {
    stream sends;
    sends.admit(500);
    const double before = sends.chance.share();
    for (int each = 0; each < 10; ++each) {
        sends.admit(100);
        CHECK(sends.refuse(in_test, false) == 1);
    }
    CHECK(sends.chance.share() < before + 0.002);
    CHECK_FALSE(sends.chance.matter());
}

TEST_CASE("a share that is refused at random is taken for a limit in few growths") {
    for (const double share : {0.01, 0.05, 0.1, 0.2, 0.3}) {
        CAPTURE(share);
        int mistaken = 0;
        // Such a sum crosses its bar once in exp(bar) sends: about 8,000.
        for (std::uint64_t seed = 1; seed <= 100; ++seed) {
            random_source random(seed);
            stream sends;
            sends.by_chance(random, share, 2000, in_ramp);
            mistaken += !sends.caused.empty();
        }
        CHECK(mistaken <= 20);
    }
}

TEST_CASE("the share that is refused at random is learned to within a few percent") {
    for (const double share : {0.05, 0.1, 0.2, 0.3}) {
        CAPTURE(share);
        for (std::uint64_t seed = 1; seed <= 20; ++seed) {
            CAPTURE(seed);
            random_source random(seed);
            stream sends;
            // Nothing crosses a bar that is out of reach.
            sends.by_chance(random, share, 2000, 1e9);
            CHECK(sends.chance.matter());
            CHECK(sends.chance.share() == doctest::Approx(share).scale(1).epsilon(0.05));
        }
    }
}

TEST_CASE("where nothing is refused any more, the share is forgotten in time") {
    stream sends = after_a_tenth_was_refused();
    CHECK(sends.chance.share() == doctest::Approx(0.1).epsilon(0.2));
    // Admissions are heard of with the next refusal.
    sends.admit(2000);
    sends.refuse(in_ramp);
    sends.admit(2000);
    sends.refuse(in_ramp);
    CHECK(sends.chance.share() < 0.03);
}

TEST_CASE("slower sends of which nothing is refused show that the share was the limit's") {
    stream sends = after_a_tenth_was_refused();
    for (int look = 0; look < 6; ++look) sends.chance.looked(48, 0);
    CHECK_FALSE(sends.chance.matter());
}

TEST_CASE("slower sends of which as many are refused confirm the share") {
    stream sends = after_a_tenth_was_refused();
    for (int look = 0; look < 6; ++look) sends.chance.looked(48, 5);
    CHECK(sends.chance.matter());
    CHECK(sends.chance.share() == doctest::Approx(0.1).epsilon(0.3));
}

TEST_CASE("one look outweighs no long experience, several do") {
    stream sends;
    random_source random(1);
    sends.by_chance(random, 0.2, 1000, 1e9);
    sends.chance.looked(48, 3);
    CHECK(sends.chance.share() > 0.1);
    for (int look = 0; look < 6; ++look) sends.chance.looked(48, 3);
    CHECK(sends.chance.share() < 0.1);
}

TEST_CASE("refusals that come back out of order count as well") {
    stream sends;
    sends.admit(300);
    CHECK(sends.refuse_late(290, in_ramp) == 0);
    CHECK(sends.refuse_late(288, in_ramp) == 2);
    CHECK(sends.caused == sends.refused);
}

TEST_CASE("refusals by chance that overtake each other are no burst, those of a limit are") {
    // A send a millisecond; a refusal takes 90 to 110 of them, so that it overtakes up to 20 others.
    const auto found_in = [](double share, send_number sends) {
        int found = 0;
        for (std::uint64_t seed = 1; seed <= 100; ++seed) {
            random_source random(seed);
            std::vector<std::pair<double, send_number>> back;
            for (send_number each = 200; each < 200 + sends; ++each) {
                const double left = static_cast<double>(each);
                if (random.uniform() < share) back.emplace_back(left + random.uniform(90, 110), each);
            }
            std::sort(back.begin(), back.end());
            stream run;
            for (const auto& [at, number] : back) {
                run.next = static_cast<send_number>(at - 100);  // half of those before have come back
                run.refuse_late(number, in_ramp);
            }
            found += !run.caused.empty();
        }
        return found;
    };
    CHECK(found_in(0.02, 2000) <= 25);
    CHECK(found_in(0.05, 2000) <= 40);
    CHECK(found_in(0.6, 300) >= 95);
    CHECK(found_in(1, 100) == 100);
}

TEST_CASE("once it is a limit each further refusal is its, until as much was admitted as speaks against it") {
    stream sends = after_a_tenth_was_refused();
    while (sends.refuse(below_limit) == 0) REQUIRE(sends.next < 20);
    // Where chance is at work one of them may stay undecided until the next one.
    std::size_t found = 0;
    for (int each = 0; each < 6; ++each) found += sends.refuse(below_limit);
    CHECK(found >= 5);
    sends.admit(1);
    found = sends.refuse(below_limit) + sends.refuse(below_limit) + sends.refuse(below_limit);
    CHECK(found >= 2);
    sends.admit(100);
    CHECK(sends.refuse(below_limit) == 0);
}

TEST_CASE("an established share begins with nothing undecided") {
    stream sends;
    sends.admit(20);
    sends.refuse(1e9);
    sends.refuse(1e9);
    sends.chance.established(0.2);
    CHECK(sends.chance.share() == doctest::Approx(0.2).epsilon(0.15));
    std::size_t returned = 0;
    while (returned == 0) returned = sends.refuse(below_limit);
    CHECK(sends.caused.front() == 22);
}

TEST_CASE("refusals that nothing explains for long stay bounded") {
    stream sends;
    for (int each = 0; each < 100'000; ++each) sends.refuse(1e18);
    CHECK(sends.caused.empty());
    CHECK(std::isfinite(sends.chance.share()));
    CHECK(sends.refuse(in_ramp) <= 100);
    CHECK(sends.chance.share() > 0);
}

TEST_CASE("a long run of refusals does not speak of those that come later") {
    stream sends = after_a_tenth_was_refused();
    std::size_t caused = 0;
    for (int each = 0; each < 60; ++each) caused += sends.refuse(below_limit);
    CHECK(caused >= 59);
    // The pace has been cut, and chance goes on: single refusals are chance's at once.
    for (int each = 0; each < 8; ++each) {
        sends.admit(5);
        CHECK(sends.refuse(below_limit) == 0);
    }
    // A second run is not.
    caused = 0;
    for (int each = 0; each < 12; ++each) caused += sends.refuse(below_limit);
    CHECK(caused >= 12);
}
