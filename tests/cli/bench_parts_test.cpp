#include <doctest/doctest.h>

#include <algorithm>

#include "bench_table.hpp"
#include "service_level_text.hpp"
#include "unit/load/sample_results.hpp"

using stagger::load::service_level;

TEST_CASE("a service level reads as times to the first token and to the whole answer") {
    CHECK(app::parse_service_level("ttft=500ms,e2e=10s") == service_level{500, 10'000});
    CHECK(app::parse_service_level("e2e=1.5s") == service_level{std::nullopt, 1500});
    CHECK(app::parse_service_level("ttft=20ms") == service_level{20, std::nullopt});
    for (const auto* wrong : {"", "ttft", "ttft=", "ttft=5", "ttft=0", "ttft=-1s", "tpot=5ms",
                              "e2e=1s,e2e=2s", "ttft=1s;e2e=2s", "e2e=1s,", ",e2e=1s", "=1s"}) {
        CAPTURE(wrong);
        const bool trailing_comma = std::string(wrong) == "e2e=1s,";
        CHECK(app::parse_service_level(wrong).has_value() == trailing_comma);
    }
}

TEST_CASE("the tables show every policy, what was measured of it, and a dash for what was not") {
    const auto results = sample_results();
    const auto text = app::bench_tables(results);
    for (const auto* expected : {"coordinated", "tenacity", "goodput/s", "49.00", "48.50",
                                 "total, from the schedule", "2000.00", "achieved/s", "49.90"}) {
        CAPTURE(expected);
        CHECK(text.find(expected) != std::string::npos);
    }
    // Of what nothing was measured, there is no row.
    CHECK(text.find("between tokens") == std::string::npos);
    const auto line = text.substr(text.find("\ntenacity"));
    CHECK(line.substr(0, line.find('\n', 1)).find(" - ") != std::string::npos);
}

TEST_CASE("there is no table of schedules for a closed loop") {
    auto results = sample_results();
    for (auto& run : results.runs) run.schedule.reset();
    CHECK(app::bench_tables(results).find("achieved/s") == std::string::npos);
}

TEST_CASE("what makes figures doubtful is said") {
    auto run = sample_results().runs.front();
    CHECK(app::doubts_about(run).find(
              "coordinated: the sender fell behind its schedule: 49.90/s of 50.00/s") == 0);
    run.schedule->fell_behind = false;
    CHECK(app::doubts_about(run).empty());
    run.requests = 0;
    CHECK(app::doubts_about(run).find("nothing was measured: the run took 12.5 s") != std::string::npos);
}
