#include <doctest/doctest.h>

#include <set>

#include "job/job_scripts.hpp"
#include "job/job_text.hpp"

using namespace stagger::job;

TEST_CASE("all keys of a job are on one node of a cluster, and tell its name") {
    const auto keys = job_keys("team", "tonight");
    CHECK(keys.size() == 9);
    CHECK(keys[0] == "team:{job:tonight}:about");
    CHECK(std::set(keys.begin(), keys.end()).size() == keys.size());
    for (const auto& each : keys) CHECK(each.starts_with("team:{job:tonight}:"));
    CHECK(job_of(keys[0]) == "tonight");
    CHECK(job_of(keys[1]).empty());
    CHECK(job_of("team:{limit}:about").empty());
    CHECK(about_pattern("team") == "team:{job:*}:about");
}

TEST_CASE("a job's name cannot end its braces, or match others") {
    for (const char* good : {"a", "2026-11-30", "a_b.c", "Z"}) CHECK(is_job_name(good));
    CHECK(is_job_name(std::string(64, 'x')));
    CHECK(!is_job_name(std::string(65, 'x')));
    for (const char* bad : {"", "a b", "a}", "*", "a:b", "\xc3\xa4"}) CHECK(!is_job_name(bad));
}

TEST_CASE("a key is that of one prompt with its parameters") {
    const auto key = key_of(7, 1, 2);
    CHECK(key.starts_with("7-"));
    CHECK(key == key_of(7, 1, 2));
    const std::set<std::string> all{key, key_of(8, 1, 2), key_of(7, 3, 2), key_of(7, 1, 3)};
    CHECK(all.size() == 4);
}
