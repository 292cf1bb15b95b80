#include <doctest/doctest.h>

#include "duration_text.hpp"
#include "exit_code.hpp"
#include "progress.hpp"

using namespace std::chrono_literals;

TEST_CASE("durations need a unit") {
    CHECK(app::parse_duration("250ms") == 250ms);
    CHECK(app::parse_duration("30s") == 30s);
    CHECK(app::parse_duration("5m") == 5min);
    CHECK(app::parse_duration("2h") == 2h);
    CHECK(app::parse_duration("1.5s") == 1500ms);
    CHECK(app::parse_duration("0") == 0s);
    CHECK(app::parse_duration("0s") == 0s);
    for (const auto* wrong : {"", "5", "s", "-1s", "-0s", "+1s", "1 s", "1s ", "1x", "1e3s", "inf s", "nans",
                              "0x5s", "1m30s", "1000000h", "1,5s"}) {
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
    CHECK(app::format_progress(view, 200) ==
          "120/500 done  3 failed  20 in flight  236 waiting (pace)  19.8/s  7 rejected  ETA 3:04");
    CHECK(app::format_progress(view, 70) == "120/500 done  3 failed  20 in flight  19.8/s  ETA 3:04");
    CHECK(app::format_progress(view, 25) == "120/500 done  3 failed");
    CHECK(app::format_progress(view, 20) == "120/500 done");
    for (unsigned width = 2; width < 120; ++width) CHECK(app::format_progress(view, width).size() < width);

    view.left.reset();
    view.stopping = true;
    CHECK(app::format_progress(view, 200) ==
          "stopping:  120 done  3 failed  20 in flight  236 waiting (pace)  19.8/s  7 rejected");
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
