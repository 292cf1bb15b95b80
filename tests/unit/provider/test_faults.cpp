#include <doctest/doctest.h>

#include <vector>

#include "unit/provider/script.hpp"

using namespace stagger;
using namespace stagger::test;
using kind = provider::decision::kind;

TEST_CASE("during an outage requests fail with its status, 503 if it has none of its own") {
    auto description = limited_by({bucket(10, 10)});
    description.faults.error_status = 500;
    description.faults.outages = {{10s, 20s}, {50s, 60s}};
    description.hints.retry_after = provider::retry_after_hint::exact;
    script server(description);
    CHECK(server.admits(9999ms));
    for (const duration when : {duration(10s), duration(19999ms), duration(50s)}) {
        const auto answer = server.arrive(when);
        CHECK(answer.what == kind::fail);
        CHECK(answer.status == 503);
        CHECK_FALSE(answer.retry_after);
    }
    CHECK(server.admits(20s));
    CHECK(server.admits(60s));
    description.faults.outages[1].status = 502;
    script changing(description);
    CHECK(changing.arrive(15s).status == 503);
    CHECK(changing.arrive(55s).status == 502);
}

TEST_CASE("a request that an outage fails was charged, and one past the limit is refused all the same") {
    auto description = limited_by({fixed(3, 100s)});
    description.faults.outages = {{10s, 20s}};
    script server(description);
    CHECK(server.arrive(10s).what == kind::fail);
    CHECK(server.arrive(11s).what == kind::fail);
    CHECK(server.admitted_of(5, 20s) == 1);
    auto closed = limited_by({fixed(1, 100s)});
    closed.faults.outages = {{10s, 20s}};
    script full(closed);
    CHECK(full.admits(0s));
    CHECK(full.arrive(15s).what == kind::reject);
}

TEST_CASE("a failed request holds no place") {
    auto description = limited_by({at_most(1)});
    description.faults.outages = {{0s, 1s}};
    script server(description);
    for (int i = 0; i < 10; ++i) CHECK(server.arrive(0s).what == kind::fail);
    CHECK(server.admits(1s));
}

TEST_CASE("random errors come as often as asked, and the same ones for the same seed") {
    auto description = limited_by({});
    description.faults.error_rate = 0.02;
    description.faults.error_status = 502;
    script first(description, 5);
    script again(description, 5);
    script other(description, 6);
    int failed = 0;
    int differ = 0;
    constexpr int requests = 50'000;
    for (int i = 0; i < requests; ++i) {
        const auto answer = first.arrive(i * 1ms);
        REQUIRE(again.arrive(i * 1ms).what == answer.what);
        if (other.arrive(i * 1ms).what != answer.what) ++differ;
        if (answer.what != kind::fail) continue;
        ++failed;
        REQUIRE(answer.status == 502);
    }
    CHECK(failed > 850);  // 1000 ± 31 is one standard deviation
    CHECK(failed < 1150);
    CHECK(differ > 1500);
}

TEST_CASE("errors leave the service times of the others as they are") {
    auto description = limited_by({});
    description.latency = {provider::distribution::lognormal, 2s, 0.5};
    script sound(description, 9);
    description.faults.error_rate = 0.3;
    script faulty(description, 9);
    for (int i = 0; i < 100; ++i) {
        auto answer = faulty.arrive(1s);
        while (answer.what == kind::fail) answer = faulty.arrive(1s);
        CHECK(answer.service == sound.arrive(1s).service);
    }
}

TEST_CASE("earliest_admission looks past an outage, a lockout, the limits and the places") {
    auto description = limited_by({bucket(1, 1), at_most(1)});
    description.faults.outages = {{10s, 20s}, {20s, 25s}};
    description.lockout_silence = 4s;
    script server(description);
    auto& model = server.model();
    CHECK(model.earliest_admission(at(0s), "a", 1) == at(0s));
    CHECK(model.earliest_admission(at(15s), "a", 1) == at(25s));
    const auto first = server.arrive(30s);
    CHECK(first.what == kind::admit);
    CHECK(model.earliest_admission(at(30s), "a", 1) == at(32s));  // the place, as the bucket is quicker
    CHECK_FALSE(server.admits(30s));
    CHECK(model.earliest_admission(at(30s), "a", 1) == at(34s));
    CHECK(model.earliest_admission(at(30s), "b", 1) == at(32s));
    server.depart(32s, first.id);
    CHECK(model.earliest_admission(at(32s), "b", 1) == at(32s));
}
