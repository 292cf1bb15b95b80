#include <doctest/doctest.h>

#include <cmath>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <sstream>
#include <stdexcept>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include "records/decision_log.hpp"
#include "scenario/format_scenario.hpp"
#include "scenarios.hpp"
#include "sim/random_scenario.hpp"
#include "sim/replay.hpp"
#include "sim/simulation.hpp"
#include "stagger/decision_log.hpp"
#include "stagger/random.hpp"

// Rules that hold whatever the provider does, checked at every step of random scenarios. A failure prints the
// scenario as a file that `stagger simulate` takes; the run has its seed.

using namespace scenarios;
using stagger::coordinator;
using stagger::coordinator_mode;
using stagger::time_point;

namespace {

template <class Value>
Value one_of(stagger::random_source& random, std::initializer_list<Value> values) {
    return *(values.begin() + random.next() % values.size());
}

provider::scenario random_scenario(std::uint64_t seed) {
    return stagger::sim::random_scenario(stagger::sim::random_kind::adverse, seed);
}

/// Checks the rules for one client and collects what broke them.
struct rules {
    unsigned max_in_flight = 0;
    double requests_per_s = 0;
    std::map<std::uint64_t, time_point> not_before;  // of the retries that wait
    std::set<std::uint64_t> ended;
    std::set<std::uint64_t> probes;  // sent while closed and not yet answered
    std::uint64_t next_first = 0;
    std::uint64_t sends = 0;
    bool was_closed = false;
    unsigned sent_in_this_step = 0;
    std::vector<std::uint64_t> sent_now;
    std::vector<time_point> sent_at;
};

class rule_keeper : public stagger::sim::observer {
 public:
    explicit rule_keeper(const provider::scenario& scenario) : clients_(scenario.clients.size()) {
        for (std::size_t each = 0; each < clients_.size(); ++each) {
            clients_[each].max_in_flight = scenario.clients[each].concurrency;
            clients_[each].requests_per_s = scenario.clients[each].rpm / 60;
        }
    }

    void sent(time_point now, std::size_t client, std::uint64_t request) override {
        rules& own = clients_[client];
        const auto waited = own.not_before.find(request);
        if (waited == own.not_before.end()) {
            expect(request == own.next_first++, "first attempts leave in the order of submission");
        } else {
            expect(now >= waited->second, "nobody goes before its own Retry-After");
            own.not_before.erase(waited);
        }
        expect(!own.ended.contains(request), "nothing is sent after its end");
        own.sent_now.push_back(request);
        if (own.requests_per_s > 0) {
            own.sent_at.push_back(now);
            // Within any second: the rate, a twentieth above it while the lead is gained, and the slots of a
            // request that was late by up to one.
            const auto count = static_cast<std::size_t>(1.05 * own.requests_per_s) + 3;
            const std::size_t size = own.sent_at.size();
            if (size > count) {
                expect(now - own.sent_at[size - 1 - count] >= 1s, "a configured rate is not exceeded");
            }
        }
    }

    void came_back(time_point, std::size_t client, std::uint64_t request, time_point not_before) override {
        clients_[client].not_before[request] = not_before;
        clients_[client].probes.erase(request);
    }

    void ended(time_point, std::size_t client, std::uint64_t request, bool succeeded) override {
        expect(clients_[client].ended.insert(request).second, "each task ends once");
        expect(succeeded, "without a limit on attempts each task succeeds");
        clients_[client].probes.erase(request);
    }

    void settled(time_point now, std::size_t client, const coordinator& core) override {
        rules& own = clients_[client];
        if (++steps_ > most_steps)
            throw std::runtime_error("the run does not end: " +
                                     std::to_string(stagger::to_seconds(now.time_since_epoch())) + " s");
        const auto status = core.status(now);
        expect(status.in_flight <= own.max_in_flight, "in flight within the bound");
        expect(status.admitted == status.accepted + status.throttled + status.failed + status.in_flight,
               "permits are conserved");
        const bool closed = status.mode == coordinator_mode::closed;
        if (!closed) own.probes.clear();
        if (closed && own.was_closed) {
            own.probes.insert(own.sent_now.begin(), own.sent_now.end());
            expect(own.probes.size() <= 1, "at most one probe is out while closed");
        }
        own.was_closed = closed;
        own.sent_now.clear();
    }

    bool all_ended(const provider::scenario& scenario) const {
        for (std::size_t each = 0; each < clients_.size(); ++each) {
            if (clients_[each].ended.size() != scenario.clients[each].requests) return false;
        }
        return true;
    }
    const std::string& broken() const { return broken_; }

 private:
    void expect(bool holds, const char* rule) {
        if (!holds && broken_.empty()) broken_ = rule;
    }

    static constexpr std::uint64_t most_steps = 1'000'000;
    std::uint64_t steps_ = 0;
    std::vector<rules> clients_;
    std::string broken_;
};

/// A recorder that writes into a text.
struct kept_log final : stagger::decision_recorder {
    void started(const stagger::coordinator_options& options, std::uint64_t seed) override {
        writer.started(options, seed);
    }
    void record(const stagger::decision_record& made) noexcept override { writer.append(text, made); }

    stagger::wire::decision_log_writer writer;
    std::string text;
};

/// Writes the decisions of a run's first client into a log.
class logged_run : public stagger::sim::observer {
 public:
    logged_run(const provider::scenario& scenario, const stagger::sim::policy& by, std::uint64_t seed) {
        stagger::sim::run(scenario, by, seed, this);
        log_->writer.finish(log_->text);
    }

    std::shared_ptr<stagger::decision_recorder> recorder(std::size_t client) override {
        return client == 0 ? log_ : nullptr;
    }
    const std::string& text() const { return log_->text; }

 private:
    std::shared_ptr<kept_log> log_ = std::make_shared<kept_log>();
};

struct log_contents {
    stagger::wire::decision_log_header header;
    std::vector<stagger::decision_record> records;
};

log_contents read_log(const std::string& text) {
    std::istringstream lines(text);
    stagger::wire::decision_log_reader reader(lines, "log");
    log_contents log{reader.header(), {}};
    while (const auto record = reader.next()) log.records.push_back(*record);
    return log;
}

/// The first record whose replay differs.
std::optional<std::size_t> first_difference(const log_contents& log) {
    stagger::sim::replay again(log.header.options, log.header.seed);
    for (std::size_t each = 0; each < log.records.size(); ++each) {
        if (again.step(log.records[each])) return each;
    }
    if (again.finish()) return log.records.size();
    return std::nullopt;
}

/// Changes what the coordinator answered; nothing for a record without an answer.
std::optional<stagger::decision_record> with_another_answer(stagger::decision_record record,
                                                            stagger::random_source& random) {
    namespace decisions = stagger::decisions;
    if (auto* join = std::get_if<decisions::submitted>(&record.what)) {
        join->task = stagger::task_id{static_cast<std::uint64_t>(join->task) + 1};
    } else if (auto* admit = std::get_if<decisions::admitted>(&record.what)) {
        switch (random.next() % 3) {
            case 0:
                admit->permit = stagger::permit_id{static_cast<std::uint64_t>(admit->permit) + 1};
                break;
            case 1:
                admit->waited[stagger::wait_reason::pace] += 1ns;
                break;
            default:
                admit->view.pace_per_s = std::nextafter(admit->view.pace_per_s, 1e9);
                break;
        }
    } else if (auto* hold = std::get_if<decisions::held>(&record.what)) {
        hold->until = hold->until == stagger::never ? record.at : hold->until - 1ns;
    } else if (auto* refused = std::get_if<decisions::throttled>(&record.what)) {
        refused->earliest += 1ns;
    } else if (auto* change = std::get_if<decisions::mode_changed>(&record.what)) {
        change->because = stagger::mode_cause::failure;
        change->from = change->view.mode;
    } else {
        return std::nullopt;
    }
    return record;
}

}  // namespace

TEST_CASE("the rules hold in random scenarios") {
    for (std::uint64_t seed = 1; seed <= 200; ++seed) {
        const provider::scenario scenario = random_scenario(seed);
        const std::string what = stagger::wire::format_scenario(scenario);
        CAPTURE(seed);
        CAPTURE(what);
        rule_keeper keeper(scenario);
        stagger::sim::run(scenario, stagger::sim::policy(), seed, &keeper);
        REQUIRE_MESSAGE(keeper.broken().empty(), keeper.broken());
        REQUIRE(keeper.all_ended(scenario));
    }
}

TEST_CASE("the rules hold whatever is remembered, however hard the limit is tested, and all of it replays") {
    using stagger::limit_kind;
    for (std::uint64_t seed = 1; seed <= 200; ++seed) {
        const provider::scenario scenario = random_scenario(seed);
        stagger::random_source random(seed + 1000);
        stagger::remembered_limits memory;
        memory.kind = one_of(random, {limit_kind::rate, limit_kind::window, limit_kind::concurrency,
                                      limit_kind::lockout, limit_kind::none});
        memory.rate_per_s = std::exp(random.uniform(-2, 6));
        if (random.uniform() < 0.5) memory.burst = random.uniform(1, 100);
        memory.quota = random.uniform(1, 1000);
        memory.in_flight = random.uniform(1, 100);
        memory.silence = one_of<stagger::duration>(random, {100ms, 3s, 60s});
        stagger::sim::policy by;
        by.coordination.remembered(memory).probing(one_of(random, {0.0, 0.001, 0.01, 0.2}));
        const std::string what = stagger::wire::format_scenario(scenario);
        CAPTURE(seed);
        CAPTURE(what);
        rule_keeper keeper(scenario);
        stagger::sim::run(scenario, by, seed, &keeper);
        REQUIRE_MESSAGE(keeper.broken().empty(), keeper.broken());
        REQUIRE(keeper.all_ended(scenario));
        REQUIRE_FALSE(first_difference(read_log(logged_run(scenario, by, seed).text())));
    }
}

TEST_CASE("the rules that do not depend on a pace hold without one") {
    stagger::sim::policy alone;
    alone.coordination.pacing(stagger::pacing_kind::unpaced);
    alone.backs_off_when_throttled = true;
    alone.backoff = stagger::backoff_policy::full_jitter(1s, 30s);
    for (std::uint64_t seed = 1; seed <= 40; ++seed) {
        provider::scenario scenario = random_scenario(seed);
        scenario.provider.lockout_silence = {};  // such tasks never fall silent
        scenario.provider.charge_rejections = false;
        for (auto& client : scenario.clients) client.rpm = 0;
        CAPTURE(seed);
        rule_keeper keeper(scenario);
        stagger::sim::run(scenario, alone, seed, &keeper);
        REQUIRE_MESSAGE(keeper.broken().empty(), keeper.broken());
        REQUIRE(keeper.all_ended(scenario));
    }
}

TEST_CASE("the same seed gives the same run, another seed another one") {
    for (std::uint64_t seed = 1; seed <= 10; ++seed) {
        const provider::scenario scenario = random_scenario(seed);
        const auto first = stagger::sim::run(scenario, stagger::sim::policy(), seed);
        CAPTURE(seed);
        CHECK(first == stagger::sim::run(scenario, stagger::sim::policy(), seed));
        CHECK_FALSE(first == stagger::sim::run(scenario, stagger::sim::policy(), seed + 1));
    }
}

TEST_CASE("the decision log of a run replays to the same decisions") {
    for (std::uint64_t seed = 1; seed <= 200; ++seed) {
        const logged_run run(random_scenario(seed), stagger::sim::policy(), seed);
        const log_contents log = read_log(run.text());
        CAPTURE(seed);
        REQUIRE(log.records.size() > 100);
        REQUIRE_FALSE(first_difference(log));
    }
}

TEST_CASE("tasks of several classes replay to the same decisions") {
    for (std::uint64_t seed = 1; seed <= 20; ++seed) {
        const auto kept = std::make_shared<kept_log>();
        coordinator core(stagger::coordinator_options().initial_rate(50).max_in_flight(10).recorder(kept),
                         seed);
        stagger::random_source random(seed);
        time_point now = time_point() + 1h;
        std::vector<stagger::permit_id> out;
        for (int step = 0; step < 3000; ++step) {
            now += 5ms;
            if (random.next() % 3 == 0) {
                core.submit(now, {1, 0}, stagger::never, {},
                            stagger::priorities[random.next() % stagger::priorities.size()]);
            }
            if (!out.empty() && random.next() % 2 == 0) {
                if (random.next() % 10 == 0) {
                    const auto earliest = core.throttled(now, out.back(), {});
                    core.resubmit(now, {1, 0}, stagger::never, earliest, stagger::retry_cause::throttled);
                } else {
                    core.accepted(now, out.back(), {});
                }
                out.pop_back();
            }
            const auto todo = core.next(now);
            if (todo.what == stagger::action::kind::admit) out.push_back(todo.permit);
        }
        for (const auto permit : out) core.abandoned(now, permit);
        kept->writer.finish(kept->text);
        const log_contents log = read_log(kept->text);
        CAPTURE(seed);
        REQUIRE(kept->text.find("\"priority\":\"batch\"") != std::string::npos);
        REQUIRE_FALSE(first_difference(log));
    }
}

TEST_CASE("answers that begin before they end replay to the same decisions") {
    const auto kept = std::make_shared<kept_log>();
    coordinator core(stagger::coordinator_options().initial_rate(100).max_in_flight(20).recorder(kept), 5);
    stagger::random_source random(3);
    time_point now = time_point() + 1h;
    std::vector<stagger::permit_id> begun;
    for (int each = 0; each < 300; ++each) core.submit(now, {1, 0});
    for (int step = 0; step < 100'000 && (core.status(now).accepted < 300 || !begun.empty()); ++step) {
        const auto todo = core.next(now);
        if (todo.what == stagger::action::kind::admit) {
            if (random.next() % 8 == 0) {
                const auto earliest = core.throttled(now += 1ms, todo.permit, {});
                core.resubmit(now, {1, 0}, stagger::never, earliest, stagger::retry_cause::throttled);
                continue;
            }
            core.answering(now += 1ms, todo.permit, {});
            begun.push_back(todo.permit);
            continue;
        }
        now += 5ms;
        if (begun.empty()) continue;
        const auto ended = begun.begin() + static_cast<std::ptrdiff_t>(random.next() % begun.size());
        switch (random.next() % 3) {
            case 0:
                core.accepted(now, *ended, {});
                break;
            case 1:
                core.failed(now, *ended);
                break;
            default:
                core.abandoned(now, *ended);
        }
        begun.erase(ended);
    }
    CHECK(core.status(now).accepted == 300);
    CHECK(core.status(now).in_flight == 0);
    kept->writer.finish(kept->text);
    const log_contents log = read_log(kept->text);
    CHECK(log.records.size() > 1000);
    CHECK_FALSE(first_difference(log));
}

TEST_CASE("a decision log explains every wait from its beginning to its end") {
    namespace decisions = stagger::decisions;
    for (std::uint64_t seed = 1; seed <= 50; ++seed) {
        const logged_run run(random_scenario(seed), stagger::sim::policy(), seed);
        CAPTURE(seed);
        std::map<stagger::task_id, time_point> joined;
        for (const auto& [at, what] : read_log(run.text()).records) {
            if (const auto* first = std::get_if<decisions::submitted>(&what)) joined[first->task] = at;
            if (const auto* again = std::get_if<decisions::resubmitted>(&what)) joined[again->task] = at;
            const auto* admit = std::get_if<decisions::admitted>(&what);
            if (!admit) continue;
            REQUIRE(admit->waited.total() == at - joined.at(admit->task));
            // The simulated gate always asks when it is told to.
            REQUIRE(admit->waited[stagger::wait_reason::none] == 0s);
        }
    }
}

TEST_CASE("a decision log in which one answer was changed does not replay") {
    stagger::random_source random(11);
    for (std::uint64_t seed = 1; seed <= 20; ++seed) {
        const logged_run run(random_scenario(seed), stagger::sim::policy(), seed);
        log_contents log = read_log(run.text());
        CAPTURE(seed);
        for (int changes = 0; changes < 5;) {
            const std::size_t where = random.next() % log.records.size();
            const auto changed = with_another_answer(log.records[where], random);
            if (!changed) continue;
            ++changes;
            CAPTURE(where);
            const auto original = std::exchange(log.records[where], *changed);
            REQUIRE(first_difference(log) == where);
            log.records[where] = original;
        }
    }
}

TEST_CASE("a decision log that lost or gained a line does not replay") {
    namespace decisions = stagger::decisions;
    const logged_run run(random_scenario(5), stagger::sim::policy(), 5);
    const log_contents log = read_log(run.text());
    stagger::random_source random(12);
    for (int each = 0; each < 20; ++each) {
        // Of the first half, so that the loss has time to show.
        const std::size_t where = random.next() % (log.records.size() / 2);
        const auto& what = log.records[where].what;
        if (std::holds_alternative<decisions::expected>(what) ||
            std::holds_alternative<decisions::held>(what))
            continue;  // that was a call which need not have had consequences
        CAPTURE(where);
        log_contents lost = log;
        lost.records.erase(lost.records.begin() + static_cast<std::ptrdiff_t>(where));
        CHECK(first_difference(lost));
        log_contents gained = log;
        gained.records.insert(gained.records.begin() + static_cast<std::ptrdiff_t>(where),
                              log.records[where]);
        CHECK(first_difference(gained));
    }
}

TEST_CASE("an attached recorder changes nothing in a run") {
    for (std::uint64_t seed = 1; seed <= 10; ++seed) {
        const provider::scenario scenario = random_scenario(seed);
        struct counting : stagger::sim::observer {
            void sent(time_point at, std::size_t client, std::uint64_t request) override {
                sends.emplace_back(at, client, request);
            }
            std::vector<std::tuple<time_point, std::size_t, std::uint64_t>> sends;
        };
        struct recording : counting {
            struct deaf final : stagger::decision_recorder {
                void started(const stagger::coordinator_options&, std::uint64_t) override {}
                void record(const stagger::decision_record&) noexcept override {}
            };
            std::shared_ptr<stagger::decision_recorder> recorder(std::size_t) override {
                return std::make_shared<deaf>();
            }
        };
        counting plain;
        recording recorded;
        stagger::sim::run(scenario, stagger::sim::policy(), seed, &plain);
        stagger::sim::run(scenario, stagger::sim::policy(), seed, &recorded);
        CAPTURE(seed);
        CHECK(plain.sends == recorded.sends);
    }
}
