#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "net/turnstile.hpp"

using stagger::detail::turnstile;
using answer = turnstile::answer;

namespace {

struct fixture {
    turnstile held;
    std::vector<std::string> told;

    void wait(const void* who, std::uint64_t alike, std::size_t bytes, const std::string& name) {
        held.wait(who, alike, bytes, [this, name](answer said) {
            told.push_back(name + (said == answer::goes     ? " goes"
                                   : said == answer::chosen ? " asks"
                                                            : " ends"));
        });
    }
};

using words = std::vector<std::string>;

}  // namespace

TEST_CASE("where nothing is held everybody passes") {
    turnstile held;
    CHECK(held.is_open());
    CHECK(held.ask(7) == answer::goes);
}

TEST_CASE("a kind that is held waits, others go, and released it goes on") {
    fixture all;
    all.held.hold(7);
    CHECK_FALSE(all.held.is_open());
    CHECK(all.held.ask(7) == answer::waits);
    CHECK(all.held.ask(8) == answer::goes);
    all.wait(&all, 7, 10, "a");
    all.wait(&all.held, 7, 10, "b");
    all.held.release(7);
    CHECK(all.told == words{"a goes", "b goes"});
    CHECK(all.held.is_open());
    CHECK(all.held.waiting() == 0);
}

TEST_CASE("the smallest that waits is let through, or the next that comes") {
    fixture all;
    all.held.hold(7);
    all.wait(&all, 7, 30, "large");
    all.wait(&all.held, 7, 20, "small");
    all.wait(&all.told, 8, 1, "other");
    all.held.let_one(7);
    CHECK(all.told == words{"small asks"});
    CHECK(all.held.ask(7) == answer::waits);
    all.held.let_one(7);
    all.held.let_one(7);
    CHECK(all.told == words{"small asks", "large asks"});
    CHECK(all.held.ask(7) == answer::chosen);
    CHECK(all.held.ask(7) == answer::waits);
    all.held.let_one(9);
    CHECK(all.held.ask(9) == answer::goes);
}

TEST_CASE("a refused kind ends, those that wait and those that come") {
    fixture all;
    all.held.hold(7);
    all.wait(&all, 7, 30, "a");
    all.wait(&all.held, 8, 30, "b");
    all.held.refuse(7);
    CHECK(all.told == words{"a ends"});
    CHECK(all.held.ask(7) == answer::refused);
    all.held.let_one(7);
    CHECK(all.held.ask(7) == answer::refused);
    all.held.release_all();
    CHECK(all.told == words{"a ends", "b goes"});
    CHECK(all.held.is_open());
}

TEST_CASE("whoever is forgotten is not called") {
    fixture all;
    all.held.hold(7);
    all.wait(&all, 7, 30, "a");
    CHECK(all.held.forget(&all));
    CHECK_FALSE(all.held.forget(&all));
    all.held.release(7);
    CHECK(all.told.empty());
}
