#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>

#include "pacing/measured/climb.hpp"
#include "sends.hpp"

using namespace sends;
using stagger::climb;
using stagger::round_trip;

namespace {

enum class phase { ramp, search, ride };

/// Sends at the climb's own pace for a while, all admitted.
struct pacing_at {
    climb& pace;
    send_log& log;
    round_trip rtt;
    time_point now = start;
    double backlog = 0;

    explicit pacing_at(climb& used, send_log& written, stagger::duration trip = 50ms)
        : pace(used), log(written) {
        rtt.sample(trip);
    }
    void send(unsigned count, phase mode, double price = 1) {
        for (unsigned each = 0; each < count; ++each) {
            now += std::chrono::ceil<stagger::duration>(seconds(1 / pace.rate()));
            add(log, now);
            if (mode == phase::ramp) pace.ramp(now, log, rtt, backlog);
            if (mode == phase::search) pace.search(now, log, rtt);
            if (mode == phase::ride) pace.ride(now, log, rtt, price);
        }
    }
};

}  // namespace

TEST_CASE("the ramp doubles every two and a half trips, so that each doubling is proven before the next") {
    climb pace(0.01, 32);
    send_log log;
    pacing_at sending(pace, log, 40ms);
    while (pace.rate() < 4000) sending.send(1, phase::ramp);
    const double doublings = std::log2(pace.rate() / 32);
    CHECK(seconds(sending.now - start) / doublings >= seconds(0.1));
    // At the beginning a slot is a good part of it.
    CHECK(seconds(sending.now - start) / doublings <= seconds(0.15));
}

TEST_CASE("however short the way, the ramp does not double faster than timers can follow") {
    climb pace(0.01, 1000);
    send_log log;
    pacing_at sending(pace, log, 100us);
    while (pace.rate() < 60000) sending.send(1, phase::ramp);
    CHECK(sending.now - start >= 55ms);
    CHECK(sending.now - start <= 120ms);
}

TEST_CASE("however long the way, what is on it is little of what was sent before, or of what is to come") {
    for (const auto trip : {500ms, 1000ms, 4000ms}) {
        for (const double backlog : {0.0, 100'000.0}) {
            climb pace(0.01, 16);
            send_log log;
            pacing_at sending(pace, log, trip);
            sending.backlog = backlog;
            stagger::send_number arrived = 0;
            double most = 0;
            while (log.size() < 5000) {
                sending.send(1, phase::ramp);
                while (log.remembers(arrived) && log[arrived].sent.at + trip < sending.now) ++arrived;
                const double on_the_way = static_cast<double>(log.size() - arrived);
                // The first pace is a guess, whatever the way.
                const double allowed =
                    std::max({16.0 * seconds(trip).count(), 0.25 * static_cast<double>(log.size()),
                              0.01 * (static_cast<double>(log.size()) + backlog)});
                CHECK(on_the_way <= allowed + 16);
                most = std::max(most, on_the_way);
            }
            CHECK(most >= (backlog > 0 ? 900 : 500));
        }
    }
}

TEST_CASE("a pace that nobody uses is not raised") {
    climb pace(0.01, 32);
    send_log log;
    round_trip rtt;
    for (int each = 0; each < 100; ++each) {
        log.add(start + each * 1s, {1, 0}, 32, 1, false);
        pace.ramp(start + each * 1s, log, rtt, 0);
        pace.ride(start + each * 1s, log, rtt, 1);
    }
    CHECK(pace.rate() == 32);
}

TEST_CASE("at the limit the pace holds still, then steps a little above it") {
    climb pace(0.01, 50);
    send_log log;
    pacing_at sending(pace, log);
    pace.restart(start, log);
    pace.cut(start, 50, log);
    sending.send(45, phase::ride);
    CHECK(pace.rate() == 50);
    sending.send(10, phase::ride);
    CHECK(pace.rate() == doctest::Approx(50.5));
    CHECK_FALSE(pace.has_proven_steps());
    sending.send(110, phase::ride);
    CHECK(pace.rate() > 50.9);
    CHECK(pace.has_proven_steps());
    CHECK(pace.rate_before_step() < pace.rate());
}

TEST_CASE("steps double only in a run that is longer than usual") {
    climb pace(0.01, 50);
    send_log log;
    pacing_at sending(pace, log);
    pace.note_run(1000, 100s);
    pace.restart(start, log);
    sending.send(1000, phase::ride);
    CHECK(pace.above() < 0.12);
    sending.send(2000, phase::ride);
    CHECK(pace.rate() > 100);
}

TEST_CASE("a slow limit is tested every five seconds, but not in every few requests") {
    climb pace(0.01, 1);
    send_log log;
    pacing_at sending(pace, log);
    pace.restart(start, log);
    pace.cut(start, 1, log);
    sending.send(29, phase::ride);
    CHECK(pace.rate() == 1);
    sending.send(3, phase::ride);
    CHECK(pace.rate() == doctest::Approx(1.01));
}

TEST_CASE("a rate that no rejection has confirmed is left behind fast") {
    climb pace(0.01, 5);
    send_log log;
    pacing_at sending(pace, log);
    pace.restart(start, log);
    sending.send(400, phase::ride);
    CHECK(pace.rate() > 20);
}

TEST_CASE("a rejection begins the climb anew at its base") {
    climb pace(0.01, 50);
    send_log log;
    pacing_at sending(pace, log);
    sending.send(300, phase::ride);
    CHECK(pace.above() > 0);
    pace.cut(sending.now, 40, log);
    pace.restart(sending.now, log);
    CHECK(pace.rate() == 40);
    CHECK(pace.above() == 0);
    CHECK_FALSE(pace.has_proven_steps());
}

TEST_CASE("waste makes it patient, up to four times") {
    climb pace(0.01, 50);
    send_log log;
    pacing_at sending(pace, log);
    for (int each = 0; each < 100; ++each) pace.note_waste(0.05);
    pace.restart(start, log);
    pace.cut(start, 50, log);
    sending.send(190, phase::ride);
    CHECK(pace.rate() == 50);
    for (int each = 0; each < 100; ++each) pace.note_waste(0);
    sending.send(10, phase::ride);
    CHECK(pace.rate() > 50);
}

TEST_CASE("where a rejection is dear, the limit is tested less often") {
    climb pace(0.01, 10);
    send_log log;
    pacing_at sending(pace, log);
    pace.restart(start, log);
    sending.send(300, phase::ride, 40);
    CHECK(pace.rate() == 10);
}

TEST_CASE("the search grows by tenths, then faster") {
    climb pace(0.01, 10);
    send_log log;
    pacing_at sending(pace, log);
    pace.cut(start, 10, log);
    sending.send(25, phase::search);
    CHECK(pace.rate() == doctest::Approx(11));
    sending.send(40, phase::search);
    CHECK(pace.rate() >= 16);
}

TEST_CASE("the usual run is the median of the last three") {
    stagger::typical_run usual;
    CHECK_FALSE(usual.known());
    usual.add(100, 2s);
    CHECK(usual.admitted() == 100);
    usual.add(5000, 100s);
    usual.add(120, 3s);
    CHECK(usual.admitted() == 120);
    CHECK(usual.span() == seconds(3));
    usual.add(110, 3s);
    CHECK(usual.admitted() == 120);
}
