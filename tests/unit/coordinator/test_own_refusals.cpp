#include <doctest/doctest.h>

#include <cmath>
#include <optional>
#include <vector>

#include "coordinator/own_refusals.hpp"
#include "coordinator/refused_kinds.hpp"
#include "stagger/random.hpp"

using namespace std::chrono_literals;
namespace own_refusals = stagger::own_refusals;
using stagger::attempt_counts;
using stagger::random_source;
using stagger::refusal_evidence;
using stagger::refusal_history;
using stagger::refused_kinds;
using stagger::seconds;
using stagger::task_kind;
using stagger::time_point;

namespace {

constexpr time_point start = time_point() + 1h;

/// Tasks that are tried in turn at a server that refuses a share of whatever comes.
struct random_refusals {
    double refused_share = 0;
    random_source random{1};
    attempt_counts alike{};
    std::vector<refusal_history> tasks = std::vector<refusal_history>(40);
    time_point now = start;
    unsigned ended = 0;

    void run(unsigned rounds) {
        for (unsigned round = 0; round < rounds; ++round) {
            for (refusal_history& task : tasks) {
                now += 20ms;
                if (random.uniform() >= refused_share) {
                    ++alike.admitted;
                    task = {};
                    continue;
                }
                own_refusals::note(task, now, alike, alike.sent(), 20s);
                ++alike.refused;
                if (task.own) ++ended;
            }
        }
    }
};

/// When a task ends that is always refused, while others are tried at a pace and a share of them is refused.
struct poisoned {
    double others_per_s = 20;
    double refused_share = 0;
    random_source random{1};

    std::optional<seconds> ends_after() {
        attempt_counts alike;
        refusal_history task;
        time_point now = start;
        while (now < start + 10min) {
            own_refusals::note(task, now, alike, alike.sent(), 20s);
            ++alike.refused;
            if (task.own) return now - task.since;
            const seconds wait = own_refusals::longest_wait(task.refusals) * random.uniform();
            now = stagger::after(now, wait);
            for (double others = wait.count() * others_per_s; others >= 1; --others)
                ++(random.uniform() < refused_share ? alike.refused : alike.admitted);
        }
        return std::nullopt;
    }
};

}  // namespace

TEST_CASE("few others prove little, many refusals nothing, and nothing is impossible") {
    const auto chance = [](std::uint64_t admitted, std::uint64_t refused) {
        return own_refusals::chance_of_refusal(admitted, refused);
    };
    CHECK(chance(1, 0) == doctest::Approx(1 / 3. + std::sqrt(1 / 18.)));
    CHECK(chance(10, 0) < 0.2);
    CHECK(chance(100, 0) < 0.02);
    CHECK(chance(1000000, 0) == 0.003);
    CHECK(chance(100, 100) == doctest::Approx(0.5).epsilon(0.08));
    CHECK(chance(10, 990) > 0.99);
}

TEST_CASE("at a limit that refuses three of four, nobody is told that it is his own fault") {
    random_refusals limit{.refused_share = 0.75};
    limit.run(20000);
    CHECK(limit.ended == 0);
}

TEST_CASE("where a share is refused at random, nobody is told that it is his own fault") {
    for (const double share : {0.1, 0.2, 0.3}) {
        random_refusals overload{.refused_share = share};
        overload.run(20000);
        CHECK(overload.ended == 0);
    }
}

TEST_CASE("where refusals come in bursts, nobody is told that it is his own fault") {
    random_refusals bursts;
    for (int each = 0; each < 500; ++each) {
        bursts.refused_share = each % 2 == 0 ? 0 : 0.95;
        bursts.run(10);
    }
    CHECK(bursts.ended == 0);
}

TEST_CASE(
    "what is always refused while others are admitted is known after twenty seconds, and not much more") {
    for (const double others_per_s : {20., 50., 200.}) {
        for (const double share : {0., 0.1}) {
            CAPTURE(others_per_s);
            CAPTURE(share);
            poisoned task{others_per_s, share};
            for (int each = 0; each < 20; ++each) {
                const auto after = task.ends_after();
                REQUIRE(after.has_value());
                CHECK(*after >= 20s);
                CHECK(*after <= 45s);
            }
        }
    }
}

TEST_CASE("refusals while nobody alike is admitted prove nothing, however many") {
    attempt_counts alike{1000, 0};
    refusal_history task;
    for (int each = 0; each < 1000; ++each) {
        own_refusals::note(task, start + each * 1s, alike, alike.sent(), 20s);
        alike.refused += 3;
    }
    CHECK(task.refusals == 1000);
    CHECK(own_refusals::log_chance(task.evidence) == 0);
    CHECK_FALSE(task.own);
}

TEST_CASE("answers to what was sent before a refusal prove nothing about it") {
    attempt_counts alike{0, 0, 1000};
    refusal_history task;
    for (int each = 0; each < 20; ++each) {
        own_refusals::note(task, start + each * 8s, alike, alike.sent(), 20s);
        ++alike.refused;
        alike.admitted += 50;
        alike.under_way -= 50;
    }
    CHECK(own_refusals::log_chance(task.evidence) == 0);
    CHECK_FALSE(own_refusals::is_suspected(task.evidence));
    CHECK_FALSE(task.own);
    alike.admitted += 51;  // one more than were under way
    own_refusals::note(task, start + 1h, alike, alike.sent(), 20s);
    CHECK(own_refusals::log_chance(task.evidence) < 0);
}

TEST_CASE("who alone is refused of those who were sent since is suspected at once, but not ended") {
    refusal_history task;
    own_refusals::note(task, start, {0, 0, 5}, 5, 20s);
    own_refusals::note(task, start + 1s, {0, 1, 5}, 6, 20s);  // nobody else was sent before it was again
    CHECK_FALSE(own_refusals::is_suspected(task.evidence));
    CHECK_FALSE(own_refusals::is_suspected(task));
    own_refusals::note(task, start + 2s, {0, 2, 7}, 9, 20s);
    CHECK(own_refusals::is_suspected(task));
    CHECK(own_refusals::is_doubtful(task.evidence));
    own_refusals::note(task, start + 1h, {0, 4, 6}, 10, 20s);  // another one was refused
    CHECK_FALSE(own_refusals::is_suspected(task.evidence));
    CHECK_FALSE(task.own);
}

TEST_CASE("no verdict before twenty seconds, however clear it is") {
    attempt_counts alike;
    refusal_history task;
    for (int each = 0; each < 10; ++each) {
        own_refusals::note(task, start + each * 1s, alike, alike.sent(), 20s);
        ++alike.refused;
        alike.admitted += 1000;
    }
    CHECK(own_refusals::is_certain(task.evidence));
    CHECK(own_refusals::admitted_meanwhile(task.evidence) == 9000);
    CHECK_FALSE(task.own);
    own_refusals::note(task, start + 20s, alike, alike.sent(), 20s);
    CHECK(task.own);
    CHECK(task.since == start);
}

TEST_CASE("a task's own refusals are not held against its like") {
    attempt_counts alike;
    refusal_history task;
    for (int each = 0; each < 10; ++each) {
        own_refusals::note(task, start + each * 1s, alike, alike.sent(), 20s);
        ++alike.refused;
        ++alike.admitted;
    }
    CHECK(own_refusals::log_chance(task.evidence) ==
          doctest::Approx(9 * std::log(own_refusals::chance_of_refusal(9, 0))));
}

TEST_CASE("a history of another coordinator is no evidence in this one") {
    refusal_history task;
    own_refusals::note(task, start, {1000, 1000}, 2000, 20s);
    own_refusals::note(task, start + 1s, {10, 10}, 20, 20s);
    CHECK(own_refusals::log_chance(task.evidence) == 0);
    CHECK(task.refusals == 2);
}

TEST_CASE("the wait of who steps aside doubles up to eight seconds") {
    CHECK(own_refusals::longest_wait(2) == seconds(0.4));
    CHECK(own_refusals::longest_wait(3) == seconds(0.8));
    CHECK(own_refusals::longest_wait(6) == seconds(6.4));
    CHECK(own_refusals::longest_wait(7) == seconds(8));
    CHECK(own_refusals::longest_wait(4000000000) == seconds(8));
}

TEST_CASE("a kind that is refused while another is admitted is set aside, and one admission brings it back") {
    random_source random(1);
    refused_kinds kinds;
    const task_kind good{1};
    const task_kind bad{2};
    kinds.know(bad);
    for (int each = 0; each < 100 && !kinds.any_set_aside(); ++each) {
        const auto before = kinds.others_sent(bad);
        kinds.sent(bad);
        kinds.refused(bad, before, start, random);
        kinds.sent(good);
        kinds.admitted(good);
        CHECK_FALSE(kinds.is_set_aside(good));
    }
    REQUIRE(kinds.is_set_aside(bad));
    CHECK(kinds.is_suspected(bad));
    CHECK(kinds.outcomes(bad).refused < 50);

    time_point due = kinds.next_probe(bad);
    CHECK(due > start);
    CHECK(due < start + 1.2s);
    for (int each = 0; each < 10; ++each) {
        const auto before = kinds.others_sent(bad);
        kinds.sent(bad);
        kinds.probe_sent(bad);
        CHECK(kinds.next_probe(bad) == stagger::never);
        kinds.refused(bad, before, due, random);
        kinds.probe_ended(bad, due, random);
        due = kinds.next_probe(bad);
    }
    kinds.probe_ended(bad, start, random);
    CHECK(kinds.next_probe(bad) - start > 26s);
    CHECK(kinds.next_probe(bad) - start < 34s);

    kinds.sent(bad);
    kinds.admitted(bad);
    CHECK_FALSE(kinds.any_set_aside());
    CHECK_FALSE(kinds.is_suspected(bad));
}

TEST_CASE(
    "where answers take long, a kind that is refused throughout is set aside once enough others are "
    "admitted") {
    random_source random(1);
    refused_kinds kinds;
    const task_kind good{1};
    const task_kind bad{2};
    kinds.know(bad);
    const auto refuse = [&] {
        const auto before = kinds.others_sent(bad);
        kinds.sent(bad);
        kinds.refused(bad, before, start, random);
    };
    refuse();
    for (int each = 0; each < 50; ++each) {
        kinds.sent(good);
        refuse();
    }
    CHECK_FALSE(kinds.any_set_aside());
    // A limit refuses some of the others, too.
    for (int each = 0; each < 10; ++each) kinds.refused(good, 0, start, random);
    for (int each = 0; each < 8; ++each) kinds.admitted(good);
    refuse();
    CHECK_FALSE(kinds.is_suspected(bad));
    for (int each = 0; each < 8; ++each) kinds.admitted(good);
    refuse();
    CHECK(kinds.is_suspected(bad));
    CHECK_FALSE(kinds.any_set_aside());
    for (int each = 0; each < 24; ++each) kinds.admitted(good);
    refuse();
    CHECK(kinds.is_set_aside(bad));
}

TEST_CASE("a kind alone is never set aside, nor is one that a limit for all refuses") {
    random_source random(1);
    refused_kinds kinds;
    kinds.know(task_kind{2});
    for (int each = 0; each < 1000; ++each) {
        kinds.sent(task_kind{1});
        kinds.refused(task_kind{1}, 0, start, random);
    }
    CHECK_FALSE(kinds.any_set_aside());
    for (int each = 0; each < 100000; ++each) {
        const task_kind kind{random.uniform() < 0.5 ? 1u : 2u};
        kinds.sent(kind);
        if (random.uniform() < 0.25) {
            kinds.admitted(kind);
        } else {
            kinds.refused(kind, kinds.others_sent(kind), start, random);
        }
        REQUIRE_FALSE(kinds.any_set_aside());
    }
}

TEST_CASE("kinds beyond those that are told apart count as one") {
    refused_kinds kinds;
    kinds.know(task_kind{5000});
    kinds.sent(task_kind{4000});
    kinds.admitted(task_kind{4000});
    CHECK(kinds.outcomes(task_kind{6000}).admitted == 1);
    CHECK(kinds.outcomes(task_kind{3}).admitted == 0);
}
