#include <doctest/doctest.h>

#include <vector>

#include "unit/provider/script.hpp"

using namespace stagger;
using namespace stagger::test;
using provider::refusal_cause;
using provider::retry_after_hint;
using kind = provider::decision::kind;

TEST_CASE("refusals by chance come as often as asked, and the same ones for the same seed") {
    auto description = limited_by({});
    description.refusals.by_chance = {{.share = 0.1, .status = 529}};
    script first(description, 5);
    script again(description, 5);
    script other(description, 6);
    int refused = 0;
    int differ = 0;
    for (int i = 0; i < 10'000; ++i) {
        const auto answer = first.arrive(i * 1ms);
        REQUIRE(again.arrive(i * 1ms).what == answer.what);
        if (other.arrive(i * 1ms).what != answer.what) ++differ;
        if (answer.what != kind::reject) continue;
        ++refused;
        REQUIRE(answer.status == 529);
        REQUIRE(answer.refused_by == refusal_cause::chance);
    }
    CHECK(refused > 850);  // 1000 ± 30 is one standard deviation
    CHECK(refused < 1150);
    CHECK(differ > 1500);
}

TEST_CASE("several shares are drawn one after the other, each with its status") {
    auto description = limited_by({});
    description.refusals.by_chance = {{.share = 0.5, .status = 429}, {.share = 1, .status = 503}};
    script server(description);
    int first = 0;
    for (int i = 0; i < 1000; ++i) {
        const auto answer = server.arrive(i * 1ms);
        REQUIRE(answer.what == kind::reject);
        first += answer.status == 429 ? 1 : 0;
    }
    CHECK(first > 400);
    CHECK(first < 600);
}

TEST_CASE("a refusal by chance is charged only where that is asked for") {
    auto description = limited_by({fixed(10, 100s)});
    description.refusals.by_chance = {{.share = 0.5}};
    const auto admitted = [&] {
        script server(description);
        return server.admitted_of(200, 0s);
    };
    CHECK(admitted() == 10);
    description.refusals.by_chance[0].charged = true;
    CHECK(admitted() < 10);
}

TEST_CASE("refusals by chance carry no Retry-After and no headers, and begin no lockout") {
    auto description = limited_by({bucket(1, 1)});
    description.hints.retry_after = retry_after_hint::exact;
    description.hints.headers = provider::header_hint::openai;
    description.lockout_silence = 60s;
    description.refusals.by_chance = {{.share = 1}};
    script server(description);
    const auto answer = server.arrive(0s);
    CHECK(answer.what == kind::reject);
    CHECK_FALSE(answer.retry_after);
    CHECK(answer.headers.empty());
    CHECK(server.model().earliest_admission(at(0s), "a", 1) == at(0s));  // nobody is locked out
}

TEST_CASE("refusals leave the service times of the others as they are") {
    auto description = limited_by({});
    description.latency = {provider::distribution::lognormal, 2s, 0.5};
    script sound(description, 9);
    description.refusals.by_chance = {{.share = 0.3}};
    script shedding(description, 9);
    for (int i = 0; i < 100; ++i) {
        auto answer = shedding.arrive(1s);
        while (answer.what == kind::reject) answer = shedding.arrive(1s);
        CHECK(answer.service == sound.arrive(1s).service);
    }
}

TEST_CASE("a share that depends on load grows with what is being served") {
    auto description = limited_by({});
    description.refusals.by_chance = {{.share = 1, .from_in_flight = 10, .to_in_flight = 20}};
    script server(description);
    CHECK(server.model().departures_matter());
    CHECK(server.admitted_of(11, 0s) == 11);  // up to 10 being served nobody is refused
    const int tried = 4000;
    const int passed = server.admitted_of(tried, 0s);
    CHECK(passed == 9);  // at 20 everybody is
    const auto answer = server.arrive(0s);
    CHECK(answer.what == kind::reject);
    CHECK(answer.refused_by == refusal_cause::load);
    CHECK(answer.status == 503);
}

TEST_CASE("a share that depends on load is the one asked for in the middle") {
    auto description = limited_by({});
    description.refusals.by_chance = {{.share = 0.5, .from_in_flight = 0, .to_in_flight = 2}};
    script server(description);
    std::vector<provider::request_id> served;
    while (served.empty()) {
        const auto answer = server.arrive(0s);
        if (answer.what == kind::admit) served.push_back(answer.id);
    }
    int refused = 0;
    for (int i = 0; i < 4000; ++i) {  // one is being served: half of the half
        const auto answer = server.arrive(0s);
        if (answer.what == kind::reject) ++refused;
        if (answer.what == kind::admit) server.depart(0s, answer.id);
    }
    CHECK(refused > 900);
    CHECK(refused < 1100);
}

TEST_CASE("where the load refuses everything, the next departure is the earliest admission") {
    auto description = limited_by({});
    description.refusals.by_chance = {{.share = 1, .from_in_flight = 0, .to_in_flight = 1}};
    script server(description);
    const auto only = server.arrive(0s);
    REQUIRE(only.what == kind::admit);
    CHECK(server.model().earliest_admission(at(1s), "a", 1) == at(2s));
    server.depart(2s, only.id);
    CHECK(server.model().earliest_admission(at(2s), "a", 1) == at(2s));
}

TEST_CASE("while closed everything is refused, uncharged, with the closure's status") {
    auto description = limited_by({fixed(2, 100s)});
    description.refusals.closures = {{0s, 3s}, {10s, 20s, 429}};
    description.hints.retry_after = retry_after_hint::exact;
    description.hints.headers = provider::header_hint::openai;
    description.lockout_silence = 60s;
    script server(description);
    for (const duration when : {duration(0s), duration(2999ms)}) {
        const auto answer = server.arrive(when);
        CHECK(answer.what == kind::reject);
        CHECK(answer.status == 503);
        CHECK(answer.refused_by == refusal_cause::closure);
        CHECK_FALSE(answer.retry_after);
        CHECK(answer.headers.empty());
    }
    CHECK(server.admits(3s));
    CHECK(server.arrive(10s).status == 429);
    CHECK(server.admits(20s));
    CHECK_FALSE(server.admits(20s));
}

TEST_CASE("a closure's Retry-After tells when it is open again") {
    auto description = limited_by({});
    description.refusals.closures = {{0s, 2500ms, 503, retry_after_hint::exact},
                                     {20s, 30s, 503, retry_after_hint::integer},
                                     {10s, 2010ms + 10s, 503, retry_after_hint::milliseconds}};
    script server(description);
    CHECK(server.arrive(500ms).retry_after == 2s);
    CHECK(server.arrive(500ms).retry_after_kind == retry_after_hint::exact);
    CHECK(server.arrive(11s).retry_after == 1010ms);
    CHECK(server.arrive(20300ms).retry_after == 10s);
    CHECK(server.arrive(20300ms).retry_after_kind == retry_after_hint::integer);
}

TEST_CASE("earliest_admission looks past closures, those that follow each other and outages among them") {
    auto description = limited_by({bucket(1, 1)});
    description.refusals.closures = {{0s, 3s, 503, retry_after_hint::exact}, {5s, 8s}};
    description.faults.outages = {{3s, 5s}};
    script server(description);
    CHECK(server.model().earliest_admission(at(1s), "a", 1) == at(8s));
    CHECK(server.arrive(1s).retry_after == 7s);
    CHECK(server.admits(8s));
    CHECK(server.model().earliest_admission(at(8s), "a", 1) == at(9s));
}

TEST_CASE("every refusal is told as late as asked, with what is left of the wait then") {
    auto description = limited_by({fixed(1, 100s)});
    description.hints.retry_after = retry_after_hint::exact;
    description.refusals.delay = 5s;
    description.refusals.closures = {{0s, 3s, 503, retry_after_hint::exact},
                                     {50s, 60s, 503, retry_after_hint::exact}};
    script server(description);
    CHECK(server.arrive(0s).service == 5s);
    CHECK(server.arrive(0s).retry_after == 0s);
    const auto served = server.arrive(3s);
    CHECK(served.what == kind::admit);
    CHECK(served.service == 2s);
    const auto refused = server.arrive(4s);
    CHECK(refused.service == 5s);
    CHECK(refused.retry_after == 91s);
    CHECK(server.arrive(50s).retry_after == 5s);
}

TEST_CASE("a refusal may be that the connection is closed") {
    auto description = limited_by({fixed(1, 100s)});
    description.rejection_status = provider::connection_closed;
    script server(description);
    CHECK(server.arrive(0s).status == 200);
    CHECK(server.arrive(0s).status == provider::connection_closed);
    CHECK(server.arrive(0s).what == kind::reject);
}

TEST_CASE("an unwanted prompt is never admitted, not charged, and begins no lockout") {
    auto description = limited_by({fixed(2, 100s)});
    description.charge_rejections = true;
    description.lockout_silence = 60s;
    description.hints.retry_after = retry_after_hint::exact;
    script server(description);
    const provider::arrival unwanted{.caller = "a", .tokens = {}, .model = {}, .unwanted = true};
    for (const duration when : {duration(0s), duration(1s)}) {
        const auto answer = server.model().arrive(at(when), unwanted);
        CHECK(answer.what == kind::reject);
        CHECK(answer.status == 429);
        CHECK(answer.refused_by == refusal_cause::prompt);
        CHECK_FALSE(answer.retry_after);
    }
    CHECK(server.model().earliest_admission(at(1s), unwanted) == never);
    CHECK(server.admitted_of(3, 1s) == 2);
}

TEST_CASE("one model is refused while another is admitted") {
    auto description = limited_by({});
    description.models["bad"].refused = true;
    script server(description);
    const auto asked_for = [&](std::string_view name) {
        return server.model().arrive(at(0s), {.caller = "a", .tokens = {}, .model = name});
    };
    CHECK(asked_for("bad").what == kind::reject);
    CHECK(asked_for("bad").refused_by == refusal_cause::prompt);
    CHECK(asked_for("good").what == kind::admit);
    CHECK(asked_for("").what == kind::admit);
    const provider::arrival refused{.caller = "a", .tokens = {}, .model = "bad"};
    CHECK(server.model().earliest_admission(at(0s), refused) == never);
}

TEST_CASE("a model's limits hold beside everybody's") {
    auto description = limited_by({fixed(5, 100s)});
    description.models["small"].limits = {fixed(2, 10s)};
    description.models["large"].limits = {fixed(50, 10s)};
    description.hints.retry_after = retry_after_hint::exact;
    description.hints.headers = provider::header_hint::openai;
    script server(description);
    const auto asked_for = [&](duration when, std::string_view name) {
        return server.model().arrive(at(when), {.caller = "a", .tokens = {}, .model = name});
    };
    CHECK(asked_for(0s, "small").headers.at(0).remaining == 1);
    CHECK(asked_for(0s, "small").what == kind::admit);
    const auto refused = asked_for(1s, "small");
    CHECK(refused.what == kind::reject);
    CHECK(refused.retry_after == 9s);
    CHECK(asked_for(1s, "large").headers.at(0).remaining == 2);
    CHECK(asked_for(1s, "other").what == kind::admit);
    CHECK(asked_for(1s, "large").what == kind::admit);
    const auto all_used = asked_for(2s, "large");
    CHECK(all_used.what == kind::reject);
    CHECK(all_used.retry_after == 98s);
}

TEST_CASE("a queued request that times out gives its charge back to its model's limits, too") {
    auto description = limited_by({at_most(1, 1)});
    description.models["m"].limits = {fixed(3, 100s)};
    description.hints.headers = provider::header_hint::openai;
    script server(description);
    const provider::arrival what{.caller = "a", .tokens = {}, .model = "m"};
    CHECK(server.model().arrive(at(0s), what).what == kind::admit);
    CHECK(server.model().arrive(at(0s), what).what == kind::queue);
    const auto events = server.events(3s);
    REQUIRE(events.size() == 1);
    CHECK(events[0].outcome.headers.at(0).remaining == 2);
}
