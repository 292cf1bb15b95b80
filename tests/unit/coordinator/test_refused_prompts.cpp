#include <doctest/doctest.h>

#include <algorithm>
#include <functional>
#include <map>
#include <optional>
#include <queue>
#include <vector>

#include "base/seconds.hpp"
#include "stagger/coordinator.hpp"

// A coordinator in front of a server that refuses some prompts always: what becomes of the others.

using namespace std::chrono_literals;
using stagger::action;
using stagger::coordinator;
using stagger::coordinator_mode;
using stagger::coordinator_options;
using stagger::duration;
using stagger::never;
using stagger::permit_id;
using stagger::refusal_history;
using stagger::retry_cause;
using stagger::task_id;
using stagger::task_kind;
using stagger::time_point;
using stagger::wait_reason;

namespace {

constexpr time_point start = time_point() + 1h;
constexpr duration round_trip = 50ms;

/// Admits at a rate, and keeps some of what it could have admitted.
class bucket {
 public:
    bucket(double per_s, double depth) : per_s_(per_s), depth_(depth), level_(depth) {}
    bool admits(time_point now) {
        level_ = std::min(depth_, level_ + per_s_ * std::chrono::duration<double>(now - last_).count());
        last_ = now;
        if (level_ < 1) return false;
        --level_;
        return true;
    }

 private:
    double per_s_;
    double depth_;
    double level_;
    time_point last_ = start;
};

/// A driver and a server in virtual time. Prompts are known by their numbers.
struct run {
    struct prompt {
        task_kind kind{};
        time_point deadline = never;
        refusal_history refused{};
        std::optional<time_point> admitted{};
        std::optional<time_point> given_up{};
        bool expired = false;
        unsigned attempts = 0;
    };
    struct answer {
        time_point at;
        std::size_t prompt;
        permit_id permit;
        bool admitted;
        friend bool operator<(const answer& left, const answer& right) { return left.at > right.at; }
    };

    explicit run(std::function<bool(std::size_t, time_point)> admits, const coordinator_options& options = {})
        : core(options, 7), admits_(std::move(admits)) {}

    void submit(std::size_t count, task_kind kind = {}, time_point deadline = never) {
        for (std::size_t each = 0; each < count; ++each) {
            waiting.emplace(core.submit(now, {}, deadline, kind), prompts.size());
            prompts.push_back({.kind = kind, .deadline = deadline});
        }
    }

    void until(time_point end) {
        while (true) {
            const action todo = core.next(now);
            if (todo.what == action::kind::admit) {
                send(todo);
            } else if (todo.what == action::kind::expire) {
                prompts[waiting.extract(todo.task).mapped()].expired = true;
            } else {
                why = todo.why;
                const time_point answered = answers.empty() ? never : answers.top().at;
                const time_point next = std::min(todo.at, answered);
                if (next > end || next == never) break;
                REQUIRE(next >= now);
                now = next;
                if (answered == now) hear();
            }
        }
        now = end;
    }

    void send(const action& todo) {
        const std::size_t number = waiting.extract(todo.task).mapped();
        ++prompts[number].attempts;
        sent.push_back(number);
        const bool admitted = admits_(number, now);
        answers.push({now + round_trip + (admitted ? service : 0s), number, todo.permit, admitted});
    }

    void hear() {
        const answer got = answers.top();
        answers.pop();
        prompt& one = prompts[got.prompt];
        if (got.admitted) {
            core.accepted(now, got.permit, {});
            one.admitted = now;
            return;
        }
        const time_point allowed = core.throttled(now, got.permit, {}, one.refused);
        if (one.refused.own) {
            one.given_up = now;
            return;
        }
        waiting.emplace(
            core.resubmit(now, {}, one.deadline, allowed, retry_cause::throttled, one.kind, one.refused),
            got.prompt);
    }

    std::size_t count_admitted() const {
        return static_cast<std::size_t>(std::count_if(
            prompts.begin(), prompts.end(), [](const prompt& one) { return one.admitted.has_value(); }));
    }
    duration last_admission() const {
        time_point last = start;
        for (const prompt& one : prompts) last = std::max(last, one.admitted.value_or(start));
        return last - start;
    }

    coordinator core;
    time_point now = start;
    std::vector<prompt> prompts;
    std::vector<std::size_t> sent;
    duration service{0};
    wait_reason why = wait_reason::none;
    std::map<task_id, std::size_t> waiting;
    std::priority_queue<answer> answers;

 private:
    std::function<bool(std::size_t, time_point)> admits_;
};

/// 599 prompts at a bucket of 20/s, and with them one that is always refused, if its number is given.
struct run_of_599 : run {
    explicit run_of_599(std::optional<std::size_t> poisoned)
        : run([limit = bucket(20, 10), poisoned](std::size_t number, time_point at) mutable {
              return number != poisoned && limit.admits(at);
          }) {
        submit(poisoned ? 600 : 599);
        until(start + 10min);
    }
};

}  // namespace

TEST_CASE("one prompt that is always refused holds up none of the 599 others, and ends") {
    for (const std::size_t poisoned : {0u, 5u, 300u}) {
        CAPTURE(poisoned);
        const run_of_599 alone(std::nullopt);
        const run_of_599 all(poisoned);
        CHECK(all.count_admitted() == 599);
        CHECK(stagger::to_seconds(all.last_admission()) < 1.15 * stagger::to_seconds(alone.last_admission()));
        const run::prompt& bad = all.prompts[poisoned];
        REQUIRE(bad.given_up.has_value());
        CHECK(*bad.given_up - bad.refused.since >= 20s);
        CHECK(*bad.given_up - bad.refused.since <= 40s);
        CHECK(bad.refused.refusals == bad.attempts);
        CHECK(bad.refused.evidence.latest.admitted > 100);
    }
}

TEST_CASE("no other prompt is lost to its deadline behind one that is always refused") {
    bucket limit(20, 10);
    run all([&](std::size_t prompt, time_point now) { return prompt != 3 && limit.admits(now); });
    for (unsigned each = 0; each < 75; ++each) {  // as a batch hands them over
        all.submit(8, {}, all.now + 15s);
        all.until(all.now + 410ms);
    }
    all.until(start + 2min);
    CHECK(all.count_admitted() == 599);
    CHECK(all.prompts[3].expired);
}

TEST_CASE("a prompt that is refused is never the probe twice in a row while another waits") {
    run all([&](std::size_t prompt, time_point now) { return prompt != 0 && now > start + 20s; });
    all.submit(30);
    all.until(start + 19s);
    CHECK(all.core.status(all.now).mode == coordinator_mode::closed);
    // After its first refusal a task stands at the front once more, as everybody does.
    for (std::size_t each = 2; each < all.sent.size(); ++each) {
        const bool thrice = all.sent[each] == all.sent[each - 1] && all.sent[each] == all.sent[each - 2];
        CHECK_FALSE(thrice);
    }
    CHECK(all.prompts[0].attempts < all.sent.size() / 2);
}

TEST_CASE("a closed server is nobody's own fault") {
    run all([&](std::size_t, time_point now) { return now > start + 1min; });
    all.submit(30);
    all.until(start + 5min);
    CHECK(all.count_admitted() > 0);
    for (const run::prompt& one : all.prompts) CHECK_FALSE(one.given_up.has_value());
}

TEST_CASE("a server that closes while answers are on their way is nobody's own fault") {
    bucket limit(20, 10);
    run all([&](std::size_t, time_point now) {
        const bool closed = now > start + 30s && now < start + 70s;
        return !closed && limit.admits(now);
    });
    all.service = 20s;
    all.submit(1000);
    all.until(start + 10min);
    for (const run::prompt& one : all.prompts) CHECK_FALSE(one.given_up.has_value());
}

TEST_CASE("where answers take long, a prompt that is always refused is known as well") {
    bucket limit(20, 10);
    run all([&](std::size_t prompt, time_point now) { return prompt != 7 && limit.admits(now); });
    all.service = 2s;
    all.submit(1000);
    all.until(start + 10min);
    CHECK(all.count_admitted() == 999);
    CHECK(all.last_admission() < 100s);  // 50 s at the limit
    CHECK(all.prompts[7].given_up.has_value());
}

TEST_CASE("a kind that is refused as a whole waits by itself, and none of it is ended") {
    constexpr task_kind good{1};
    constexpr task_kind bad{2};
    time_point bad_from = start + 10min;
    bucket limit(20, 10);
    run all([&](std::size_t prompt, time_point now) {
        return prompt % 2 == 0 ? limit.admits(now) : now > bad_from;
    });
    for (int each = 0; each < 300; ++each) {
        all.submit(1, good);
        all.submit(1, bad);
    }
    all.until(start + 60s);
    CHECK(all.count_admitted() == 300);
    CHECK(all.last_admission() < 22s);  // 15 s for 300, and the time until it is clear what is refused
    CHECK(all.why == wait_reason::kind_refused);
    CHECK(all.core.status(all.now).kind_refused >= 299);
    CHECK(all.core.status(all.now).waited[wait_reason::kind_refused] > 1000s);

    const std::size_t sent_by_then = all.sent.size();
    all.until(start + 10min);
    CHECK(all.sent.size() - sent_by_then <= 30);  // one probe in half a minute
    for (const run::prompt& one : all.prompts) CHECK_FALSE(one.given_up.has_value());

    all.until(start + 15min);
    CHECK(all.count_admitted() == 600);
    CHECK(all.core.status(all.now).kind_refused == 0);
}

TEST_CASE("a task of a refused kind can be withdrawn, and expires") {
    bucket limit(20, 10);
    run all([&](std::size_t prompt, time_point now) { return prompt % 2 == 0 && limit.admits(now); });
    for (int each = 0; each < 200; ++each) {
        all.submit(1, task_kind{1});
        all.submit(1, task_kind{2}, start + 1min);
    }
    all.until(start + 30s);
    REQUIRE(all.core.status(all.now).kind_refused > 100);
    const auto one = all.waiting.begin()->first;
    CHECK(all.core.withdraw(all.now, one));
    all.waiting.erase(one);
    all.until(start + 70s);
    CHECK(all.core.status(all.now).waiting == 0);
    CHECK(std::count_if(all.prompts.begin(), all.prompts.end(),
                        [](const run::prompt& each) { return each.expired; }) >= 198);
}

TEST_CASE("other strategies tell no refusal from another") {
    bucket limit(20, 10);
    run all([&](std::size_t prompt, time_point now) { return prompt != 0 && limit.admits(now); },
            coordinator_options().pacing(stagger::pacing_kind::unpaced));
    all.submit(100);
    all.until(start + 60s);
    CHECK(all.prompts[0].refused == refusal_history());
}
