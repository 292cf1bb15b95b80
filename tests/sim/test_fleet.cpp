// Members of a fleet at one provider, in virtual time.

#include <doctest/doctest.h>

#include <string>

#include "fleet_in_virtual_time.hpp"

using namespace std::chrono_literals;
namespace provider = stagger::provider;

namespace {

fleet_case bucket(std::size_t members, double per_s) {
    fleet_case given;
    given.members = members;
    given.per_s = per_s;
    given.provider.limits = {provider::token_bucket{provider::unit::requests, per_s, per_s}};
    given.provider.latency.kind = provider::distribution::lognormal;
    return given;
}

std::string text(const fleet_figures& found) {
    return "efficiency " + std::to_string(found.efficiency) + ", waste " + std::to_string(found.waste) +
           ", Jain " + std::to_string(found.jain) + ", peak " + std::to_string(found.peak_in_10_ms) +
           ", messages " + std::to_string(found.messages_per_s) + "/s, leaders " +
           std::to_string(found.leaders) + ", longest gap " +
           std::to_string(stagger::to_seconds(found.longest_gap)) + " s, alone " +
           std::to_string(found.alone_at_the_end);
}

}  // namespace

TEST_CASE("8 and 100 members share a limit evenly, use all of it, and are refused as one client is") {
    for (const auto& given :
         {bucket(8, 100), bucket(8, 1000), bucket(100, 1000), bucket(100, 50), bucket(100, 5000)}) {
        const auto found = run_fleet(given);
        CAPTURE(given.members);
        CAPTURE(given.per_s);
        INFO(text(found));
        CHECK(found.efficiency >= 0.998);
        CHECK(found.waste <= 1.5);
        CHECK(found.jain >= 0.995);
        CHECK(found.leaders == 1);
        CHECK(found.alone_at_the_end == 0);
        auto one = given;
        one.members = 1;
        one.most_in_flight = 32'768;
        one.shares = false;
        CHECK(found.peak_in_10_ms <= run_fleet(one).peak_in_10_ms + 2);
    }
}

TEST_CASE("one client at thousands a second measures the limit, not its pace") {
    auto given = bucket(1, 5000);
    given.provider.latency.mean = 200ms;
    given.shares = false;
    const auto found = run_fleet(given);
    INFO(text(found));
    CHECK(found.efficiency >= 0.998);
    CHECK(found.waste <= 1.5);
}

TEST_CASE("without the fleet the same members are refused more, and share less evenly") {
    auto given = bucket(100, 1000);
    const auto shared = run_fleet(given);
    given.shares = false;
    const auto apart = run_fleet(given);
    INFO("apart: ", text(apart));
    CHECK(apart.waste > 2 * shared.waste);
    CHECK(apart.jain < 0.95);
}

TEST_CASE("a leader that dies is followed by another, and hardly a send is missed") {
    auto given = bucket(8, 100);
    given.leader_dies_at = 30s;
    const auto found = run_fleet(given);
    INFO(text(found));
    CHECK(found.leaders == 2);
    CHECK(found.efficiency >= 0.99);
    CHECK(found.waste <= 1.5);
    CHECK(found.longest_gap <= 150ms);
}

TEST_CASE("the store is gone for ten seconds and comes back empty: all go on, and are a fleet again") {
    auto given = bucket(100, 1000);
    given.runs_for = 100s;
    given.warm_up = 10s;
    given.store_gone_at = 40s;
    given.store_back_at = 50s;
    const auto found = run_fleet(given);
    INFO(text(found));
    CHECK(found.efficiency >= 0.98);
    CHECK(found.waste <= 4);
    CHECK(found.jain >= 0.995);
    CHECK(found.leaders == 2);
    CHECK(found.alone_at_the_end == 0);
}

TEST_CASE("a window of requests that 100 members share is found and waited for by one") {
    fleet_case given = bucket(100, 50);
    given.provider.limits = {provider::fixed_window{provider::unit::requests, 3000, 60s}};
    given.warm_up = 60s;
    given.runs_for = 660s;
    const auto found = run_fleet(given);
    given.members = 1;
    given.shares = false;
    const auto alone = run_fleet(given);
    INFO(text(found), "; alone: ", text(alone));
    CHECK(found.efficiency >= 0.97);
    CHECK(found.waste <= 2.2);
    CHECK(found.waste <= alone.waste);
    CHECK(found.jain >= 0.99);
}

TEST_CASE("places in flight that 8 members share are used as by one") {
    fleet_case given = bucket(8, 32);
    given.provider.limits = {provider::concurrency_limit{64}};
    given.warm_up = 30s;
    given.runs_for = 120s;
    const auto found = run_fleet(given);
    given.members = 1;
    given.shares = false;
    const auto alone = run_fleet(given);
    INFO(text(found), "; alone: ", text(alone));
    CHECK(found.efficiency >= alone.efficiency - 0.01);
    CHECK(found.waste <= alone.waste + 1);
}
