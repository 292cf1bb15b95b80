#include <doctest/doctest.h>

#include <algorithm>
#include <boost/json/parse.hpp>
#include <set>
#include <sstream>

#include "cli/child.hpp"

namespace {

using words = std::vector<std::string>;

outcome simulate(words arguments) {
    arguments.insert(arguments.begin(), "simulate");
    return run({STAGGER_COMMAND, arguments, {}});
}

const std::string one_bucket = SCENARIOS "/token_bucket.json";

std::vector<boost::json::object> objects(const std::string& lines) {
    std::vector<boost::json::object> found;
    std::istringstream text(lines);
    for (std::string line; std::getline(text, line);) found.push_back(boost::json::parse(line).as_object());
    return found;
}

}  // namespace

TEST_CASE("a scenario file is run under every policy asked for, one line of the table each") {
    const auto got = simulate({one_bucket, "--policy", "coordinated,full-jitter", "--seeds", "2"});
    CHECK(got.code == 0);
    CHECK(got.err.empty());
    CHECK(std::count(got.out.begin(), got.out.end(), '\n') == 3);
    CHECK(got.out.starts_with("scenario"));
    CHECK(got.out.find(" full-jitter ") != std::string::npos);
}

TEST_CASE("one JSON object a run has exactly the documented members") {
    const auto got = simulate({one_bucket, "--seeds", "2", "--json", "-"});
    CHECK(got.code == 0);
    const auto runs = objects(got.out);
    REQUIRE(runs.size() == 2);
    const std::set<std::string> documented{
        "scenario",  "policy",          "seed", "efficiency", "waste_per_100",           "lost",
        "peak_10ms", "peak_1s",         "jain", "makespan_s", "aggregate_goodput_per_s", "lockouts",
        "wall_s",    "p99_retry_wait_s"};
    for (const auto& each : runs) {
        std::set<std::string> members;
        for (const auto& member : each) members.insert(member.key());
        CHECK(members == documented);
        CHECK(each.at("lost").as_int64() == 0);
        CHECK(each.at("efficiency").as_double() > 0.5);
    }
    CHECK(runs[0].at("seed") != runs[1].at("seed"));
}

TEST_CASE("the same seed gives the same figures") {
    const auto without_wall_time = [](const std::string& lines) {
        auto runs = objects(lines);
        for (auto& each : runs) each.erase("wall_s");
        return runs;
    };
    const words arguments{one_bucket, "--seeds", "1", "--json", "-"};
    CHECK(without_wall_time(simulate(arguments).out) == without_wall_time(simulate(arguments).out));
}

TEST_CASE("the built-in suite has names of its own, and a table for documentation") {
    const auto got = simulate({"--list"});
    CHECK(got.code == 0);
    std::set<std::string> names;
    std::istringstream text(got.out);
    for (std::string line; std::getline(text, line);) CHECK(names.insert(line).second);
    CHECK(names.size() >= 20);
    CHECK(simulate({one_bucket, "--seeds", "1", "--markdown"}).out.starts_with("| scenario | policy |"));
}

TEST_CASE("what a simulation cannot use is refused by name") {
    const auto refused = [](const words& arguments, int code, const std::string& part) {
        const auto got = simulate(arguments);
        CAPTURE(got.err);
        CHECK(got.code == code);
        CHECK(got.out.empty());
        CHECK(got.err.starts_with("stagger: "));
        CHECK(got.err.find(part) != std::string::npos);
        CHECK(std::count(got.err.begin(), got.err.end(), '\n') == 1);
    };
    refused({"no_such.json"}, 3, "no_such.json: No such file");
    refused({one_bucket, "--policy", "wild"}, 2, "--policy: \"wild\" is none of coordinated, ");
    refused({one_bucket, "--seeds", "0"}, 2, "--seeds");
    refused({one_bucket, "--check"}, 2, "--check: only the built-in suite");
    refused({one_bucket, "--seeds", "1", "--json", "/no/such/folder/x"}, 3, "/no/such/folder/x");
}
