#include <doctest/doctest.h>

#include <map>
#include <vector>

#include "stagger/coordinator.hpp"

using namespace stagger;
using namespace std::chrono_literals;

namespace {

constexpr time_point start = time_point() + 1h;
constexpr cost one{1, 0};

/// Without a pace: one in flight after the other.
struct line_of_classes {
    coordinator core{coordinator_options().pacing(pacing_kind::unpaced).max_in_flight(1), 1};
    std::map<task_id, priority> in;

    task_id submit(priority of, time_point deadline = never) {
        const task_id task = core.submit(start, one, deadline, {}, of);
        in[task] = of;
        return task;
    }
    action admit() {
        const action todo = core.next(start);
        REQUIRE(todo.what == action::kind::admit);
        return todo;
    }
    task_id serve() {
        const action todo = admit();
        core.accepted(start, todo.permit, {});
        return todo.task;
    }
};

}  // namespace

TEST_CASE("classes that wait together are sent by their weights") {
    line_of_classes line;
    for (const priority each : {priority::batch, priority::normal, priority::interactive}) {
        for (int i = 0; i < 200; ++i) line.submit(each);
    }
    std::map<priority, int> sent;
    for (int i = 0; i < 210; ++i) ++sent[line.in[line.serve()]];
    CHECK(sent[priority::interactive] == 160);
    CHECK(sent[priority::normal] == 40);
    CHECK(sent[priority::batch] == 10);
}

TEST_CASE("a class by itself has everything, in the order of arrival") {
    for (const priority each : priorities) {
        line_of_classes line;
        std::vector<task_id> joined;
        for (int i = 0; i < 50; ++i) joined.push_back(line.submit(each));
        for (const task_id task : joined) CHECK(line.serve() == task);
    }
}

TEST_CASE("behind thousands of batch an interactive task goes next") {
    line_of_classes line;
    for (int i = 0; i < 10'000; ++i) line.submit(priority::batch);
    for (int i = 0; i < 100; ++i) line.serve();
    const task_id task = line.submit(priority::interactive);
    CHECK(line.serve() == task);
    CHECK(line.core.status(start).waiting == 9'900);
}

TEST_CASE("a retry goes before the first attempts of all classes") {
    line_of_classes line;
    line.submit(priority::batch);
    const action refused = line.admit();
    line.submit(priority::interactive);
    const time_point earliest = line.core.throttled(start, refused.permit, {});
    const task_id again = line.core.resubmit(start, one, never, earliest, retry_cause::throttled);
    CHECK(line.serve() == again);
}

TEST_CASE("who waits in any class may leave it, and expires") {
    for (const priority each : priorities) {
        line_of_classes line;
        line.submit(priority::normal);
        line.admit();
        const task_id gone = line.submit(each);
        line.submit(each, start + 1s);
        CHECK(line.core.withdraw(start, gone));
        const action late = line.core.next(start + 2s);
        CHECK(late.what == action::kind::expire);
        CHECK(line.core.status(start + 2s).waiting == 0);
    }
}
