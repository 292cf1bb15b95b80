#include <doctest/doctest.h>

#include <algorithm>

#include "bench/bench_table.hpp"
#include "bench/service_level_text.hpp"
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

TEST_CASE("for a closed loop there is no table of schedules, and no word of one") {
    auto results = sample_results();
    for (auto& run : results.runs) run.schedule.reset();
    const auto text = app::bench_tables(results);
    CHECK(text.find("achieved/s") == std::string::npos);
    CHECK(text.find("schedule") == std::string::npos);
    CHECK(text.find("  total ") != std::string::npos);
}

TEST_CASE("the tables say why requests failed, the most frequent reason first") {
    auto results = sample_results();
    results.runs.pop_back();
    results.runs[0].failures = {{"answer_timed_out", 4},
                                {"bad_request", 1},
                                {"connection_lost", 2},
                                {"rate_limited", 60},
                                {"server_error", 2}};
    const auto text = app::bench_tables(results);
    const auto line_with = [&](const std::string& word) {
        const auto begin = text.rfind('\n', text.find(word)) + 1;
        return text.substr(begin, text.find('\n', begin) - begin);
    };
    CHECK(text.find("because of") < text.find("rate_limited"));
    CHECK(text.find("rate_limited") < text.find("answer_timed_out"));
    CHECK(text.find("answer_timed_out") < text.find("connection_lost"));
    CHECK(line_with("rate_limited").find(" 60 ") != std::string::npos);
    CHECK(line_with("others").find(" 3 ") != std::string::npos);  // bad_request and server_error
    CHECK(text.find("bad_request") == std::string::npos);
    for (auto& run : results.runs) run.failures.clear();
    CHECK(app::bench_tables(results).find("because of") == std::string::npos);
}

TEST_CASE("a run that was interrupted is called so") {
    auto results = sample_results();
    CHECK(app::bench_tables(results).find("interrupted") == std::string::npos);
    results.runs[1].interrupted = true;
    const auto text = app::bench_tables(results);
    CHECK(text.find("\ntenacity (interrupted)") != std::string::npos);
    CHECK(text.find("coordinated (interrupted)") == std::string::npos);
}

TEST_CASE("what makes figures doubtful is said") {
    const auto results = sample_results();
    auto run = results.runs.front();
    auto load = results.load;
    CHECK(app::doubts_about(run, load).find(
              "coordinated: the sender fell behind its schedule: 49.90/s of 50.00/s") == 0);
    run.schedule->fell_behind = false;
    CHECK(app::doubts_about(run, load).empty());
    run.requests = 0;
    CHECK(app::doubts_about(run, load) ==
          "coordinated: nothing was measured: no request ended within the 12.5 s that the run took");
    load.cool_down_s = 20;
    CHECK(
        app::doubts_about(run, load) ==
        "coordinated: nothing was measured: no request ended in what is left of the 12.5 s that the run took "
        "without warm-up and cool-down");
}
