#include <doctest/doctest.h>

#include <algorithm>

#include "cli/exit_code.hpp"
#include "sending/panel_colours.hpp"
#include "sending/progress.hpp"
#include "sending/progress_panel.hpp"
#include "sending/recent_rate.hpp"
#include "terminal/duration_text.hpp"

using namespace std::chrono_literals;

TEST_CASE("durations need a unit") {
    CHECK(app::parse_duration("250ms") == 250ms);
    CHECK(app::parse_duration("30s") == 30s);
    CHECK(app::parse_duration("5m") == 5min);
    CHECK(app::parse_duration("2h") == 2h);
    CHECK(app::parse_duration("1.5s") == 1500ms);
    CHECK(app::parse_duration("0") == 0s);
    CHECK(app::parse_duration("0s") == 0s);
    CHECK(app::parse_duration("1h30m") == 90min);
    CHECK(app::parse_duration("1m30s") == 90s);
    CHECK(app::parse_duration("1h2m3s4ms") == 1h + 2min + 3s + 4ms);
    CHECK(app::parse_duration("1h0.5s") == 1h + 500ms);
    for (const auto* wrong : {"",     "5",       "s",      "-1s",   "-0s",      "+1s",     "1 s",
                              "1s ",  "1x",      "1e3s",   "inf s", "nans",     "0x5s",    "30s1m",
                              "1m1m", "1.5h30m", "1h 30m", "1h30",  "1000000h", "8784h1s", "1,5s"}) {
        CAPTURE(wrong);
        CHECK_FALSE(app::parse_duration(wrong));
    }
}

TEST_CASE("times for people are rounded up to seconds") {
    CHECK(app::format_clock(0s) == "0:00");
    CHECK(app::format_clock(100ms) == "0:01");
    CHECK(app::format_clock(61s) == "1:01");
    CHECK(app::format_clock(3661s) == "1:01:01");
}

TEST_CASE("the progress line leaves out what matters least until it fits") {
    app::progress view;
    view.done = 120;
    view.failed = 3;
    view.left = 377;
    view.elapsed = 60s;
    view.gate.in_flight = 20;
    view.gate.waiting = 236;
    view.gate.why = stagger::wait_reason::pace;
    view.gate.pace_per_s = 19.84;
    view.gate.throttled = 7;
    view.results_per_s = 19.12;
    CHECK(app::format_progress(view, 200) ==
          "120/500 done  3 failed  19.1/s  pace 19.8/s  20 in flight  236 waiting (pace)  7 rejected  ETA "
          "3:04");
    view.gate.measured_per_s = 20;
    view.prompt_tokens = 4000;
    view.completion_tokens = 8345;
    CHECK(app::format_progress(view, 200) ==
          "120/500 done  3 failed  19.1/s  limit 20.0/s  20 in flight  236 waiting (pace)  7 rejected  "
          "12.3k tokens  ETA 3:04");
    CHECK(app::format_progress(view, 60) == "120/500 done  3 failed  19.1/s  limit 20.0/s  ETA 3:04");
    CHECK(app::format_progress(view, 25) == "120/500 done  3 failed");
    CHECK(app::format_progress(view, 20) == "120/500 done");
    for (unsigned width = 2; width < 140; ++width) CHECK(app::format_progress(view, width).size() < width);
    view.title = "aimd";
    CHECK(app::format_progress(view, 45) == "aimd:  120/500 done  3 failed  ETA 3:04");
    view.title.clear();

    view.left.reset();
    view.stopping = true;
    view.gate.measured_window = 16;
    CHECK(app::format_progress(view, 200) ==
          "stopping:  120 done  3 failed  19.1/s  limit 16 in flight  20 in flight  236 waiting (pace)  "
          "7 rejected  12.3k tokens");
}

TEST_CASE("a panel tells what answers cost and how long they take; colours take no room") {
    app::progress view;
    view.done = 7;
    view.failed = 3;
    view.left = 10;
    CHECK(app::format_panel(view, 80).find("cost") == std::string::npos);
    view.costs = app::cost_counts{0.0123, 1, "other"};
    view.latency = app::latency_view{720ms, 15400ms};
    const auto panel = app::format_panel(view, 80);
    CHECK(panel.find("\ncost       0.0123, 1 answer has no price\n") != std::string::npos);
    CHECK(panel.find("\nlatency    0.72 s p50, 15.4 s p95, from sending to the answer's end\n") !=
          std::string::npos);
    view.costs->unpriced = 2;
    CHECK(app::format_panel(view, 80).find("2 answers have no price") != std::string::npos);
    CHECK(app::format_progress(view, 200).find("  cost 0.0123 (2 unpriced)") != std::string::npos);
    CHECK(app::progress_json(view).find(
              R"("cost":0.0123,"unpriced":2,"latency_p50_s":0.720,"latency_p95_s":15.400})") !=
          std::string::npos);

    const auto coloured = app::coloured_panel(panel);
    CHECK(coloured.find("\x1b[31m3 failed\x1b[0m") != std::string::npos);
    CHECK(coloured.starts_with("\x1b[2mdone       \x1b[0m"));
    std::string plain;
    for (std::size_t at = 0; at < coloured.size(); ++at) {
        if (coloured[at] == '\x1b')
            at = coloured.find('m', at);
        else
            plain += coloured[at];
    }
    CHECK(plain == panel);
    view.failed = 0;
    CHECK(app::coloured_panel(app::format_panel(view, 80)).find("\x1b[32m#") != std::string::npos);
}

TEST_CASE("the panel has a row for each figure, and fits") {
    app::progress view;
    view.done = 120;
    view.failed = 3;
    view.left = 377;
    view.elapsed = 60s;
    view.results_per_s = 19.12;
    view.prompt_tokens = 4000;
    view.completion_tokens = 8345;
    view.gate.in_flight = 20;
    view.gate.waiting = 236;
    view.gate.why = stagger::wait_reason::retry_after;
    view.gate.measured_per_s = 20;
    view.gate.throttled = 6;
    view.gate.accepted = 120;
    CHECK(app::format_panel(view, 60) ==
          "done       123/500, 3 failed  [#####................]   24%\n"
          "rate       19.1/s now, limit 20.0/s, 2.0/s on average\n"
          "rejected   6, 5.0 per 100 accepted\n"
          "waiting    236 (server said when)\n"
          "in flight  20\n"
          "tokens     12.3k, 4.0k in prompts, 8.3k in answers\n"
          "time       1:00 passed, ETA 3:04");
    CHECK(app::format_panel(view, 35).starts_with("done       123/500, 3 failed\nrate       19.1/s now\n"));
    for (unsigned width = 2; width < 300; ++width) {
        const auto panel = app::format_panel(view, width);
        CHECK(std::count(panel.begin(), panel.end(), '\n') == 6);
        for (std::size_t begin = 0; begin < panel.size();) {
            const auto end = std::min(panel.find('\n', begin), panel.size());
            CHECK(end - begin <= std::max(12u, std::min(width - 1, 100u)));
            begin = end + 1;
        }
    }
    view.stopping = true;
    view.left.reset();
    CHECK(app::format_panel(view, 80).starts_with("stopping   123, 3 failed\n"));
}

TEST_CASE("progress for programs is one JSON object, with null for what is unknown") {
    app::progress view;
    view.done = 5;
    view.elapsed = 2s;
    view.gate.why = stagger::wait_reason::retry_after;
    CHECK(app::progress_json(view) ==
          R"({"done":5,"failed":0,"left":null,"results_per_s":0.000,"limit_per_s":null,)"
          R"("limit_in_flight":null,"pace_per_s":0.000,"in_flight":0,"waiting":0,)"
          R"("waiting_for":"retry_after","rejected":0,"prompt_tokens":0,"completion_tokens":0,)"
          R"("elapsed_s":2.000,"eta_s":null,"stopping":false,)"
          R"("opens_at":null,"server_said":null,"cost":null,"unpriced":0,)"
          R"("latency_p50_s":null,"latency_p95_s":null})");
    view.left = 5;
    view.gate.measured_per_s = 2.5;
    view.gate.measured_window = 8;
    const auto text = app::progress_json(view);
    CHECK(text.find(R"("limit_per_s":2.500,"limit_in_flight":8)") != std::string::npos);
    CHECK(text.find(R"("eta_s":2.000)") != std::string::npos);
}

TEST_CASE("the rate lately forgets what was long ago") {
    app::recent_rate rate;
    const stagger::time_point start{1h};
    CHECK(rate.per_s() == 0);
    rate.add(start, 0);
    CHECK(rate.per_s() == 0);
    rate.add(start + 1s, 10);
    CHECK(rate.per_s() == 10);
    for (int second = 2; second <= 30; ++second) rate.add(start + std::chrono::seconds(second), 10);
    CHECK(rate.per_s() == 0);
    rate.add(start + 31s, 30);
    CHECK(rate.per_s() == 2);
}

TEST_CASE("large counts are short") {
    CHECK(app::short_count(999) == "999");
    CHECK(app::short_count(12345) == "12.3k");
    CHECK(app::short_count(4560000) == "4.56M");
}

TEST_CASE("the time left cannot be told before something is done or where the end is unknown") {
    app::progress view;
    view.left = 10;
    view.elapsed = 5s;
    CHECK_FALSE(app::time_left(view));
    view.done = 5;
    CHECK(app::time_left(view) == 10s);
    view.left.reset();
    CHECK_FALSE(app::time_left(view));
}
