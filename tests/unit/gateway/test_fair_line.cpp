#include <doctest/doctest.h>

#include <algorithm>
#include <map>
#include <vector>

#include "gateway/fair_line.hpp"
#include "gateway/kept_places.hpp"

using namespace stagger;
using namespace stagger::gateway;
using namespace std::chrono_literals;
using place = fair_line::place;

TEST_CASE("calls of one tenant and class keep their order") {
    fair_line line;
    std::vector<place> joined;
    for (int i = 0; i < 100; ++i) joined.push_back(line.join(call_class::normal, 1));
    for (std::size_t i = 0; i < joined.size(); ++i) CHECK(line.ahead_of(joined[i]) == i);
    for (const place one : joined) CHECK(line.next() == one);
    CHECK(line.next() == std::nullopt);
    CHECK(line.empty());
}

TEST_CASE("a tenant that floods waits behind itself alone") {
    fair_line line;
    for (int i = 0; i < 1000; ++i) line.join(call_class::normal, 1);
    for (int i = 0; i < 10; ++i) line.next();
    const place other = line.join(call_class::normal, 2);
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
            owner[line.join(call_class::normal, static_cast<std::uint64_t>(tenant))] = tenant;
    }
    std::map<int, int> served;
    for (int i = 0; i < 250; ++i) ++served[owner[*line.next()]];
    for (int tenant = 0; tenant < 5; ++tenant) CHECK(served[tenant] == 50);
}

TEST_CASE("classes share by their weights, and none starves") {
    fair_line line;
    std::map<place, call_class> of;
    for (const call_class one : {call_class::batch, call_class::normal, call_class::interactive}) {
        for (int i = 0; i < 1000; ++i) of[line.join(one, 1)] = one;
    }
    std::map<call_class, int> served;
    for (int i = 0; i < 210; ++i) ++served[of[*line.next()]];
    CHECK(served[call_class::interactive] == 160);
    CHECK(served[call_class::normal] == 40);
    CHECK(served[call_class::batch] == 10);
}

TEST_CASE("an interactive call waits three slots at most behind ten thousand of batch") {
    fair_line line;
    for (int i = 0; i < 10'000; ++i) line.join(call_class::batch, 1);
    for (int i = 0; i < 50; ++i) line.next();
    const place one = line.join(call_class::interactive, 2);
    CHECK(line.ahead_of(one) <= 2);
    int waited = 0;
    while (line.next() != one) ++waited;
    CHECK(waited <= 2);
}

TEST_CASE("who was idle earns nothing by it") {
    fair_line line;
    for (int i = 0; i < 200; ++i) line.join(call_class::normal, 1);
    for (int i = 0; i < 100; ++i) line.next();
    std::vector<place> late;
    for (int i = 0; i < 50; ++i) late.push_back(line.join(call_class::normal, 2));
    int served_late = 0;
    for (int i = 0; i < 20; ++i) {
        const place one = *line.next();
        served_late += std::count(late.begin(), late.end(), one) > 0 ? 1 : 0;
    }
    CHECK(served_late >= 9);
    CHECK(served_late <= 11);
}

TEST_CASE("who leaves takes nobody's place, and finds it again by its start tag") {
    fair_line line;
    std::vector<place> joined;
    for (int i = 0; i < 10; ++i) joined.push_back(line.join(call_class::normal, 1));
    const auto start = line.leave(joined[3]);
    REQUIRE(start);
    CHECK(line.leave(joined[3]) == std::nullopt);
    CHECK(line.size() == 9);
    CHECK(line.next() == joined[0]);
    const place again = line.join(call_class::normal, 1, 1, start);
    CHECK(line.next() == joined[1]);
    CHECK(line.next() == joined[2]);
    CHECK(line.next() == again);
    CHECK(line.next() == joined[4]);
}

TEST_CASE("flows that come and go are forgotten") {
    fair_line line;
    for (std::uint64_t tenant = 0; tenant < 5000; ++tenant) {
        line.join(call_class::normal, tenant);
        line.next();
    }
    CHECK(line.empty());
    CHECK(line.waiting(call_class::normal) == 0);
}

TEST_CASE("classes read by their names") {
    for (const call_class one : {call_class::interactive, call_class::normal, call_class::batch})
        CHECK(parse_call_class(to_string(one)) == one);
    CHECK(parse_call_class("urgent") == std::nullopt);
}

TEST_CASE("a kept place is given back once, and not after a while") {
    kept_places places;
    const time_point now(100s);
    places.keep(7, 1.5, now);
    CHECK(places.take(8, now) == std::nullopt);
    CHECK(places.take(7, now + 89s) == 1.5);
    CHECK(places.take(7, now + 89s) == std::nullopt);
    places.keep(7, 2.5, now);
    CHECK(places.take(7, now + 90s) == std::nullopt);
    CHECK(places.size() == 0);
}

TEST_CASE("equal calls keep a place each") {
    kept_places places;
    places.keep(7, 1, time_point(1s));
    places.keep(7, 2, time_point(2s));
    CHECK(places.take(7, time_point(3s)));
    CHECK(places.take(7, time_point(3s)));
    CHECK_FALSE(places.take(7, time_point(3s)));
}
