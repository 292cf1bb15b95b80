// What a day has cost, kept in a file.

#include <doctest/doctest.h>

#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <fstream>
#include <string>
#include <thread>

#include "cli/exit_code.hpp"
#include "prices/daily_spending.hpp"
#include "support/temporary_folder.hpp"

namespace {

using app::daily_spending;
using namespace std::chrono_literals;

constexpr std::chrono::sys_days today = 2026y / 11 / 30;
constexpr std::chrono::sys_days tomorrow = 2026y / 12 / 1;

}  // namespace

TEST_CASE("what a day has cost is added up over processes, and begins anew with the next day") {
    const temporary_folder folder;
    const auto path = folder.path("state/spending.json");
    daily_spending one(path);
    CHECK(one.spent(today) == 0);
    CHECK(one.add(today, 0.25) == 0.25);
    daily_spending other(path);
    CHECK(other.spent(today) == 0.25);
    CHECK(other.add(today, 1e6) == 1000000.25);
    CHECK(one.spent(today) == 1000000.25);
    CHECK(folder.read("state/spending.json").find(R"({"day":"2026-11-30","cost":1000000.25})") == 0);
    CHECK(one.add(tomorrow, 0.5) == 0.5);
    // Its clock is behind: the later day counts.
    CHECK(other.add(today, 0.25) == 0.75);
    CHECK(other.spent(tomorrow) == 0.75);
}

TEST_CASE("what is no file of what a day has cost is left alone") {
    const temporary_folder folder;
    for (const std::string text :
         {R"({"day":"2026-11-30"})", R"({"day":"2026-13-30","cost":1})", R"({"day":"2026-11-30","cost":-1})",
          R"({"day":"2026-11-30","cost":"1"})", "[]", "a list of prompts\n"}) {
        CAPTURE(text);
        const auto path = folder.write("spending.json", text);
        try {
            const daily_spending refused(path);
            FAIL("was taken");
        } catch (const app::failure& failed) {
            CHECK(failed.code() == app::exit_code::file_failed);
            CHECK(std::string(failed.what()) == path + ": is no file of what a day has cost");
        }
        CHECK(folder.read("spending.json") == text);
    }
    CHECK_THROWS_AS(daily_spending(folder.path("")), app::failure);
}

TEST_CASE("what could not be written is written with the next answer of its day") {
    const temporary_folder folder;
    const auto path = folder.path("spending.json");
    daily_spending one(path);
    CHECK(one.add(today, 1) == 1);
    CHECK(one.unwritten() == 0);
    folder.write("spending.json", "spoiled");
    CHECK_THROWS_AS(one.add(today, 2), app::failure);
    CHECK_THROWS_AS(one.add(today, 4), app::failure);
    CHECK(one.unwritten() == 6);
    CHECK(folder.read("spending.json") == "spoiled");
    SUBCASE("by any word of that day") {
        folder.write("spending.json", R"({"day":"2026-11-30","cost":1})");
        CHECK(one.spent(today) == 7);
        CHECK(daily_spending(path).spent(today) == 7);
    }
    SUBCASE("but not on the next one") {
        folder.write("spending.json", R"({"day":"2026-11-30","cost":1})");
        CHECK(one.add(tomorrow, 0.5) == 0.5);
    }
    CHECK(one.unwritten() == 0);
}

TEST_CASE("a file of a day that is more than one ahead is refused, and left alone") {
    const temporary_folder folder;
    const std::string text = R"({"day":"2099-01-01","cost":5})";
    const auto path = folder.write("spending.json", text);
    daily_spending one(path);
    const auto refused = [&](const auto& word) {
        try {
            word();
            FAIL("was taken");
        } catch (const app::failure& failed) {
            CHECK(failed.code() == app::exit_code::file_failed);
            CHECK(std::string(failed.what()) ==
                  path +
                      ": is of 2099-01-01, and today is 2026-11-30 (UTC): set the clock right, or remove "
                      "the file");
        }
    };
    refused([&] { one.spent(today); });
    refused([&] { one.add(today, 1); });
    CHECK(folder.read("spending.json") == text);
    folder.write("spending.json", R"({"day":"2026-12-02","cost":5})");
    CHECK_THROWS_AS(one.spent(today), app::failure);
    CHECK(one.spent(tomorrow) == 5);
}

TEST_CASE("nothing is lost where several spend at once") {
    const temporary_folder folder;
    const auto path = folder.path("spending.json");
    constexpr int each = 500;
    const auto spend = [&] {
        daily_spending of(path);
        for (int i = 0; i < each; ++i) of.add(today, 0.5);
    };
    std::thread one(spend);
    std::thread two(spend);
    one.join();
    two.join();
    CHECK(daily_spending(path).spent(today) == each);
}

TEST_CASE("a process that is killed has spent what it said") {
    const temporary_folder folder;
    const auto path = folder.path("spending.json");
    const pid_t child = ::fork();
    REQUIRE(child >= 0);
    if (child == 0) {
        daily_spending of(path);
        for (int i = 0; i < 7; ++i) of.add(today, 1);
        ::kill(::getpid(), SIGKILL);
    }
    int status = 0;
    REQUIRE(::waitpid(child, &status, 0) == child);
    REQUIRE(WIFSIGNALED(status));
    CHECK(daily_spending(path).spent(today) == 7);
}
