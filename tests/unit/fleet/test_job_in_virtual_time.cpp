// A job from its first prompt to its last result: feeder and workers that die, a store that forgets.

#include <doctest/doctest.h>

#include <map>
#include <memory>
#include <optional>
#include <random>
#include <set>

#include "model_job_store.hpp"

using namespace stagger::fleet;
using namespace std::chrono_literals;
using stagger::duration;
using stagger::never;
using stagger::time_point;

namespace {

constexpr std::size_t prompts = 1200;
constexpr std::size_t outstanding = 200;  // at the feeder
constexpr std::size_t places = 16;        // of a worker
constexpr std::size_t read_together = 50;

std::string key_of(std::size_t number) {
    return std::to_string(100'000 + number);
}

/// All of it. A step is 10 ms; what is asked of the store is answered in the step in which it was asked.
class world {
 public:
    explicit world(std::uint64_t seed) : random_(seed) {}

    void step() {
        now += 10ms;
        if (feeder) drive_feeder();
        for (auto& each : workers) drive(each);
    }
    bool is_over() const { return recorded.size() == prompts; }

    void start_feeder() {
        feeder.emplace(!recorded.empty());
        next_prompt_ = 1;
        if (is_up) feeder->connected(now);
    }
    void start_worker() {
        workers.push_back({std::make_unique<job_work>(), "w" + std::to_string(++born_), {}, {}});
        if (is_up) workers.back().machine->connected(now);
    }
    /// At any time: it leaves nothing behind but what it has told the store.
    void kill_worker() {
        const auto victim = random_() % workers.size();
        in_flight_of_killed += workers[victim].asked.size();
        for (const std::string& each : workers[victim].given)
            in_hand_of_killed += !recorded.contains(each) && !store.has_answer(each);
        workers.erase(workers.begin() + static_cast<std::ptrdiff_t>(victim));
    }
    void store_goes() {
        is_up = false;
        store.wipe();
        if (feeder) feeder->disconnected();
        for (auto& each : workers) each.machine->disconnected();
    }
    void store_comes() {
        is_up = true;
        if (feeder) feeder->connected(now);
        for (auto& each : workers) each.machine->connected(now);
    }

    time_point now = time_point{} + 1h;
    bool is_up = true;
    model_job_store store;
    std::optional<job_feed> feeder;
    struct worker {
        std::unique_ptr<job_work> machine;
        std::string name;
        std::map<std::string, time_point> asked;  // at the server, until then
        std::set<std::string> given;              // all that it ever asked
    };
    std::vector<worker> workers;
    std::map<std::string, std::size_t> recorded;  // the results file: outlives every feeder
    std::map<std::string, std::size_t> asked;     // how often the server saw it
    std::size_t in_flight_of_killed = 0;
    std::size_t in_hand_of_killed = 0;  // these, and answers that nobody else had

    std::size_t asked_again() const {
        std::size_t all = 0;
        for (const auto& [key, times] : asked) all += times - 1;
        return all;
    }

 private:
    void drive_feeder() {
        job_feed& feed = *feeder;
        while (feed.unanswered() < outstanding && next_prompt_ <= prompts) {
            const auto key = key_of(next_prompt_++);
            if (!recorded.contains(key)) feed.ask({key, "prompt"});
        }
        for (feed_errand& each : feed.next(now)) std::visit([this](auto& one) { run(one); }, each);
        for (const job_item& each : feed.take_answers()) {
            CHECK(++recorded[each.key] == 1);
            feed.recorded(each.key);
        }
    }
    void run(feed_errands::enter&) { feeder->entered(now, store.enter()); }
    void run(feed_errands::renew&) { feeder->renewed(now, store.has_job()); }
    void run(feed_errands::read& what) {
        const auto found = store.read(what.after, read_together);
        for (const auto& [entry, answer] : found) feeder->answer_came(entry, answer);
        feeder->answers_read(now, found.size() < read_together);
    }
    void run(feed_errands::add& what) {
        store.add(what);
        feeder->added();
    }
    void run(feed_errands::forget& what) {
        store.forget(what);
        feeder->forgotten();
    }
    void run(feed_errands::withdraw&) { feeder->withdrawn(store.withdraw()); }

    void drive(worker& one) {
        job_work& work = *one.machine;
        for (auto each = one.asked.begin(); each != one.asked.end();) {
            if (each->second > now) {
                ++each;
                continue;
            }
            work.answered({each->first, "answer"});
            each = one.asked.erase(each);
        }
        work.room(places - std::min(places, work.holds()));
        for (work_errand& each : work.next(now)) {
            std::visit([&](auto& errand) { run(one, errand); }, each);
        }
        for (const job_item& each : work.take_prompts()) {
            ++asked[each.key];
            one.given.insert(each.key);
            one.asked[each.key] = now + std::chrono::milliseconds(100 + random_() % 400);
        }
    }
    void run(worker& one, work_errands::hold& what) {
        store.hold(now, one.name, what.keys);
        one.machine->held();
    }
    void run(worker& one, work_errands::take& what) {
        auto got = store.take(now, one.name, what.count);
        one.machine->taken(now, store.state(), store.knows(one.name), std::move(got));
    }
    void run(worker& one, work_errands::renew&) {
        const bool known = store.renew(now, one.name);
        one.machine->renewed(now, store.state(), known);
    }
    void run(worker& one, work_errands::finish& what) {
        store.finish(one.name, what.answers);
        one.machine->delivered(now);
    }
    void run(worker& one, work_errands::give_back& what) {
        store.give_back(one.name, what.keys);
        one.machine->given_back();
    }
    void run(worker& one, work_errands::leave&) {
        store.leave(one.name);
        one.machine->left();
    }

    std::mt19937_64 random_;
    std::size_t next_prompt_ = 1;
    std::size_t born_ = 0;
};

constexpr std::size_t most_steps = 60'000;  // ten minutes

}  // namespace

TEST_CASE("workers are killed, the feeder too, and the store comes back empty: every result is there once") {
    for (std::uint64_t seed = 1; seed <= 30; ++seed) {
        CAPTURE(seed);
        world all(seed);
        std::mt19937_64 random(seed + 1000);
        all.start_feeder();
        for (int each = 0; each < 6; ++each) all.start_worker();
        std::size_t step = 0;
        std::size_t store_back_at = 0;
        for (; step < most_steps && !all.is_over(); ++step) {
            if (step % 100 == 99) {
                all.kill_worker();
                all.start_worker();
            }
            if (step == 170 || step == 420) all.start_feeder();
            if (step == 250 + random() % 3) {
                all.store_goes();
                store_back_at = step + 1 + random() % 300;
            }
            if (step == store_back_at && !all.is_up) all.store_comes();
            all.step();
        }
        REQUIRE(all.is_over());
        CHECK(all.recorded.size() == prompts);
        // What was in a worker's hands when the store went is not asked again: the worker says that it has
        // it, and tells once more what the store held and nobody had read yet.
        CHECK(all.asked_again() <= all.in_hand_of_killed);
    }
}

TEST_CASE("without a store that forgets, only what the killed had in flight is asked again") {
    for (std::uint64_t seed = 1; seed <= 30; ++seed) {
        CAPTURE(seed);
        world all(seed);
        all.start_feeder();
        for (int each = 0; each < 6; ++each) all.start_worker();
        for (std::size_t step = 0; step < most_steps && !all.is_over(); ++step) {
            if (step % 80 == 79) {
                all.kill_worker();
                all.start_worker();
            }
            if (step % 130 == 129) all.start_feeder();
            all.step();
        }
        REQUIRE(all.is_over());
        CHECK(all.asked_again() <= all.in_flight_of_killed);
        CHECK(all.store.taken_over <= all.in_flight_of_killed);
    }
}

TEST_CASE("a store that is emptied while all live: nothing that is in work is asked again") {
    world all(7);
    all.start_feeder();
    for (int each = 0; each < 4; ++each) all.start_worker();
    for (std::size_t step = 0; step < most_steps && !all.is_over(); ++step) {
        if (step == 200) all.store.wipe();
        all.step();
    }
    REQUIRE(all.is_over());
    CHECK(all.asked_again() == 0);
}

TEST_CASE("a store that comes back with what it had a second before: every result is there once") {
    for (std::uint64_t seed = 1; seed <= 10; ++seed) {
        CAPTURE(seed);
        world all(seed);
        all.start_feeder();
        for (int each = 0; each < 4; ++each) all.start_worker();
        model_job_store copy;
        for (std::size_t step = 0; step < most_steps && !all.is_over(); ++step) {
            if (step == 150) copy = all.store;
            if (step == 250) {
                all.store_goes();
                all.store = copy;
            }
            if (step == 270) all.store_comes();
            all.step();
        }
        REQUIRE(all.is_over());
    }
}

TEST_CASE("workers come and leave of themselves: nothing is asked twice, nobody waits for a lease") {
    world all(3);
    all.start_feeder();
    all.start_worker();
    for (std::size_t step = 0; step < most_steps && !all.is_over(); ++step) {
        if (step % 50 == 49) {
            all.workers.front().machine->leave();
            all.start_worker();
        }
        all.step();
        std::erase_if(all.workers, [](const world::worker& one) { return one.machine->has_left(); });
    }
    REQUIRE(all.is_over());
    CHECK(all.asked_again() == 0);
    CHECK(all.store.taken_over == 0);
}
