#include <doctest/doctest.h>

#include "gateway/day_books.hpp"

using namespace stagger::gateway;

namespace {

/// What of the budget does not suffice.
std::string missing(day_books& books, std::uint64_t tenant, const day_use& estimated, const day_budget& most,
                    day_books::day_number today) {
    const auto short_of = books.reserve(tenant, estimated, most, today);
    return short_of ? std::string(short_of->of) : "";
}

}  // namespace

TEST_CASE("a budget of a day lets go what it suffices for, those in flight counted") {
    day_books books;
    const day_budget most{.requests = 3, .tokens = 100, .money = {}};
    CHECK(missing(books, 1, {1, 60, 0}, most, 7) == "");
    CHECK(missing(books, 1, {1, 60, 0}, most, 7) == "tokens");
    CHECK(missing(books, 2, {1, 60, 0}, most, 7) == "");
    books.settle(1, {1, 60, 0}, {1, 20, 0}, 7);
    CHECK(missing(books, 1, {1, 60, 0}, most, 7) == "");
    CHECK(missing(books, 1, {1, 1, 0}, most, 7) == "");
    CHECK(missing(books, 1, {1, 1, 0}, most, 7) == "requests");
    books.settle(1, {1, 60, 0}, {0, 0, 0}, 7);  // was never sent
    CHECK(books.used().at(1) == day_use{2, 21, 0});
    CHECK(missing(books, 3, {1, 0, .5}, {.requests = {}, .tokens = {}, .money = .4}, 7) == "money");
}

TEST_CASE("a new day begins with nothing, and hears nothing of the one before") {
    day_books books;
    const day_budget one{.requests = 1, .tokens = {}, .money = {}};
    CHECK(missing(books, 1, {1, 0, 0}, one, 7) == "");
    CHECK(missing(books, 1, {1, 0, 0}, one, 8) == "");
    books.settle(1, {1, 0, 0}, {0, 0, 0}, 7);
    CHECK(books.used().at(1) == day_use{1, 0, 0});
    CHECK(books.day() == 8);
}

TEST_CASE("what was written down today holds, what was yesterday does not") {
    day_books books;
    books.restore({{1, {5, 50, .5}}}, 7, 8);
    CHECK(books.used().empty());
    books.restore({{1, {5, 50, .5}}}, 8, 8);
    CHECK(books.used().at(1) == day_use{5, 50, .5});
    CHECK(missing(books, 1, {1, 0, 0}, {.requests = 5, .tokens = {}, .money = {}}, 8) == "requests");
}

TEST_CASE("what a budget does not suffice for is told in numbers") {
    day_books books;
    const day_budget most{.requests = 3, .tokens = {}, .money = {}};
    for (int each = 0; each < 3; ++each) CHECK(missing(books, 1, {1, 0, 0}, most, 7).empty());
    const auto short_of = books.reserve(1, {1, 0, 0}, most, 7);
    REQUIRE(short_of);
    CHECK(to_text(*short_of) == "requests: 3 of 3 are used, and this call may take 1");
}
