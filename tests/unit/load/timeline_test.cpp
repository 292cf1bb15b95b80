#include <doctest/doctest.h>

#include <limits>

#include "load/timeline.hpp"

using namespace std::chrono_literals;
using stagger::coordinator_mode;
using stagger::coordinator_status;
using stagger::time_point;
using stagger::load::timeline;

namespace {

coordinator_status a_status(double pace_per_s, std::size_t in_flight) {
    coordinator_status status;
    status.mode = coordinator_mode::ride;
    status.pace_per_s = pace_per_s;
    status.measured_per_s = 50;
    status.measured_window = 8;
    status.in_flight = in_flight;
    status.waiting = 9;
    return status;
}

}  // namespace

TEST_CASE("timeline: counts fall into their step, and a step's end is not the next one's") {
    const time_point start{5s};
    timeline line(start);
    line.sent(start);
    line.sent(start + 499ms);
    line.end_step(start + 500ms, a_status(40, 3));
    line.success(start + 500ms);
    line.rejection(start + 499ms);  // is told of later, and belongs to its attempt
    line.end_step(start + 1s, a_status(std::numeric_limits<double>::infinity(), 1));
    const auto found = line.results();
    CHECK(found.step_s == 0.5);
    REQUIRE(found.rows.size() == 2);
    CHECK(found.rows[0] == stagger::load::timeline_row{0, 2, 1, 0, 40, 50, 8, 3, 9});
    CHECK(found.rows[1] == stagger::load::timeline_row{0.5, 0, 0, 1, std::nullopt, 50, 8, 1, 9});
}

TEST_CASE("timeline: there is no pace while the server counts as closed") {
    timeline line(time_point{});
    auto closed = a_status(40, 0);
    closed.mode = coordinator_mode::closed;
    line.end_step(time_point{500ms}, closed);
    CHECK_FALSE(line.results().rows.at(0).pace_per_s);
}

TEST_CASE("timeline: a long run widens its steps and loses no count") {
    timeline line(time_point{});
    const std::size_t seconds = 3 * timeline::most_rows;
    for (std::size_t second = 0; second < seconds; ++second) {
        const time_point now{std::chrono::seconds(second)};
        line.sent(now);
        if (second % 10 == 0) line.rejection(now);
        line.success(now);
        line.end_step(now + 500ms, a_status(1, second));
        line.end_step(now + 1s, a_status(1, second));
    }
    const auto found = line.results();
    CHECK(found.step_s == 4);
    CHECK(found.rows.size() == seconds / 4);
    std::size_t attempts = 0;
    std::size_t rejections = 0;
    std::size_t successes = 0;
    for (const auto& row : found.rows) {
        attempts += row.attempts;
        rejections += row.rejections;
        successes += row.successes;
    }
    CHECK(attempts == seconds);
    CHECK(successes == seconds);
    CHECK(rejections == seconds / 10);
    CHECK(found.rows.at(1).t_s == 4);
    CHECK(found.rows.at(1).in_flight == 7);  // as it was at the end of the four seconds
}
