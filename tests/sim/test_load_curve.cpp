#include <doctest/doctest.h>

#include "scenarios.hpp"
#include "sim/load_curve.hpp"
#include "sim/simulation.hpp"

using namespace scenarios;
using stagger::time_point;
using stagger::sim::load_curve;

namespace {

constexpr time_point start{};

load_curve::bin sum(const load_curve& curve) {
    load_curve::bin all;
    for (const load_curve::bin& each : curve.bins()) {
        all.admitted += each.admitted;
        all.rejected += each.rejected;
        all.failed += each.failed;
        all.paced += each.paced;
    }
    return all;
}

}  // namespace

TEST_CASE("what arrives is counted in its bin, by what became of it") {
    load_curve curve;
    curve.arrived(start, 0, 0, 200);
    curve.arrived(start + 9ms, 0, 1, 429);
    curve.arrived(start + 10ms, 0, 2, 500);
    curve.arrived(start + 25ms, 0, 3, 0);  // waits in the server's queue
    curve.left_queue(start + 31ms, 0, 3, 503);
    REQUIRE(curve.width() == 10ms);
    REQUIRE(curve.bins().size() == 4);
    CHECK(curve.bins()[0].admitted == 1);
    CHECK(curve.bins()[0].rejected == 1);
    CHECK(curve.bins()[1].failed == 1);
    CHECK(curve.bins()[2].arrived() == 0);
    CHECK(curve.bins()[3].rejected == 1);
    CHECK(curve.length() == 31ms);
}

TEST_CASE("bins widen with the run, and nothing is lost") {
    load_curve curve;
    for (int second = 0; second < 1000; ++second) {
        curve.arrived(start + std::chrono::seconds(second), 0, 0, second % 4 == 0 ? 429 : 200);
    }
    CHECK(curve.width() == 500ms);
    CHECK(curve.bins().size() <= load_curve::most_bins);
    CHECK(sum(curve).admitted == 750);
    CHECK(sum(curve).rejected == 250);
    curve.coarsen_to(300);
    CHECK(curve.width() == 5s);
    CHECK(curve.bins().size() == 200);
    CHECK(curve.bins()[0].arrived() == 5);
    CHECK(sum(curve).arrived() == 1000);
    curve.widen_to(10s);
    CHECK(curve.width() == 10s);
    CHECK(sum(curve).arrived() == 1000);
}

TEST_CASE("the curve of a run adds up to its measures, and its pace to what was sent") {
    auto scenario = far_away(2000);
    scenario.provider.limits = {token_bucket(50, 50)};
    scenario.clients.assign(2, scenario.clients[0]);
    load_curve curve;
    const auto measured = stagger::sim::run(scenario, stagger::sim::policy(), 1, &curve);
    CHECK(sum(curve).admitted == measured.succeeded);
    CHECK(sum(curve).rejected == measured.rejected);
    CHECK(sum(curve).failed == measured.failed);
    CHECK(curve.has_pace());
    CHECK(stagger::to_seconds(curve.length()) == doctest::Approx(measured.makespan_s));
    double paced = 0;  // while there is something to send
    for (std::size_t each = 0; each < curve.bins().size(); ++each) {
        if (curve.bins()[each].arrived() > 0) paced += curve.bins()[each].paced;
    }
    CHECK(paced == doctest::Approx(4000).epsilon(0.15));
}

TEST_CASE("tasks on their own have no pace") {
    auto scenario = far_away(100);
    scenario.provider.limits = {token_bucket(50, 50)};
    load_curve curve;
    stagger::sim::run(scenario, *stagger::sim::find_policy("full-jitter"), 1, &curve);
    CHECK_FALSE(curve.has_pace());
    CHECK(sum(curve).paced == 0);
}
