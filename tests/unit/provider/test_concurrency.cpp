#include <doctest/doctest.h>

#include <deque>
#include <vector>

#include "stagger/random.hpp"
#include "unit/provider/script.hpp"

using namespace stagger;
using namespace stagger::test;
using provider::unit;
using kind = provider::decision::kind;

TEST_CASE("a concurrency limit refuses whoever finds every place taken") {
    script server(limited_by({at_most(2)}));
    const auto first = server.arrive(0s);
    const auto second = server.arrive(0s);
    CHECK(first.what == kind::admit);
    CHECK(first.service == 2s);
    CHECK(second.what == kind::admit);
    CHECK(server.arrive(0s).what == kind::reject);
    server.depart(1s, first.id);
    CHECK(server.admits(1s));
    CHECK_FALSE(server.admits(1s));
}

TEST_CASE("leaving twice, or under an old or unknown id, frees nothing") {
    script server(limited_by({at_most(1)}));
    const auto first = server.arrive(0s);
    server.depart(1s, first.id);
    server.depart(1s, first.id);
    const auto second = server.arrive(1s);
    CHECK(second.what == kind::admit);
    server.depart(2s, first.id);
    server.depart(2s, provider::request_id{12345});
    CHECK_FALSE(server.admits(2s));
    server.depart(3s, second.id);
    CHECK(server.admitted_of(2, 3s) == 1);
}

TEST_CASE("a queued request starts when a place becomes free, in order") {
    script server(limited_by({at_most(1, 2)}));
    const auto first = server.arrive(0s);
    const auto second = server.arrive(100ms);
    const auto third = server.arrive(200ms);
    CHECK(second.what == kind::queue);
    CHECK(third.what == kind::queue);
    CHECK(server.arrive(300ms).what == kind::reject);
    CHECK(server.events(1s).empty());
    server.depart(2s, first.id);
    auto events = server.events(2s);
    REQUIRE(events.size() == 1);
    CHECK(events[0].id == second.id);
    CHECK(events[0].outcome.what == kind::admit);
    CHECK(events[0].outcome.id == second.id);
    CHECK(events[0].outcome.service == 2s);
    server.depart(3s, second.id);
    events = server.events(3s);
    REQUIRE(events.size() == 1);
    CHECK(events[0].id == third.id);
    CHECK(server.model().next_event() == never);
}

TEST_CASE("a queued request is refused when it has waited too long") {
    auto description = limited_by({at_most(1, 5, 3s)});
    description.rejection_status = 503;
    script server(description);
    CHECK(server.admits(0s));
    const auto early = server.arrive(1s);
    const auto late = server.arrive(2s);
    CHECK(server.model().next_event() == at(4s));
    auto events = server.events(4s);
    REQUIRE(events.size() == 1);
    CHECK(events[0].id == early.id);
    CHECK(events[0].outcome.what == kind::reject);
    CHECK(events[0].outcome.status == 503);
    CHECK(server.model().next_event() == at(5s));
    // Without a call at 5 s the timeout is still dated right, and is told at the next one.
    CHECK(server.arrive(6s).what == kind::queue);
    CHECK(server.model().next_event() == at(5s));
    events = server.events(6s);
    REQUIRE(events.size() == 1);
    CHECK(events[0].id == late.id);
    CHECK(server.model().next_event() == at(9s));
}

TEST_CASE("a queued request whose caller is gone leaves the line") {
    script server(limited_by({at_most(1, 2)}));
    const auto first = server.arrive(0s);
    const auto second = server.arrive(0s);
    const auto third = server.arrive(0s);
    server.depart(1s, second.id);
    CHECK(server.arrive(1s).what == kind::queue);  // its place in line is free again
    server.depart(2s, first.id);
    const auto events = server.events(2s);
    REQUIRE(events.size() == 1);
    CHECK(events[0].id == third.id);
}

TEST_CASE("a full line takes nothing from the other limits") {
    script server(limited_by({at_most(1), bucket(0.001, 2)}));
    const auto first = server.arrive(0s);
    CHECK(server.admitted_of(10, 0s) == 0);
    server.depart(1s, first.id);
    CHECK(server.admits(1s));
}

TEST_CASE("a timeout in line takes back what the request was charged") {
    for (const provider::limit& other :
         std::vector<provider::limit>{bucket(0.001, 2), fixed(2, 1h), sliding(2, 1h)}) {
        for (const bool charge : {false, true}) {
            CAPTURE(charge);
            auto description = limited_by({at_most(1, 1, 3s), other});
            description.charge_rejections = charge;
            script server(description);
            const auto first = server.arrive(0s);
            CHECK(server.arrive(1s).what == kind::queue);
            CHECK(server.events(4s).size() == 1);
            server.depart(5s, first.id);
            CHECK(server.admits(5s) == !charge);
        }
    }
}

TEST_CASE("of two concurrency limits the smaller governs") {
    script server(limited_by({at_most(5, 9), at_most(2)}));
    CHECK(server.admitted_of(5, 0s) == 2);
}

TEST_CASE("the exact Retry-After of a full provider is the next departure") {
    auto description = limited_by({at_most(2)});
    description.hints.retry_after = provider::retry_after_hint::exact;
    script server(description);
    const auto first = server.arrive(0s);
    CHECK(server.admits(500ms));
    CHECK(server.arrive(700ms).retry_after == 1300ms);
    server.depart(1s, first.id);
    CHECK(server.admits(1s));
    CHECK(server.arrive(1s).retry_after == 1500ms);
    // One that should have left and has not: soon.
    CHECK(server.arrive(5s).retry_after == 1ms);
}

TEST_CASE("where the line is full a timeout in it lets the next one in as well") {
    auto description = limited_by({at_most(1, 1, 500ms)});
    description.hints.retry_after = provider::retry_after_hint::exact;
    script server(description);
    CHECK(server.admits(0s));
    CHECK(server.arrive(100ms).what == kind::queue);
    CHECK(server.arrive(200ms).retry_after == 400ms);
}

TEST_CASE("places are counted as by hand over random scripts") {
    for (std::uint64_t seed = 1; seed <= 20; ++seed) {
        CAPTURE(seed);
        random_source random(seed);
        script server(limited_by({at_most(3, 4, 1h)}));
        std::vector<provider::request_id> running;
        std::deque<provider::request_id> line;
        for (int i = 0; i < 2000; ++i) {
            const duration now = i * 1ms;
            if (random.uniform() < 0.55) {
                const auto answer = server.arrive(now);
                const kind expected =
                    running.size() < 3 ? kind::admit : (line.size() < 4 ? kind::queue : kind::reject);
                REQUIRE(answer.what == expected);
                if (answer.what == kind::admit) running.push_back(answer.id);
                if (answer.what == kind::queue) line.push_back(answer.id);
                continue;
            }
            if (!line.empty() && random.uniform() < 0.2) {
                const auto quits = line.begin() + static_cast<std::ptrdiff_t>(random.next() % line.size());
                server.depart(now, *quits);
                line.erase(quits);
                REQUIRE(server.events(now).empty());
            } else if (!running.empty()) {
                const auto leaves =
                    running.begin() + static_cast<std::ptrdiff_t>(random.next() % running.size());
                server.depart(now, *leaves);
                running.erase(leaves);
                const auto events = server.events(now);
                REQUIRE(events.size() == (line.empty() ? 0 : 1));
                if (line.empty()) continue;
                REQUIRE(events[0].id == line.front());
                running.push_back(line.front());
                line.pop_front();
            }
        }
    }
}
