#include <doctest/doctest.h>

#include <cstdint>
#include <optional>

#include "pacing/measured/load_response.hpp"
#include "stagger/random.hpp"

using stagger::load_response;
using stagger::random_source;

namespace {

/// A server behind the counts: it refuses a share by chance, and what is above its limit.
struct server {
    explicit server(double refused, double limit = 1e9, std::uint64_t seed = 1)
        : by_chance(refused), limit_per_s(limit), random(seed) {}

    double by_chance;
    double limit_per_s;
    random_source random;
    double admitted = 0;
    std::optional<load_response::finding> found;  ///< the last, asked for at each refusal

    void answer(load_response& response, double pace, unsigned sends) {
        for (unsigned each = 0; each < sends; ++each) {
            const double over = pace > limit_per_s ? 1 - limit_per_s / pace : 0;
            response.sent(pace);
            if (random.uniform() < by_chance + (1 - by_chance) * over) {
                response.refused(pace, admitted);
                admitted = 0;
                if (const auto now = response.by_chance(0.002)) found = now;
            } else {
                ++admitted;
            }
        }
    }
};

}  // namespace

TEST_CASE("nothing is found where nothing was counted") {
    CHECK_FALSE(load_response().by_chance(0));
}

TEST_CASE("a share that stays the same when the pace falls is chance's") {
    for (const double share : {0.05, 0.1, 0.2, 0.3}) {
        CAPTURE(share);
        int found_in = 0;
        for (std::uint64_t seed = 1; seed <= 40; ++seed) {
            CAPTURE(seed);
            load_response response;
            server behind(share, 1e9, seed);
            for (const double pace : {200.0, 100.0, 50.0, 25.0}) behind.answer(response, pace, 120);
            if (!behind.found) continue;
            ++found_in;
            CHECK(behind.found->share > 0.4 * share);
            CHECK(behind.found->share < 2 * share);
        }
        CHECK(found_in >= (share < 0.1 ? 30 : 38));
    }
}

TEST_CASE("a share that falls with the pace is a limit's") {
    for (std::uint64_t seed = 1; seed <= 40; ++seed) {
        CAPTURE(seed);
        load_response response;
        server behind(0, 30, seed);
        for (const double pace : {120.0, 60.0, 40.0, 32.0, 29.0, 25.0}) behind.answer(response, pace, 60);
        CHECK_FALSE(behind.found);
    }
}

TEST_CASE("a limit behind chance is found with it") {
    int found_in = 0;
    for (std::uint64_t seed = 1; seed <= 40; ++seed) {
        CAPTURE(seed);
        load_response response;
        server behind(0.15, 40, seed);
        for (const double pace : {160.0, 80.0, 40.0, 20.0, 10.0}) behind.answer(response, pace, 100);
        if (!behind.found) continue;
        ++found_in;
        CHECK(behind.found->share > 0.05);
        CHECK(behind.found->share < 0.3);
        REQUIRE(behind.found->limit_per_s);
        CHECK(*behind.found->limit_per_s > 25);
        CHECK(*behind.found->limit_per_s < 65);
    }
    CHECK(found_in >= 38);
}

TEST_CASE("without a pace that was too fast no limit is said") {
    load_response response;
    server behind(0.2);
    for (const double pace : {64.0, 32.0, 16.0}) behind.answer(response, pace, 150);
    REQUIRE(behind.found);
    CHECK_FALSE(behind.found->limit_per_s);
}

TEST_CASE("a share that is known already is no finding") {
    load_response response;
    server behind(0.1);
    for (const double pace : {64.0, 32.0, 16.0}) behind.answer(response, pace, 150);
    CHECK(response.by_chance(0.002));
    CHECK_FALSE(response.by_chance(0.15));
}

TEST_CASE("refusals at regular intervals are a quota's") {
    // One of eleven, at any pace: as a quota of ten refuses, or chance.
    const auto counted = [](auto admitted_before) {
        load_response response;
        unsigned refusal = 0;
        for (const double pace : {64.0, 32.0, 16.0, 8.0}) {
            for (int each = 0; each < 10; ++each) {
                for (int send = 0; send < 11; ++send) response.sent(pace);
                response.refused(pace, admitted_before(refusal++));
            }
        }
        return response.by_chance(0.002).has_value();
    };
    CHECK_FALSE(counted([](unsigned) { return 10.0; }));
    CHECK_FALSE(counted([](unsigned refusal) { return 9.0 + refusal % 3; }));
    CHECK(counted([](unsigned refusal) {
        constexpr double irregular[]{1, 25, 4, 9, 2, 17, 31, 6};
        return irregular[refusal % 8];
    }));
}

TEST_CASE("refusals that a closed time explains are taken back") {
    load_response response;
    server fine(0.0);
    for (const double pace : {64.0, 32.0, 16.0}) fine.answer(response, pace, 100);
    random_source random(1);
    for (const double pace : {64.0, 32.0, 16.0}) {
        for (int each = 0; each < 30; ++each) {
            response.sent(pace);
            response.refused(pace, random.uniform(1, 20));
        }
    }
    CHECK(response.by_chance(0.002));
    for (const double pace : {64.0, 32.0, 16.0}) {
        for (int each = 0; each < 30; ++each) response.explained(pace);
    }
    CHECK_FALSE(response.by_chance(0.002));
}

TEST_CASE("what is taken back beyond what was counted does no harm") {
    load_response response;
    for (int each = 0; each < 1000; ++each) response.explained(20);
    CHECK_FALSE(response.by_chance(0.002));
    server behind(0.2);
    for (const double pace : {64.0, 32.0, 16.0}) behind.answer(response, pace, 150);
    CHECK(response.by_chance(0.002));
}

TEST_CASE("what was counted long ago gives way") {
    load_response response;
    server overloaded(0.2);
    for (const double pace : {64.0, 32.0, 16.0}) overloaded.answer(response, pace, 150);
    CHECK(response.by_chance(0.002));
    server fine(0.0);
    for (int again = 0; again < 20; ++again) {
        for (const double pace : {64.0, 32.0, 16.0}) fine.answer(response, pace, 150);
    }
    CHECK_FALSE(response.by_chance(0.002));
}

TEST_CASE("the fastest pace is kept until all is forgotten") {
    load_response response;
    response.went_at(50);
    response.went_at(200);
    response.went_at(20);
    CHECK(response.fastest() == 200);
    response.forget();
    CHECK(response.fastest() == 0);
}

TEST_CASE("paces beyond the steps are counted at the ends") {
    load_response response;
    server behind(0.2);
    for (const double pace : {1e9, 1e-9}) behind.answer(response, pace, 250);
    const auto found = response.by_chance(0.002);
    REQUIRE(found);
    CHECK(found->share == doctest::Approx(0.2).epsilon(0.5));
}

TEST_CASE(
    "what is doubted still tells, where it goes on: chance is found sooner than by a count from nothing") {
    const auto sends_until_found = [](load_response response) {
        server overloaded(0.25, 1e9, 7);
        unsigned sends = 0;
        for (double pace = 0.5; !overloaded.found && sends < 1000; pace *= 0.98, ++sends)
            overloaded.answer(response, pace, 1);
        return sends;
    };
    load_response doubted;
    server before(0.25);
    for (const double pace : {4.0, 2.0, 1.0}) before.answer(doubted, pace, 6);
    REQUIRE_FALSE(doubted.by_chance(0.002));
    doubted.doubt();
    CHECK(sends_until_found(doubted) < sends_until_found(load_response()));
}
