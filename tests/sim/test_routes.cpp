#include <doctest/doctest.h>

#include <algorithm>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <set>
#include <vector>

#include "provider/token_bucket_limiter.hpp"
#include "routing/route_line.hpp"
#include "stagger/coordinator.hpp"

using namespace stagger;
using namespace std::chrono_literals;
using routing::route_grade;
using routing::route_line;
using routing::route_outcome;

namespace {

constexpr time_point start{1000s};

/// One endpoint in virtual time, with the coordinator in front of it.
struct endpoint_model {
    double rate_per_s;
    duration service = 500ms;
    std::function<bool(double)> is_down = [](double) { return false; };
    duration failure_takes = 50ms;
    std::function<double(double)> slowness = [](double) { return 1.0; };
    std::function<bool(double)> is_used_up = [](double) { return false; };
};

struct figures {
    std::size_t answered = 0;
    std::size_t refused = 0;
    double seconds = 0;
    std::vector<std::size_t> answered_by;
    std::vector<std::size_t> sent_to;
    /// Answers by second.
    std::map<int, std::size_t> per_second;
    /// Of each route, when attempts were sent to it.
    std::vector<std::vector<double>> sent_at;

    std::size_t between(int from, int to) const {
        std::size_t sum = 0;
        for (const auto& [second, count] : per_second) sum += second >= from && second < to ? count : 0;
        return sum;
    }
    std::size_t sent_between(std::size_t which, double from, double to) const {
        return static_cast<std::size_t>(std::count_if(sent_at[which].begin(), sent_at[which].end(),
                                                      [&](double at) { return at >= from && at < to; }));
    }
};

/// Prompts over routes: the pure parts of a client with several routes, and servers that count.
class run_over_routes {
 public:
    /// @param account_per_s of all routes together; 0: none
    run_over_routes(std::vector<endpoint_model> models, std::size_t prompts, std::uint64_t seed,
                    double account_per_s = 0, double account_burst = 5)
        : models_(std::move(models)), line_(std::vector<routing::route_rules>(models_.size())), noise_(seed) {
        for (const endpoint_model& one : models_) {
            gates_.emplace_back(coordinator_options().max_in_flight(256), seed + gates_.size());
            provider::token_bucket bucket;
            bucket.rate_per_s = one.rate_per_s;
            bucket.burst = one.rate_per_s;
            limiters_.emplace_back(bucket, start);
        }
        if (account_per_s > 0) {
            provider::token_bucket bucket;
            bucket.rate_per_s = account_per_s;
            bucket.burst = account_burst;
            account_.emplace(bucket, start);
        }
        wakes_.assign(models_.size(), never);
        waiting_.resize(models_.size());
        found_.answered_by.assign(models_.size(), 0);
        found_.sent_to.assign(models_.size(), 0);
        found_.sent_at.resize(models_.size());
        for (std::size_t i = 0; i < prompts; ++i) line_.join(start, never);
        to_do_ = prompts;
    }

    figures run() {
        time_point now = start;
        while (found_.answered < to_do_) {
            while (step(now)) continue;
            if (found_.answered == to_do_) break;
            time_point next = line_.wake_at(now, loads(now));
            for (const time_point wake : wakes_) next = std::min(next, wake);
            if (!under_way_.empty()) next = std::min(next, under_way_.begin()->first);
            REQUIRE(next != never);
            now = std::max(next, now + 1us);
            REQUIRE(now < start + 3600s);
        }
        found_.seconds = at(now);
        return found_;
    }

 private:
    enum class ending { answer, refusal, failure, used_up };
    struct attempt {
        std::size_t where;
        route_line::guest who;
        permit_id permit;
        routing::route_health::attempt_number number;
        ending what;
    };

    static double at(time_point now) { return std::chrono::duration<double>(now - start).count(); }

    std::vector<routing::route_load> loads(time_point now) {
        std::vector<routing::route_load> all;
        for (const coordinator& gate : gates_) {
            const auto said = gate.status(now);
            all.push_back({said.waiting, said.delayed, said.pace_per_s, said.opens_at,
                           said.mode == coordinator_mode::closed});
        }
        return all;
    }

    bool step(time_point now) {
        while (!under_way_.empty() && under_way_.begin()->first <= now) {
            const attempt one = under_way_.begin()->second;
            under_way_.erase(under_way_.begin());
            end(one, now);
        }
        bool moved = false;
        while (const auto move = line_.next(now, loads(now))) {
            moved = true;
            carry_out(*move, now);
            drive(move->where, now);
        }
        for (std::size_t i = 0; i < gates_.size(); ++i) moved = drive(i, now) || moved;
        return moved;
    }

    void carry_out(const route_line::move& move, time_point now) {
        auto& there = waiting_[move.where];
        const double share = models_[move.where].rate_per_s / total_rate();
        gates_[move.where].expect(static_cast<std::size_t>(static_cast<double>(line_.waiting()) * share));
        if (move.what == route_line::move::kind::recall) {
            for (const auto& [task, who] : there) {
                gates_[move.where].withdraw(now, task);
                line_.left(move.where);
                line_.again(now, who, never, move.where, now);
            }
            return there.clear();
        }
        const auto tried = tried_.find(move.who);
        const bool here = tried != tried_.end() && tried->second.where == move.where;
        const task_id task =
            here ? gates_[move.where].resubmit(now, cost(), never, now, retry_cause::throttled, {},
                                               tried->second.refusals)
                 : gates_[move.where].submit(now, cost());
        there[task] = move.who;
    }

    double total_rate() const {
        double sum = 0;
        for (const endpoint_model& one : models_) sum += one.rate_per_s;
        return sum;
    }

    bool drive(std::size_t where, time_point now) {
        bool moved = false;
        for (;;) {
            const action todo = gates_[where].next(now);
            wakes_[where] = todo.what == action::kind::wait ? todo.at : never;
            if (todo.what != action::kind::admit) return moved;
            moved = true;
            send(where, todo, now);
        }
    }

    void send(std::size_t where, const action& todo, time_point now) {
        const auto found = waiting_[where].find(todo.task);
        const route_line::guest who = found->second;
        waiting_[where].erase(found);
        line_.left(where);
        ++found_.sent_to[where];
        found_.sent_at[where].push_back(at(now));
        const endpoint_model& model = models_[where];
        attempt one{where, who, todo.permit, line_.health(where).sent(now), ending::answer};
        duration takes = 50ms;
        if (model.is_down(at(now))) {
            one.what = ending::failure;
            takes = model.failure_takes;
        } else if (model.is_used_up(at(now))) {
            one.what = ending::used_up;
        } else if (!limiters_[where].admits(now, 1) || (account_ && !account_->admits(now, 1))) {
            one.what = ending::refusal;
        } else {
            limiters_[where].take(now, 1);
            if (account_) account_->take(now, 1);
            const double spread = std::uniform_real_distribution(0.8, 1.2)(noise_);
            takes = std::chrono::duration_cast<duration>(model.service * (spread * model.slowness(at(now))));
        }
        under_way_.emplace(now + takes, one);
    }

    void end(const attempt& one, time_point now) {
        coordinator& gate = gates_[one.where];
        switch (one.what) {
            case ending::answer:
                gate.accepted(now, one.permit, {});
                line_.health(one.where).ended(one.number, route_outcome::answered, now);
                line_.forget(one.who);
                ++found_.answered;
                ++found_.answered_by[one.where];
                ++found_.per_second[static_cast<int>(at(now))];
                return;
            case ending::refusal:
                ++found_.refused;
                gate.throttled(now, one.permit, {}, tried_[one.who].refusals);
                line_.health(one.where).ended(one.number, route_outcome::refused, now);
                break;
            case ending::failure:
                gate.failed(now, one.permit);
                line_.health(one.where).ended(one.number, route_outcome::accident, now);
                break;
            case ending::used_up:
                gate.accepted(now, one.permit, {});
                line_.health(one.where).ended(one.number, route_outcome::unusable, now);
                break;
        }
        trial& before = tried_[one.who];
        if (before.where != one.where) before = {one.where, {}};
        line_.again(now, one.who, never, one.where, now);
    }

    std::vector<endpoint_model> models_;
    route_line line_;
    std::mt19937_64 noise_;
    std::vector<coordinator> gates_;
    std::vector<provider::token_bucket_limiter> limiters_;
    std::optional<provider::token_bucket_limiter> account_;
    std::vector<time_point> wakes_;
    std::vector<std::map<task_id, route_line::guest>> waiting_;  // in each gate's line
    std::multimap<time_point, attempt> under_way_;
    struct trial {
        std::size_t where = 0;
        refusal_history refusals;  // there
    };
    std::map<route_line::guest, trial> tried_;
    std::size_t to_do_ = 0;
    figures found_;
};

std::vector<endpoint_model> three() {
    return {{20}, {40}, {60}};
}

bool within(double now, double from, double to) {
    return now >= from && now < to;
}

}  // namespace

TEST_CASE("three routes together admit what each of them admits") {
    for (const std::uint64_t seed : {1, 2, 3}) {
        const figures found = run_over_routes(three(), 5000, seed).run();
        CHECK(found.answered == 5000);
        // From the 10th second on, while there is enough to do.
        const double efficiency = static_cast<double>(found.between(10, 38)) / (28 * 120);
        CAPTURE(found.seconds);
        CAPTURE(found.refused);
        CHECK(efficiency >= .985);
        CHECK(static_cast<double>(found.refused) / 5000 <= .02);
    }
}

TEST_CASE("a route that is down for 20 s gets few requests meanwhile, and is used again when it is back") {
    for (const std::uint64_t seed : {1, 2, 3}) {
        auto models = three();
        models[2].is_down = [](double now) { return within(now, 10, 30); };
        const figures found = run_over_routes(models, 5000, seed).run();
        CHECK(found.answered == 5000);
        // The first failure is known 50 ms after it was sent: those that are sent until then are no fault.
        CHECK(found.sent_between(2, 10.1, 11) <= 5);
        CHECK(found.sent_between(2, 10.1, 30) <= 12);  // and one now and then asks whether it is back
        CHECK(static_cast<double>(found.between(12, 30)) / (18 * 60) >= .97);
        CHECK(found.sent_between(2, 30, 48) > 100);
    }
}

TEST_CASE("of a route that fails slowly nothing more is sent than what is to tell") {
    for (const std::uint64_t seed : {1, 2, 3}) {
        auto models = three();
        models[2].is_down = [](double now) { return within(now, 10, 30); };
        models[2].failure_takes = 500ms;
        const figures found = run_over_routes(models, 5000, seed).run();
        CHECK(found.answered == 5000);
        CHECK(found.sent_between(2, 10.6, 12) <= 5);
        CHECK(static_cast<double>(found.between(12, 30)) / (18 * 60) >= .97);
    }
}

TEST_CASE("a route whose quota is used up is left at once") {
    auto models = three();
    models[1].is_used_up = [](double now) { return now >= 10; };
    const figures found = run_over_routes(models, 4000, 1).run();
    CHECK(found.answered == 4000);
    CHECK(found.sent_between(1, 10.1, 39) <= 5);
    CHECK(static_cast<double>(found.between(12, 32)) / (20 * 80) >= .97);
}

TEST_CASE("a route that becomes 30 times slower gets few further requests") {
    for (const std::uint64_t seed : {1, 2, 3}) {
        auto models = three();
        models[0].slowness = [](double now) { return now >= 10 ? 30.0 : 1.0; };
        const figures found = run_over_routes(models, 4000, seed).run();
        CHECK(found.answered == 4000);
        // 99 of 100 of its answers came within 0.6 s.
        CHECK(found.sent_between(0, 10.65, 11.5) <= 5);
        CHECK(static_cast<double>(found.between(12, 32)) / (20 * 100) >= .97);
    }
}

// Nobody tells the account's refusals from a model's: each gate measures what is left to it.
TEST_CASE("a limit of the account over those of its models is used as far as it goes") {
    const std::vector<std::vector<endpoint_model>> all{
        {{60}, {80}},            // two models
        {{1000}, {1000}},        // two keys
        {{60}, {80}, {30, 2s}},  // a slow model among them
    };
    for (const auto& models : all) {
        for (const std::uint64_t seed : {1, 2, 3}) {
            CAPTURE(models.front().rate_per_s);
            CAPTURE(seed);
            const figures found = run_over_routes(models, 6000, seed, 100).run();
            CHECK(found.answered == 6000);
            CHECK(static_cast<double>(found.between(10, 55)) / (45 * 100) >= .97);
            CHECK(static_cast<double>(found.refused) / 6000 <= .1);
        }
    }
}
