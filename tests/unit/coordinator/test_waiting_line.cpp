#include <doctest/doctest.h>

#include <map>
#include <new>
#include <set>
#include <vector>

#include "base/slot_map.hpp"
#include "coordinator/timer_heap.hpp"
#include "coordinator/waiting_line.hpp"
#include "stagger/random.hpp"

using namespace std::chrono_literals;
using stagger::lane;
using stagger::never;
using stagger::task_id;
using stagger::time_point;
using stagger::timer_heap;
using stagger::waiting_line;

namespace {

constexpr time_point start = time_point() + 1h;
constexpr stagger::cost one{1, 0};

task_id join(waiting_line& line, lane where, time_point deadline = never,
             time_point not_before = time_point::min()) {
    return line.join(where, {one, deadline, {}, where != lane::first}, not_before);
}

std::vector<task_id> drained(waiting_line& line, lane where) {
    std::vector<task_id> order;
    while (const auto front = line.front(where)) {
        order.push_back(*front);
        line.leave(*front);
    }
    return order;
}

}  // namespace

TEST_CASE("keys of erased values are never found again") {
    stagger::slot_map<int> values;
    const auto first = values.insert(1);
    values.erase(first);
    const auto second = values.insert(2);
    CHECK(values.place_of(first) == values.place_of(second));
    CHECK(first != second);
    CHECK(values.find(first) == nullptr);
    CHECK(*values.find(second) == 2);
    values.erase(first);
    CHECK(values.size() == 1);
}

TEST_CASE("a timer heap drops what died without a search, and does not grow with it") {
    timer_heap heap;
    std::set<task_id> live;
    const auto is_live = [&](task_id task) { return live.contains(task); };
    for (std::uint64_t each = 0; each < 100000; ++each) {
        live.insert(task_id{each});
        heap.push(start + each * 1ms, task_id{each});
        if (each >= 10) live.erase(task_id{each - 10});
        heap.tidy(live.size(), is_live);
    }
    CHECK(heap.size() < 200);
    CHECK(heap.top() == task_id{99990});
}

TEST_CASE("first come, first served within a lane") {
    waiting_line line;
    std::vector<task_id> joined;
    for (int each = 0; each < 5; ++each) joined.push_back(join(line, lane::first, never));
    const task_id again = join(line, lane::throttled, never);
    CHECK(line.size() == 6);
    CHECK(line.leave(joined[2]));
    CHECK_FALSE(line.leave(joined[2]));
    joined.erase(joined.begin() + 2);
    CHECK(drained(line, lane::first) == joined);
    CHECK(line.front(lane::throttled) == again);
    CHECK(line.size() == 1);
}

TEST_CASE("a task with a wait of its own joins its lane when that is over, before those who come later") {
    waiting_line line;
    const task_id late = join(line, lane::throttled, never, start + 2s);
    const task_id soon = join(line, lane::throttled, never, start + 1s);
    CHECK(line.next_timer() == start + 1s);
    CHECK(line.delayed() == 2);
    CHECK_FALSE(line.front(lane::throttled));
    CHECK(line.release_due(start + 1s) == soon);
    CHECK_FALSE(line.release_due(start + 1s));
    CHECK(line.front(lane::throttled) == soon);
    CHECK(line.release_due(start + 3s) == late);
    const task_id after = join(line, lane::throttled, never);
    CHECK(drained(line, lane::throttled) == std::vector{soon, late, after});
    CHECK(line.next_timer() == never);
}

TEST_CASE("a task that leaves during its own wait is not released") {
    waiting_line line;
    const task_id gone = join(line, lane::throttled, never, start + 1s);
    CHECK(line.leave(gone));
    CHECK(line.next_timer() == never);
    CHECK_FALSE(line.release_due(start + 2s));
    CHECK_FALSE(line.front(lane::throttled));
    CHECK(line.size() == 0);
}

TEST_CASE("deadlines hand tasks back in order, also out of an own wait") {
    waiting_line line;
    const task_id second = join(line, lane::first, start + 2s);
    const task_id first = join(line, lane::throttled, start + 1s, start + 10s);
    const task_id left = join(line, lane::first, start + 500ms);
    line.leave(left);
    CHECK(line.next_timer() == start + 1s);
    CHECK_FALSE(line.take_expired(start));
    CHECK(line.take_expired(start + 1s) == first);
    CHECK_FALSE(line.take_expired(start + 1s));
    CHECK(line.take_expired(start + 5s) == second);
    CHECK(line.size() == 0);
}

TEST_CASE("joining, waiting, leaving in any order keeps every task exactly once") {
    stagger::random_source random(7);
    waiting_line line;
    std::map<task_id, bool> waiting;  // whether with a wait of its own
    time_point now = start;
    for (int step = 0; step < 20000; ++step) {
        now += 1ms;
        const double choice = random.uniform();
        if (choice < 0.5) {
            const bool delayed = random.uniform() < 0.3;
            const auto where = random.uniform() < 0.5 ? lane::first : lane::throttled;
            const time_point deadline = random.uniform() < 0.5 ? never : now + 400ms;
            const task_id task =
                delayed ? join(line, where, deadline, now + 200ms) : join(line, where, deadline);
            REQUIRE(waiting.emplace(task, delayed).second);
        } else if (choice < 0.8 && !waiting.empty()) {
            auto chosen = waiting.lower_bound(task_id{random.next() & 0xffff});
            if (chosen == waiting.end()) chosen = waiting.begin();
            REQUIRE(line.leave(chosen->first));
            waiting.erase(chosen);
        } else {
            while (line.release_due(now)) continue;
            while (const auto late = line.take_expired(now)) REQUIRE(waiting.erase(*late) == 1);
        }
        REQUIRE(line.size() == waiting.size());
    }
    while (line.release_due(now + 1s)) continue;
    for (const lane where : {lane::first, lane::throttled}) {
        for (const task_id task : drained(line, where)) CHECK(waiting.erase(task) == 1);
    }
    CHECK(waiting.empty());
}
