#include <doctest/doctest.h>

#include <algorithm>
#include <map>
#include <vector>

#include "fairness/fair_line.hpp"

using namespace stagger;
using namespace stagger::fairness;
using place = fair_line::place;

TEST_CASE("calls of one tenant and class keep their order") {
    fair_line line;
    std::vector<place> joined;
    for (int i = 0; i < 100; ++i) joined.push_back(line.join({priority::normal, 1}));
    for (std::size_t i = 0; i < joined.size(); ++i) CHECK(line.ahead_of(joined[i]) == i);
    for (const place one : joined) CHECK(line.next() == one);
    CHECK(line.next() == std::nullopt);
    CHECK(line.empty());
}

TEST_CASE("a tenant that floods waits behind itself alone") {
    fair_line line;
    for (int i = 0; i < 1000; ++i) line.join({priority::normal, 1});
    for (int i = 0; i < 10; ++i) line.next();
    const place other = line.join({priority::normal, 2});
    CHECK(line.ahead_of(other) <= 2);
    int waited = 0;
    while (line.next() != other) ++waited;
    CHECK(waited <= 1);
}

TEST_CASE("tenants share equally, whenever they came") {
    fair_line line;
    std::map<place, int> owner;
    for (int tenant = 0; tenant < 5; ++tenant) {
        for (int i = 0; i < 100; ++i)
            owner[line.join({priority::normal, static_cast<std::uint64_t>(tenant)})] = tenant;
    }
    std::map<int, int> served;
    for (int i = 0; i < 250; ++i) ++served[owner[*line.next()]];
    for (int tenant = 0; tenant < 5; ++tenant) CHECK(served[tenant] == 50);
}

TEST_CASE("classes share by their weights, and none starves") {
    fair_line line;
    std::map<place, priority> of;
    for (const priority one : {priority::batch, priority::normal, priority::interactive}) {
        for (int i = 0; i < 1000; ++i) of[line.join({one, 1})] = one;
    }
    std::map<priority, int> served;
    for (int i = 0; i < 210; ++i) ++served[of[*line.next()]];
    CHECK(served[priority::interactive] == 160);
    CHECK(served[priority::normal] == 40);
    CHECK(served[priority::batch] == 10);
}

TEST_CASE("an interactive call waits three slots at most behind ten thousand of batch") {
    fair_line line;
    for (int i = 0; i < 10'000; ++i) line.join({priority::batch, 1});
    for (int i = 0; i < 50; ++i) line.next();
    const place one = line.join({priority::interactive, 2});
    CHECK(line.ahead_of(one) <= 2);
    int waited = 0;
    while (line.next() != one) ++waited;
    CHECK(waited <= 2);
}

TEST_CASE("who was idle earns nothing by it") {
    fair_line line;
    for (int i = 0; i < 200; ++i) line.join({priority::normal, 1});
    for (int i = 0; i < 100; ++i) line.next();
    std::vector<place> late;
    for (int i = 0; i < 50; ++i) late.push_back(line.join({priority::normal, 2}));
    int served_late = 0;
    for (int i = 0; i < 20; ++i) {
        const place one = *line.next();
        served_late += std::count(late.begin(), late.end(), one) > 0 ? 1 : 0;
    }
    // As often as the other one, and its burst.
    CHECK(served_late >= 10);
    CHECK(served_late <= 10 + fair_line::burst);
}

TEST_CASE("a few calls at once are no flood: who comes after them at random goes after them") {
    fair_line line;
    for (int i = 0; i < 100; ++i) line.join({priority::normal, 1});
    for (int i = 0; i < 50; ++i) line.next();
    std::vector<place> few;
    for (int i = 0; i <= fair_line::burst; ++i) few.push_back(line.join({priority::normal, 2}));
    const place next = line.join({priority::normal, 2});
    const place other = line.join({priority::normal, 3});
    std::vector<place> gone;
    for (int i = 0; i < 20; ++i) gone.push_back(*line.next());
    const auto turn_of = [&](place one) { return std::ranges::find(gone, one) - gone.begin(); };
    for (std::size_t i = 1; i < few.size(); ++i) CHECK(turn_of(few[i - 1]) < turn_of(few[i]));
    CHECK(turn_of(few.back()) < turn_of(other));
    CHECK(turn_of(other) < turn_of(next));
}

TEST_CASE("a burst is so many of the usual calls, whatever they cost and whatever a tenant's weight") {
    for (const double cost : {1., 400.}) {
        for (const double weight : {.5, 1., 8.}) {
            fair_line line;
            line.join({priority::normal, 1, 1, cost});
            for (int i = 0; i < 10; ++i) line.join({priority::normal, 2, weight, cost});
            const place other = line.join({priority::normal, 3, 1, cost});
            int before = -1;  // the first tenant's
            while (line.next() != other) ++before;
            CHECK(before == 1 + fair_line::burst);
        }
    }
}

TEST_CASE("who leaves takes nobody's place, and finds it again by where it stood") {
    fair_line line;
    std::vector<place> joined;
    for (int i = 0; i < 10; ++i) joined.push_back(line.join({priority::normal, 1}));
    const auto stood = line.leave(joined[3]);
    REQUIRE(stood);
    CHECK(line.leave(joined[3]) == std::nullopt);
    CHECK(line.size() == 9);
    CHECK(line.next() == joined[0]);
    const place again = line.join({priority::normal, 1, 1, 1, stood});
    const place foremost = line.join({priority::normal, 1, 1, 1, fair_line::front});
    CHECK(line.next() == foremost);
    CHECK(line.next() == joined[1]);
    CHECK(line.next() == joined[2]);
    CHECK(line.next() == again);
    CHECK(line.next() == joined[4]);
}

TEST_CASE("flows that come and go are forgotten") {
    fair_line line;
    for (std::uint64_t tenant = 0; tenant < 5000; ++tenant) {
        line.join({priority::normal, tenant});
        line.next();
    }
    CHECK(line.empty());
    CHECK(line.waiting(priority::normal) == 0);
}

TEST_CASE("tenants of one class share by their weights") {
    fair_line line;
    std::map<place, int> owner;
    for (const int tenant : {1, 2, 3}) {
        for (int i = 0; i < 300; ++i) {
            owner[line.join({priority::normal, static_cast<std::uint64_t>(tenant),
                             static_cast<double>(tenant)})] = tenant;
        }
    }
    std::map<int, int> served;
    for (int i = 0; i < 300; ++i) ++served[owner[*line.next()]];
    // A burst is of as many calls, whatever the weight.
    for (const int tenant : {1, 2, 3}) {
        CHECK(served[tenant] >= 50 * tenant - fair_line::burst);
        CHECK(served[tenant] <= 50 * tenant + fair_line::burst);
    }
}

TEST_CASE("calls that cost more come less often") {
    fair_line line;
    std::map<place, int> owner;
    for (int i = 0; i < 300; ++i) {
        owner[line.join({priority::normal, 1, 1, 300})] = 1;
        owner[line.join({priority::normal, 2, 1, 100})] = 2;
    }
    std::map<int, int> served;
    for (int i = 0; i < 200; ++i) ++served[owner[*line.next()]];
    CHECK(served[1] == 50);
    CHECK(served[2] == 150);
}

TEST_CASE("what a call has cost beyond its estimate is charged to its tenant, waiting calls and all") {
    fair_line line;
    std::map<place, std::uint64_t> owner;
    for (int i = 0; i < 400; ++i) {
        for (const std::uint64_t tenant : {1u, 2u})
            owner[line.join({priority::normal, tenant, 1, 10})] = tenant;
    }
    std::map<std::uint64_t, int> served;
    for (int i = 0; i < 200; ++i) {
        const std::uint64_t tenant = owner[*line.next()];
        ++served[tenant];
        line.settle(priority::normal, tenant, tenant == 1 ? 20 : 0);
    }
    CHECK(served[1] == 50);
    CHECK(served[2] == 150);
}

TEST_CASE("what a call has cost less is given back") {
    fair_line line;
    std::map<place, std::uint64_t> owner;
    for (int i = 0; i < 400; ++i) {
        for (const std::uint64_t tenant : {1u, 2u})
            owner[line.join({priority::normal, tenant, 1, 30})] = tenant;
    }
    std::map<std::uint64_t, int> served;
    for (int i = 0; i < 200; ++i) {
        const std::uint64_t tenant = owner[*line.next()];
        ++served[tenant];
        line.settle(priority::normal, tenant, tenant == 1 ? -20 : 0);
    }
    CHECK(served[1] >= 150 - fair_line::burst);
    CHECK(served[1] <= 150 + fair_line::burst);
}

TEST_CASE("a tenant that is held keeps its places while others go") {
    fair_line line;
    const place first = line.join({priority::normal, 1});
    const place second = line.join({priority::interactive, 1});
    CHECK(line.hold(1, true));
    CHECK_FALSE(line.hold(2, true));
    line.hold(2, false);
    CHECK(line.next() == std::nullopt);
    CHECK(line.size() == 2);
    const place late = line.join({priority::interactive, 1});
    const place other = line.join({priority::batch, 2});
    CHECK(line.next() == other);
    CHECK(line.next() == std::nullopt);
    CHECK(line.hold(1, false));
    CHECK(line.next() == second);
    CHECK(line.leave(late));
    CHECK(line.next() == first);
    CHECK(line.empty());
}

TEST_CASE("who has waited long rises where that lets it go sooner, one class at a time") {
    fair_line line;
    for (int i = 0; i < 100; ++i) line.join({priority::interactive, 1});
    for (int i = 0; i < 100; ++i) line.join({priority::batch, 1});
    const place old = line.join({priority::batch, 2});
    const auto before = line.ahead_of(old);
    CHECK(line.rise(old));
    CHECK(line.ahead_of(old) < before);
    CHECK(line.waiting(priority::normal) == 1);
    CHECK(line.waiting(priority::batch) == 100);
    int waited = 0;
    while (line.next() != old) ++waited;
    CHECK(waited <= 5);
}

TEST_CASE("nobody rises to where it would wait longer, nor above the highest class") {
    fair_line line;
    for (int i = 0; i < 100; ++i) line.join({priority::normal, 1});
    const place first = line.join({priority::batch, 1});
    CHECK_FALSE(line.rise(first));
    const place top = line.join({priority::interactive, 2});
    CHECK_FALSE(line.rise(top));
    CHECK(line.next() == top);
    CHECK_FALSE(line.rise(top));
}

TEST_CASE("what goes before a newcomer is that of its class and tenant alone") {
    fair_line line;
    for (int i = 0; i < 10'000; ++i) line.join({priority::batch, 1});
    line.next();
    CHECK(line.ahead_of(fair_line::newcomer{priority::interactive, 1}) == 0);
    CHECK(line.ahead_of(fair_line::newcomer{priority::batch, 2}) <= 2);
    CHECK(line.ahead_of(fair_line::newcomer{priority::batch, 1}) == 9999);
}
