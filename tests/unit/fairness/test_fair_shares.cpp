// The lines before a gate that admits one call a slot, in virtual time: who waits how long, and who gets
// what.

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <vector>

#include "fairness/waiting_lines.hpp"
#include "stagger/random.hpp"

using namespace stagger;
using namespace stagger::fairness;

namespace {

constexpr waiting_lines::kind all_alike = 1;

/// One server that takes a call each slot, and the lines before it.
class slotted_server {
 public:
    struct call final : line_member {
        call(slotted_server& home, const fair_line::newcomer& what) : of(home), who(what), came(home.slot_) {}
        void called() override { of.at_gate_.push_back(this); }

        slotted_server& of;
        fair_line::newcomer who;
        double came;
        double waited = 0;
    };

    void arrive(const fair_line::newcomer& what) {
        calls_.push_back(std::make_unique<call>(*this, what));
        lines_.join(all_alike, what, *calls_.back());
        lines_.move_on(all_alike, places);
    }
    /// Calls that have come by then go, one a slot; `served` hears of each.
    void run_slot(const std::function<void(const call&)>& served) {
        slot_ += 1;
        if (at_gate_.empty()) return;
        call* const one = at_gate_.front();
        at_gate_.pop_front();
        lines_.left_gate(all_alike);
        one->waited = slot_ - one->came;
        lines_.ended(one->who.tenant);
        lines_.move_on(all_alike, places);
        served(*one);
    }
    std::size_t waiting() const { return lines_.waiting(); }

 private:
    static constexpr std::size_t places = 1;  // as many as stand before a coordinator of a usual pace

    waiting_lines lines_;
    std::deque<call*> at_gate_;
    std::vector<std::unique_ptr<call>> calls_;
    double slot_ = 0;
};

double quantile(std::vector<double> of, double share) {
    REQUIRE_FALSE(of.empty());
    std::ranges::sort(of);
    return of[static_cast<std::size_t>(std::ceil(share * static_cast<double>(of.size()))) - 1];
}

double jain(const std::map<std::uint64_t, double>& got) {
    double sum = 0;
    double squares = 0;
    for (const auto& [tenant, share] : got) {
        sum += share;
        squares += share * share;
    }
    return sum * sum / (static_cast<double>(got.size()) * squares);
}

}  // namespace

TEST_CASE("ten thousand of batch wait: an interactive call waits three slots, and batch goes on") {
    slotted_server server;
    random_source random(7);
    for (int i = 0; i < 10'000; ++i) server.arrive({.in = priority::batch, .tenant = 1});
    std::vector<double> interactive;
    double batch = 0;
    constexpr int slots = 5000;
    for (int slot = 0; slot < slots; ++slot) {
        if (random.uniform() < .2) server.arrive({.in = priority::interactive, .tenant = 2});
        server.run_slot([&](const slotted_server::call& one) {
            one.who.in == priority::interactive ? interactive.push_back(one.waited) : void(++batch);
        });
    }
    CHECK(quantile(interactive, .99) <= 3);
    CHECK(batch >= slots / 21.0);
}

TEST_CASE("batch keeps a part of twenty-one, whatever the others ask for") {
    slotted_server server;
    for (int i = 0; i < 1000; ++i) server.arrive({.in = priority::batch, .tenant = 1});
    double batch = 0;
    constexpr int slots = 4200;
    for (int slot = 0; slot < slots; ++slot) {
        server.arrive({.in = priority::interactive, .tenant = 2});
        server.arrive({.in = priority::normal, .tenant = 3});
        server.run_slot(
            [&](const slotted_server::call& one) { batch += one.who.in == priority::batch ? 1 : 0; });
    }
    CHECK(batch >= slots / 21.0);
}

TEST_CASE("tenants of equal weight get equal shares, however unequally they ask") {
    slotted_server server;
    random_source random(11);
    constexpr std::uint64_t tenants = 20;
    std::map<std::uint64_t, double> got;
    for (int slot = 0; slot < 4000; ++slot) {
        // Each asks for more than its share, the last for twenty times as much as the first.
        for (std::uint64_t tenant = 1; tenant <= tenants; ++tenant) {
            if (random.uniform() < .06 * static_cast<double>(tenant))
                server.arrive({.in = priority::normal, .tenant = tenant});
        }
        server.run_slot([&](const slotted_server::call& one) { got[one.who.tenant] += 1; });
    }
    CHECK(got.size() == tenants);
    CHECK(jain(got) >= .99);
}

namespace {

constexpr std::uint64_t tenants = 100;
constexpr std::uint64_t flooder = 0;

/// A hundred programs that have four calls each going at a time, and ask again when one is answered; p99 of
/// what ninety-nine of them wait.
double p99_of_programs(std::size_t flood) {
    slotted_server server;
    std::vector<double> waits;
    for (std::size_t i = 0; i < flood; ++i) server.arrive({.tenant = flooder});
    for (int worker = 0; worker < 4; ++worker) {
        for (std::uint64_t tenant = 0; tenant < tenants; ++tenant) server.arrive({.tenant = tenant});
    }
    for (int slot = 0; slot < 20'000; ++slot) {
        std::uint64_t answered = 0;
        server.run_slot([&](const slotted_server::call& one) {
            answered = one.who.tenant;
            if (answered != flooder) waits.push_back(one.waited);
        });
        server.arrive({.tenant = answered});
    }
    return quantile(waits, .99);
}

enum class flood { none, at_once, at_random };

/// Ask at random, whatever they wait: the times of arrivals of one draw.
class arrivals {
 public:
    arrivals(std::uint64_t seed, double per_slot) : random_(seed), per_slot_(per_slot) { draw(); }
    void until(double slot, const std::function<void(random_source&)>& each) {
        for (; next_ <= slot; draw()) each(random_);
    }

 private:
    void draw() { next_ -= std::log(1 - random_.uniform()) / per_slot_; }

    random_source random_;
    const double per_slot_;
    double next_ = 0;
};

/// The same of a hundred tenants that ask at random for `load` of what is served.
double p99_of_crowds(double load, std::uint64_t seed, flood of) {
    constexpr int slots = 30'000;
    slotted_server server;
    arrivals all(seed, load);
    arrivals flooders(seed + 1000, 2);
    std::vector<double> waits;
    for (int i = 0; of == flood::at_once && i < slots; ++i) server.arrive({.tenant = flooder});
    for (int slot = 1; slot <= slots; ++slot) {
        all.until(slot, [&](random_source& random) {
            server.arrive({.tenant = static_cast<std::uint64_t>(random.uniform() * tenants)});
        });
        if (of == flood::at_random)
            flooders.until(slot, [&](random_source&) { server.arrive({.tenant = flooder}); });
        server.run_slot([&](const slotted_server::call& one) {
            if (one.who.tenant != flooder) waits.push_back(one.waited);
        });
    }
    return quantile(waits, .99);
}

}  // namespace

TEST_CASE("one of a hundred tenants floods: the others wait as long as before") {
    const double before = p99_of_programs(0);
    CHECK(before > 300);
    CHECK(p99_of_programs(100'000) <= 1.2 * before);
}

TEST_CASE("tenants that ask at random wait as long as before while one floods, whatever the draw") {
    for (const double load : {.7, .8, .9}) {
        for (std::uint64_t seed = 1; seed <= 8; ++seed) {
            CAPTURE(load);
            CAPTURE(seed);
            const double before = p99_of_crowds(load, seed, flood::none);
            CHECK(p99_of_crowds(load, seed, flood::at_once) <= 1.2 * before);
            CHECK(p99_of_crowds(load, seed, flood::at_random) <= 1.2 * before);
        }
    }
}

TEST_CASE("where hardly anybody waits, a flood costs the others one slot: that of the call before them") {
    for (std::uint64_t seed = 1; seed <= 8; ++seed) {
        CAPTURE(seed);
        CHECK(p99_of_crowds(.4, seed, flood::at_once) <= 1 + p99_of_crowds(.4, seed, flood::none));
    }
}
