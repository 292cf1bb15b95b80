#include <doctest/doctest.h>

#include <utility>
#include <vector>

#include "stagger/random.hpp"
#include "unit/provider/script.hpp"

using namespace stagger;
using namespace stagger::test;
using provider::unit;
using kind = provider::decision::kind;

TEST_CASE("a token bucket admits its burst at once and then its rate") {
    script server(limited_by({bucket(10, 3)}));
    CHECK(server.admitted_of(5, 0s) == 3);
    CHECK_FALSE(server.admits(99ms));
    CHECK(server.admits(100ms));
    CHECK_FALSE(server.admits(199ms));
    CHECK(server.admits(200ms));
    // Idle time fills the bucket to its burst and no further.
    CHECK(server.admitted_of(9, 60s) == 3);
}

TEST_CASE("a token bucket keeps exact step with requests at its own rate") {
    script server(limited_by({bucket(50, 1)}));
    int admitted = 0;
    for (int i = 0; i < 10'000; ++i) admitted += server.admits(i * 20ms) ? 1 : 0;
    CHECK(admitted == 10'000);
}

TEST_CASE("a token bucket that counts tokens takes a request's tokens") {
    script server(limited_by({bucket(100, 1000, unit::tokens)}));
    CHECK(server.admits(0s, 700));
    CHECK_FALSE(server.admits(0s, 301));
    CHECK(server.admits(0s, 300));
    CHECK_FALSE(server.admits(4999ms, 500));
    CHECK(server.admits(5s, 500));
}

TEST_CASE("a request larger than the bucket takes a full one") {
    script server(limited_by({bucket(10, 100, unit::tokens)}));
    CHECK(server.admits(0s, 1e6));
    CHECK_FALSE(server.admits(9999ms, 1e6));
    CHECK(server.admits(10s, 1e6));
    CHECK_FALSE(server.admits(10s, 1));
}

TEST_CASE("a fixed window gives its quota back at the boundary, all at once") {
    script server(limited_by({fixed(3, 10s)}));
    CHECK(server.admits(9s));
    CHECK(server.admitted_of(9, 9999ms) == 2);
    CHECK(server.admitted_of(9, 10s) == 3);
    CHECK(server.admitted_of(9, 19999ms) == 0);
    CHECK(server.admitted_of(9, 45s) == 3);
}

TEST_CASE("a fixed window's phase moves its boundaries") {
    script server(limited_by({fixed(2, 10s, 4s)}));
    CHECK(server.admitted_of(5, 0s) == 2);
    CHECK(server.admitted_of(5, 3999ms) == 0);
    CHECK(server.admitted_of(5, 4s) == 2);
    CHECK(server.admitted_of(5, 13999ms) == 0);
    CHECK(server.admitted_of(5, 14s) == 2);
}

TEST_CASE("a sliding window gives each request back one window after it came") {
    script server(limited_by({sliding(3, 10s)}));
    CHECK(server.admits(0s));
    CHECK(server.admits(4s));
    CHECK(server.admits(9s));
    CHECK_FALSE(server.admits(9999ms));
    CHECK(server.admits(10s));
    CHECK_FALSE(server.admits(13999ms));
    CHECK(server.admits(14s));
    CHECK_FALSE(server.admits(18s));
    CHECK(server.admits(19s));
}

TEST_CASE("a sliding window that counts tokens waits for as many entries as it needs") {
    auto description = limited_by({sliding(1000, 10s, unit::tokens)});
    description.hints.retry_after = provider::retry_after_hint::exact;
    script server(description);
    CHECK(server.admits(0s, 200));
    CHECK(server.admits(1s, 300));
    CHECK(server.admits(2s, 400));
    CHECK(server.arrive(3s, 300).retry_after == 7s);   // the 200 leave at 10
    CHECK(server.arrive(3s, 301).retry_after == 8s);   // and the 300 at 11
    CHECK(server.arrive(3s, 5000).retry_after == 9s);  // as much as the quota: an empty window
    CHECK(server.admits(12s, 5000));
}

TEST_CASE("a request must pass every limit, and a refused one takes from none") {
    script server(limited_by({fixed(2, 60s), bucket(1, 100), sliding(1000, 60s, unit::tokens)}));
    CHECK(server.admits(0s, 600));
    for (int i = 0; i < 50; ++i) CHECK_FALSE(server.admits(1s, 600));  // the tokens are short
    CHECK(server.admits(2s, 400));                                     // the window's second
    CHECK_FALSE(server.admits(3s, 1));
    CHECK(server.admits(60s, 600));      // a new window, and the first 600 have left
    CHECK_FALSE(server.admits(61s, 1));  // the 400 are still there
    CHECK(server.admitted_of(2, 62s, 1) == 1);
}

TEST_CASE("where refused requests are charged, every limit is") {
    auto description = limited_by({fixed(2, 60s), bucket(1, 10)});
    description.charge_rejections = true;
    script server(description);
    CHECK(server.admitted_of(2, 0s) == 2);    // the window is full, the bucket holds 8
    CHECK(server.admitted_of(20, 0s) == 0);   // empties the bucket as well
    CHECK(server.admitted_of(50, 59s) == 0);  // at 59 it is full again, and emptied again
    CHECK(server.admitted_of(1, 60s) == 1);   // one token has come since
    CHECK(server.admitted_of(1, 60s) == 0);
}

TEST_CASE("charged refusals keep an empty token bucket empty") {
    auto description = limited_by({bucket(10, 5)});
    description.charge_rejections = true;
    script server(description);
    CHECK(server.admitted_of(5, 0s) == 5);
    for (int i = 1; i <= 100; ++i) CHECK_FALSE(server.admits(i * 99ms));  // always just too early
    CHECK(server.admits(9900ms + 100ms));
}

TEST_CASE("charged refusals keep a sliding window closed until it has been quiet") {
    auto description = limited_by({sliding(20, 2s)});
    description.charge_rejections = true;
    description.hints.retry_after = provider::retry_after_hint::exact;
    script server(description);
    CHECK(server.admitted_of(20, 0s) == 20);
    for (int i = 1; i <= 30; ++i) CHECK_FALSE(server.admits(i * 90ms));
    // The wait counts the refusal that it is told to: of 23 in (0.75, 2.75] four must leave, the last
    // at 3.08.
    CHECK(server.arrive(2750ms).retry_after == 330ms);
    CHECK(server.admits(3080ms));
}

TEST_CASE("the exact Retry-After is the first instant that admits") {
    random_source random(7);
    const std::vector<std::vector<provider::limit>> sets = {
        {bucket(3, 4)},
        {bucket(7, 2), fixed(9, 3s, 1s)},
        {sliding(11, 2500ms), bucket(900, 1500, unit::tokens)},
        {fixed(1500, 2s, 0s, unit::tokens), sliding(2000, 3s, unit::tokens)},
    };
    for (const auto& limits : sets) {
        auto description = limited_by(limits);
        description.hints.retry_after = provider::retry_after_hint::exact;
        duration now{0};
        script server(description);
        int refused = 0;
        for (int i = 0; i < 300; ++i) {
            now += duration(static_cast<std::int64_t>(random.uniform(0, 2e8)));
            const double tokens = random.uniform(1, 700);
            const auto answer = server.arrive(now, tokens);
            if (answer.what == kind::admit) continue;
            ++refused;
            REQUIRE(answer.retry_after);
            now += *answer.retry_after;
            REQUIRE(*answer.retry_after > 0ns);
            REQUIRE_FALSE(server.admits(now - 1us, tokens));
            REQUIRE(server.admits(now, tokens));
        }
        CHECK(refused > 20);
    }
}

TEST_CASE("the same requests meet the same limits as in a count by hand over random scripts") {
    // The limiters keep running sums; here every decision is checked against the whole history.
    for (std::uint64_t seed = 1; seed <= 20; ++seed) {
        CAPTURE(seed);
        random_source random(seed);
        script server(limited_by({sliding(8, 2s), fixed(600, 1s, 0s, unit::tokens)}));
        struct past {
            duration when;
            double tokens;
        };
        std::vector<past> admitted;
        duration now{0};
        for (int i = 0; i < 500; ++i) {
            now += duration(static_cast<std::int64_t>(random.uniform(0, 3e8)));
            const double tokens = 1 + static_cast<double>(random.next() % 200);
            double in_window = 0;
            double tokens_since_boundary = 0;
            for (const past& each : admitted) {
                if (each.when > now - 2s) in_window += 1;
                if (each.when / 1s == now / 1s) tokens_since_boundary += each.tokens;
            }
            const bool expected = in_window + 1 <= 8 && tokens_since_boundary + tokens <= 600;
            REQUIRE(server.admits(now, tokens) == expected);
            if (expected) admitted.push_back({now, tokens});
        }
        CHECK(admitted.size() > 100);
        CHECK(admitted.size() < 500);
    }
}

TEST_CASE("a provider without limits admits everything") {
    script server(limited_by({}));
    CHECK(server.admitted_of(1000, 0s, 1e9) == 1000);
    CHECK(server.model().next_event() == never);
    CHECK(server.model().next_change() == never);
}

TEST_CASE("a request costs a token at least") {
    script server(limited_by({fixed(3, 1s, 0s, unit::tokens)}));
    CHECK(server.admitted_of(10, 0s, 0) == 3);
}

TEST_CASE("the model can be moved") {
    provider::model first(limited_by({bucket(1, 2)}), 1, origin);
    CHECK(first.arrive(at(0s), "a", 1).what == kind::admit);
    provider::model second = std::move(first);
    CHECK(second.arrive(at(0s), "a", 1).what == kind::admit);
    CHECK(second.arrive(at(0s), "a", 1).what == kind::reject);
}
