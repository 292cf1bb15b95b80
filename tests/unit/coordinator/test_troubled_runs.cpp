// Whole coordinators under events that no ordinary server makes: late answers, hints that are refuted,
// numbers that are none.

#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <map>
#include <memory>
#include <optional>

#include "kept_decisions.hpp"
#include "stagger/coordinator.hpp"
#include "stagger/random.hpp"

using namespace std::chrono_literals;
using stagger::action;
using stagger::coordinator;
using stagger::coordinator_options;
using stagger::cost;
using stagger::duration;
using stagger::from_seconds;
using stagger::hints;
using stagger::never;
using stagger::permit_id;
using stagger::random_source;
using stagger::retry_cause;
using stagger::time_point;

namespace {

constexpr time_point start{1000s};

hints retry_after(duration span) {
    hints said;
    said.retry_after = span;
    return said;
}

/// Calls by hand.
struct scripted {
    scripted(const coordinator_options& options, std::uint64_t seed) : core(options, seed) {}

    static time_point at(double s) { return start + from_seconds(s); }
    permit_id admit(double s) {
        const action todo = core.next(at(s));
        REQUIRE(todo.what == action::kind::admit);
        return todo.permit;
    }
    void refuse(double s, permit_id permit, const hints& said = {}) {
        const time_point earliest = core.throttled(at(s), permit, said);
        core.resubmit(at(s), {}, never, earliest, retry_cause::throttled);
    }
    double pace(double s) const { return core.status(at(s)).pace_per_s; }

    coordinator core;
};

/// A server that does anything: refuses, closes connections, hints at random, answers late. Then it recovers.
class random_trouble {
 public:
    random_trouble(std::uint64_t seed, const coordinator_options& options)
        : random_(seed),
          core_(options, seed),
          refused_(uniform(0.05, 0.95)),
          failed_(uniform(0, 0.3)),
          hinted_(uniform(0, 1)),
          way_(std::exp(uniform(std::log(1e-4), std::log(6)))),
          hint_s_(uniform(0, 130)) {
        for (unsigned each = 0; each < tasks; ++each) core_.submit(now_, {1, 10});
    }

    static constexpr unsigned tasks = 200;

    /// So many events of trouble.
    void trouble(unsigned events) {
        for (unsigned each = 0; each < events && step(true); ++each) check();
    }
    /// From now on everything is admitted. @returns how long it takes until all is done, if it ever is
    std::optional<stagger::duration> recover() {
        const time_point from = now_;
        for (unsigned each = 0; each < 100'000; ++each) {
            if (done_ == tasks) return now_ - from;
            if (!step(false)) break;
            check();
        }
        return std::nullopt;
    }
    std::optional<stagger::remembered_limits> learned() const { return core_.learned(now_); }

 private:
    double uniform(double low, double high) { return random_.uniform(low, high); }
    bool step(bool troubled) {
        const action todo = core_.next(now_);
        if (todo.what == action::kind::admit) {
            on_the_way_.emplace(now_ + from_seconds(way_ * uniform(0.3, 3)), todo.permit);
            return true;
        }
        const time_point wake = todo.what == action::kind::wait ? todo.at : never;
        const time_point answered = on_the_way_.empty() ? never : on_the_way_.begin()->first;
        if (wake == never && answered == never) return false;
        if (wake < answered) {
            REQUIRE(wake > now_);
            now_ = wake;
            return true;
        }
        const permit_id permit = on_the_way_.begin()->second;
        on_the_way_.erase(on_the_way_.begin());
        now_ = std::max(now_, answered);
        answer(permit, troubled);
        return true;
    }
    void answer(permit_id permit, bool troubled) {
        const cost what{1, 10};
        if (troubled && uniform(0, 1) < refused_) {
            hints said;
            if (uniform(0, 1) < hinted_) said.retry_after = from_seconds(hint_s_ * uniform(0, 2));
            const time_point earliest = core_.throttled(now_, permit, said);
            core_.resubmit(now_, what, never, earliest, retry_cause::throttled);
        } else if (troubled && uniform(0, 1) < failed_) {
            core_.failed(now_, permit);
            core_.resubmit(now_, what, never, now_ + from_seconds(uniform(0, 3)), retry_cause::accident);
        } else if (troubled && uniform(0, 1) < 0.05) {
            core_.abandoned(now_, permit);
            core_.submit(now_, what);
        } else {
            core_.accepted(now_, permit, {});
            if (troubled) {
                core_.submit(now_, what);
            } else {
                ++done_;
            }
        }
    }
    void check() {
        const double pace = core_.status(now_).pace_per_s;
        REQUIRE(std::isfinite(pace));
        REQUIRE(pace >= 1.0 / 60 - 1e-12);
        REQUIRE(pace <= 1e6);
    }

    random_source random_;
    coordinator core_;
    double refused_;
    double failed_;
    double hinted_;
    double way_;
    double hint_s_;
    time_point now_ = start;
    std::multimap<time_point, permit_id> on_the_way_;
    unsigned done_ = 0;
};

}  // namespace

TEST_CASE("a refuted hint at the end of a closed time does not disturb what was measured") {
    scripted run(coordinator_options().max_in_flight(5), 11170);
    auto& core = run.core;
    for (int each = 0; each < 5; ++each) core.submit(start, {1, 10});
    const auto accept = [&](double s, permit_id permit) {
        core.accepted(run.at(s), permit, {});
        core.submit(run.at(s), {});
    };
    // Several stay in flight for ever.
    const permit_id first = run.admit(0);
    const auto admit_when_allowed = [&](double s) {
        action todo = core.next(run.at(s));
        for (int each = 0; each < 100 && todo.what == action::kind::wait && todo.at < never; ++each) {
            todo = core.next(todo.at);
        }
        REQUIRE(todo.what == action::kind::admit);
        return todo.permit;
    };
    admit_when_allowed(0.031);
    const permit_id third = admit_when_allowed(0.063);
    run.refuse(3.7, third, retry_after(28800ms));
    accept(15, first);
    const permit_id fourth = admit_when_allowed(33);
    core.failed(run.at(36), fourth);
    core.resubmit(run.at(36), {}, never, run.at(37), retry_cause::accident);
    const permit_id fifth = admit_when_allowed(40);
    const permit_id sixth = admit_when_allowed(47.48);
    accept(51, sixth);
    const permit_id seventh = admit_when_allowed(53.13);
    run.refuse(58, fifth, retry_after(14s));
    accept(63, seventh);
    CHECK(std::isfinite(run.pace(63)));
    CHECK(run.pace(63) > 0.05);
}

TEST_CASE("after an answer that took minutes nobody waits for minutes") {
    for (const double took : {0.3, 30.0, 300.0, 3000.0}) {
        CAPTURE(took);
        scripted run(coordinator_options().max_in_flight(1), 225);
        auto& core = run.core;
        core.submit(start, {});
        double now = 0;
        for (int again = 0; again < 8; ++again) {
            now += 0.001;
            action todo = core.next(run.at(now));
            while (todo.what == action::kind::wait) {
                REQUIRE(todo.at < never);
                const double waited = stagger::to_seconds(todo.at - run.at(now));
                // While nothing is admitted the gaps between probes grow, but not to minutes.
                CHECK(waited <= 15);
                now += std::max(waited, 1e-6);
                todo = core.next(run.at(now));
            }
            REQUIRE(todo.what == action::kind::admit);
            now += took;
            run.refuse(now, todo.permit);
        }
    }
}

TEST_CASE("hints that are no numbers leave the pace a number") {
    constexpr double none = std::numeric_limits<double>::quiet_NaN();
    constexpr double infinite = std::numeric_limits<double>::infinity();
    for (const double limit : {none, infinite, -infinite, -5.0, 0.0, 1e308}) {
        for (const double remaining : {none, infinite, -infinite, -5.0, 0.0}) {
            CAPTURE(limit);
            CAPTURE(remaining);
            scripted run(coordinator_options().max_in_flight(64), 3);
            for (int each = 0; each < 300; ++each) run.core.submit(start, {1, 10});
            hints said;
            said.requests.limit = said.tokens.limit = limit;
            said.requests.remaining = said.tokens.remaining = remaining;
            said.requests.reset = said.tokens.reset = 1s;
            time_point now = start;
            for (int each = 0; each < 300; ++each) {
                action todo = run.core.next(now);
                while (todo.what == action::kind::wait) {
                    REQUIRE(todo.at < now + 1min);
                    now = todo.at;
                    todo = run.core.next(now);
                }
                REQUIRE(todo.what == action::kind::admit);
                if (each % 10 == 9) {
                    run.core.throttled(now + 1ms, todo.permit, said);
                } else {
                    run.core.accepted(now + 1ms, todo.permit, said);
                }
                now += 1ms;
                REQUIRE(std::isfinite(run.core.status(now).pace_per_s));
                REQUIRE(run.core.status(now).pace_per_s > 0);
            }
        }
    }
}

TEST_CASE("an early knock that is answered late, and asked for nothing, makes no lockout without a silence") {
    scripted run(coordinator_options().max_in_flight(12), 6);
    auto& core = run.core;
    core.submit(start, {});
    const permit_id first = run.admit(0);
    core.submit(start + 133ms, {});
    core.submit(start + 133ms, {});
    const permit_id second = run.admit(0.133);
    core.abandoned(start + 138ms, first);
    run.refuse(0.138, second, retry_after(1280ms));
    const permit_id third = run.admit(5.578);
    run.refuse(20, third, retry_after(0s));
    const auto learned = core.learned(start + 20s);
    if (learned) {
        CHECK_FALSE(stagger::broken_rule(*learned));
        CHECK((learned->kind != stagger::limit_kind::lockout));
    }
}

TEST_CASE("whatever the trouble, the pace stays within bounds, and all is done after its end") {
    for (std::uint64_t seed = 1; seed <= 300; ++seed) {
        CAPTURE(seed);
        random_source draw(seed);
        coordinator_options options;
        options.max_in_flight(1 + static_cast<unsigned>(draw.uniform(0, 20)));
        if (draw.uniform() < 0.5) options.probing(0);
        random_trouble run(seed, options);
        run.trouble(1500);
        if (const auto learned = run.learned()) CHECK_FALSE(stagger::broken_rule(*learned));
        const auto took = run.recover();
        REQUIRE(took);
        CHECK(*took < 4h);  // at the slowest pace there is
        if (const auto learned = run.learned()) CHECK_FALSE(stagger::broken_rule(*learned));
    }
}

TEST_CASE("the same events lead to the same decisions") {
    for (std::uint64_t seed = 1; seed <= 20; ++seed) {
        CAPTURE(seed);
        const auto decided = [seed] {
            const auto kept = std::make_shared<kept_decisions>();
            random_trouble run(seed, coordinator_options().max_in_flight(8).recorder(kept));
            run.trouble(1500);
            return kept->records;
        };
        const auto records = decided();
        CHECK(records.size() > 1500);
        CHECK((records == decided()));
    }
}
