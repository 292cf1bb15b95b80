#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <deque>
#include <optional>
#include <vector>

#include "pacing/measured/share_pace.hpp"
#include "pacing/refilling_bucket.hpp"
#include "sends.hpp"
#include "stagger/random.hpp"

using namespace sends;
using stagger::random_source;
using stagger::share_pace;

namespace {

/// A bucket behind chance, in virtual time: each send is admitted or refused when it leaves, and a refusal
/// comes back a round trip later.
struct bucket_behind_chance {
    double chance = 0.2;
    double limit_per_s = 50;
    seconds round_trip{0.1};
    random_source random{1};

    double level = 5;
    time_point now = start;
    stagger::send_number next = 0;
    struct refusal {
        departure sent;
        double pace = 0;
        time_point back;
    };
    std::deque<refusal> on_the_way;
    unsigned sent = 0;
    unsigned admitted = 0;
    std::vector<share_pace::look> looks;

    void run(share_pace& held, seconds span, double known_chance) {
        const time_point end = now + std::chrono::ceil<stagger::duration>(span);
        while (now < end) send(held, known_chance);
    }
    void send(share_pace& held, double known_chance) {
        hear(held);
        if (const auto look = held.take_look(now, round_trip)) looks.push_back(*look);
        const double pace = held.per_s();
        departure one;
        one.number = next++;
        one.at = now;
        held.sent(one, true, known_chance, round_trip);
        ++sent;
        const bool by_chance = random.uniform() < chance;
        if (!by_chance && level >= 1) {
            --level;
            ++admitted;
        } else {
            on_the_way.push_back({one, pace, now + std::chrono::ceil<stagger::duration>(round_trip)});
        }
        const seconds slot(1 / pace);
        now += std::chrono::ceil<stagger::duration>(slot);
        level = std::min(5.0, level + slot.count() * limit_per_s);
    }
    void hear(share_pace& held) {
        while (!on_the_way.empty() && on_the_way.front().back <= now) {
            held.refused(on_the_way.front().sent, on_the_way.front().pace, round_trip);
            on_the_way.pop_front();
        }
    }
};

departure numbered(stagger::send_number number, time_point at = start) {
    departure sent;
    sent.number = number;
    sent.at = at;
    return sent;
}

}  // namespace

TEST_CASE("a bucket behind chance is used up, without much more being refused than by chance") {
    for (const double limit : {2.0, 50.0, 2000.0}) {
        for (const double trip : {0.005, 0.1, 0.5}) {
            CAPTURE(limit);
            CAPTURE(trip);
            bucket_behind_chance server;
            server.limit_per_s = limit;
            server.round_trip = seconds(trip);
            share_pace held(1.2 * limit, 0);
            server.run(held, seconds(600 / limit), 0.2);
            server.sent = server.admitted = 0;
            const seconds span(6000 / limit);
            server.run(held, span, 0.2);
            const double got = server.admitted / (limit * span.count());
            const double refused = 1 - static_cast<double>(server.admitted) / server.sent;
            CHECK(got > 0.82);
            CHECK(got < 1.01);
            CHECK(refused < 0.4);
        }
    }
}

TEST_CASE("a pace that begins far off is found") {
    for (const double factor : {0.2, 5.0}) {
        CAPTURE(factor);
        bucket_behind_chance server;
        share_pace held(factor * server.limit_per_s, 0);
        server.run(held, 60s, 0.2);
        server.admitted = 0;
        server.run(held, 60s, 0.2);
        CHECK(server.admitted > 0.8 * server.limit_per_s * 60);
        CHECK(held.per_s() < 2 * server.limit_per_s);
    }
}

TEST_CASE("a limit that rises is followed") {
    bucket_behind_chance server;
    share_pace held(60, 0);
    server.run(held, 30s, 0.2);
    server.limit_per_s = 500;
    server.run(held, 60s, 0.2);
    server.admitted = 0;
    server.run(held, 30s, 0.2);
    CHECK(server.admitted > 0.8 * 500 * 30);
}

TEST_CASE("many refusals of old sends that come back at once move the pace by what was on the way") {
    share_pace held(1000, 5000);
    for (stagger::send_number each = 0; each < 1500; ++each) {
        held.refused(numbered(each), 10'000, seconds(0.15));  // it left before this pace began
    }
    CHECK(held.per_s() == 1000);
    for (stagger::send_number each = 5000; each < 6500; ++each) {
        held.refused(numbered(each), 10'000, seconds(0.15));
    }
    // All that was on the way: by a factor of e.
    CHECK(held.per_s() == doctest::Approx(1000 / std::exp(1)).epsilon(0.01));
}

TEST_CASE("a pace that nobody uses is not raised") {
    share_pace held(50, 0);
    for (stagger::send_number each = 0; each < 50; ++each) {
        held.sent(numbered(each), false, 0.2, seconds(0.1));
    }
    CHECK(held.per_s() == 50);
    held.sent(numbered(50), true, 0.2, seconds(0.1));
    CHECK(held.per_s() > 50);
}

TEST_CASE("now and then some go a good deal slower, and what is refused of those is told once") {
    share_pace held(50, 0);
    stagger::send_number next = 0;
    time_point now = start;
    const auto send = [&] { held.sent(numbered(next++, now += 20ms), true, 0.2, seconds(0.1)); };
    double before = held.per_s();
    while (held.per_s() >= before) {
        before = held.per_s();
        REQUIRE(next < 200);
        send();
    }
    CHECK(held.per_s() < 0.8 * before);
    CHECK(held.per_s() > 0.6 * before);
    CHECK_FALSE(held.take_look(now + 10s, seconds(0.1)));
    // Of a send before the look: the pace's, not the look's.
    held.refused(numbered(next - 1), before, seconds(0.1));
    const double pace = held.per_s();
    const stagger::send_number first = next;
    while (held.per_s() == pace) {
        REQUIRE(next < first + 200);
        send();
    }
    const double looked = static_cast<double>(next - first);
    for (stagger::send_number each = first; each < first + 9; ++each) {
        held.refused(numbered(each), pace, seconds(0.1));
    }
    const double after_look = held.per_s();
    CHECK(after_look > pace);
    CHECK_FALSE(held.take_look(now, seconds(0.1)));  // more may be on the way
    const auto look = held.take_look(now + 1s, seconds(0.1));
    REQUIRE(look);
    CHECK(look->sent == looked);
    CHECK(look->refused == 9);
    CHECK(held.per_s() == after_look);
    CHECK_FALSE(held.take_look(now + 2s, seconds(0.1)));
    // The next look is as far away as the sends between them.
    for (int each = 0; each < 100; ++each) send();
    CHECK(held.per_s() > after_look);
}

TEST_CASE("slower sends see what chance refuses alone") {
    bucket_behind_chance server;
    share_pace held(60, 0);
    server.run(held, 300s, 0.2);
    REQUIRE(server.looks.size() > 20);
    double sent = 0;
    double refused = 0;
    for (const share_pace::look& each : server.looks) {
        sent += each.sent;
        refused += each.refused;
    }
    CHECK(refused / sent == doctest::Approx(0.2).epsilon(0.25));
}

TEST_CASE("refusals one behind the other are counted") {
    share_pace held(50, 10);
    CHECK(held.run() == 0);
    held.refused(numbered(9), 50, seconds(0.1));  // before this pace
    CHECK(held.run() == 0);
    for (stagger::send_number each = 12; each < 17; ++each) {
        held.refused(numbered(each), 50, seconds(0.1));
    }
    CHECK(held.run() == 5);
    held.refused(numbered(20), 50, seconds(0.1));
    CHECK(held.run() == 1);
}
