// A Retry-After of any length is obeyed for as long as it stays true.

#include <doctest/doctest.h>

#include <algorithm>
#include <deque>
#include <vector>

#include "stagger/coordinator.hpp"

using namespace std::chrono_literals;
using stagger::action;
using stagger::coordinator;
using stagger::coordinator_options;
using stagger::duration;
using stagger::hints;
using stagger::never;
using stagger::permit_id;
using stagger::retry_cause;
using stagger::time_point;
using stagger::wait_reason;

namespace {

constexpr time_point start = time_point() + 1h;
constexpr duration round_trip = 80ms;

/// A server that admits everything until `closes`, and from `opens` on; in between it refuses with the time
/// that is left, to the second, rounded up. Tasks keep coming back until they are admitted.
class closing_server {
 public:
    closing_server(duration closes, duration opens, const coordinator_options& options = {})
        : closes_(start + closes), opens_(start + opens), core_(options, 7) {}

    void submit(unsigned count) {
        for (unsigned each = 0; each < count; ++each) core_.submit(now_, {1, 0});
    }

    void run_until(time_point end) {
        for (;;) {
            const action todo = core_.next(now_);
            if (todo.what == action::kind::admit) {
                sent_.push_back(now_);
                on_the_way_.push_back({todo.permit, now_});
                continue;
            }
            const time_point answered = on_the_way_.empty() ? never : on_the_way_.front().sent + round_trip;
            const time_point at = std::min(todo.at, answered);
            if (at > end) break;
            now_ = std::max(now_, at);
            if (answered <= now_) answer();
        }
        now_ = end;
    }

    std::size_t sent_between(time_point from, time_point to) const {
        return static_cast<std::size_t>(std::count_if(
            sent_.begin(), sent_.end(), [&](time_point each) { return each >= from && each < to; }));
    }
    stagger::coordinator_status status() const { return core_.status(now_); }
    /// When the first hint has been heard.
    time_point told() const { return told_; }
    time_point opens() const { return opens_; }

 private:
    struct attempt {
        permit_id permit;
        time_point sent;
    };

    void answer() {
        const attempt ended = on_the_way_.front();
        on_the_way_.pop_front();
        const time_point arrived = ended.sent + round_trip / 2;
        if (arrived < closes_ || arrived >= opens_) return core_.accepted(now_, ended.permit, {});
        hints said;
        said.retry_after = std::chrono::ceil<std::chrono::seconds>(opens_ - arrived);
        const time_point earliest = core_.throttled(now_, ended.permit, said);
        core_.resubmit(now_, {1, 0}, never, earliest, retry_cause::throttled);
        told_ = std::min(told_, now_);
    }

    time_point closes_;
    time_point opens_;
    coordinator core_;
    time_point now_ = start;
    time_point told_ = never;
    std::deque<attempt> on_the_way_;
    std::vector<time_point> sent_;
};

}  // namespace

TEST_CASE("an honest Retry-After costs one early request at most, however long it is") {
    for (const duration length :
         {duration(1min), duration(1h), duration(8h), duration(72h), duration(31 * 24h)}) {
        for (const duration open : {duration(0s), duration(1s), duration(1500ms)}) {
            CAPTURE(length);
            CAPTURE(open);
            closing_server server(open, open + length);
            server.submit(20'000);
            server.run_until(start + open + length + 1min);
            REQUIRE(server.told() < start + open + 10s);
            CHECK(server.sent_between(server.told() + 1ns, server.opens()) <= 1);
            CHECK(server.sent_between(server.opens(), server.opens() + 2s) >= 1);
        }
    }
}

TEST_CASE("the status says when the server opens, until then") {
    closing_server server(0s, 1h);
    CHECK_FALSE(server.status().opens_at);
    server.submit(100);
    server.run_until(start + 1min);
    REQUIRE(server.status().opens_at);
    CHECK(*server.status().opens_at >= server.opens());
    CHECK(*server.status().opens_at <= server.opens() + 1100ms);
    CHECK(server.status().why == wait_reason::retry_after);
    server.run_until(start + 59min);
    CHECK(server.status().opens_at);
    server.run_until(start + 62min);
    CHECK_FALSE(server.status().opens_at);
}

TEST_CASE("where all tasks wait for themselves the status says until when") {
    closing_server server(0s, 1h, coordinator_options().pacing(stagger::pacing_kind::unpaced));
    server.submit(3);
    CHECK_FALSE(server.status().all_wait_until);
    server.run_until(start + 50ms);
    CHECK_FALSE(server.status().all_wait_until);  // they are on the way
    server.run_until(start + 1min);
    REQUIRE(server.status().all_wait_until);
    CHECK(*server.status().all_wait_until >= server.opens());
    CHECK(*server.status().all_wait_until <= server.opens() + 1100ms);
}

TEST_CASE("the status has the server's word also where the strategy does not ask for it") {
    closing_server server(0s, 1h, coordinator_options().pacing(stagger::pacing_kind::unpaced));
    server.submit(3);
    CHECK_FALSE(server.status().opens_at);
    server.run_until(start + 1min);
    REQUIRE(server.status().opens_at);
    CHECK(*server.status().opens_at >= server.opens());
    CHECK(*server.status().opens_at <= server.opens() + 1100ms);
    server.run_until(start + 2h);
    CHECK_FALSE(server.status().opens_at);
}

TEST_CASE("what is admitted although it was sent after a refusal takes the server's word back") {
    coordinator core(coordinator_options().pacing(stagger::pacing_kind::unpaced), 1);
    for (int each = 0; each < 3; ++each) core.submit(start, {1, 0});
    const permit_id before = core.next(start).permit;
    const permit_id refused = core.next(start + 1s).permit;
    const permit_id later = core.next(start + 2s).permit;
    core.throttled(start + 3s, refused, {1h, {}, {}});
    core.accepted(start + 3s, before, {});
    CHECK(core.status(start + 3s).opens_at == start + 3s + 1h);
    core.accepted(start + 3s, later, {});
    CHECK_FALSE(core.status(start + 3s).opens_at);
}

TEST_CASE("a cap is obeyed where it is set, and what it cuts is counted") {
    closing_server server(0s, 1h, coordinator_options().retry_after_cap(10min));
    server.submit(10);
    server.run_until(start + 20min);
    CHECK(server.status().hints_cut == server.status().throttled);
    CHECK(server.sent_between(start + 9min, start + 20min) > 0);
}
