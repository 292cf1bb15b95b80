#include <doctest/doctest.h>

#include <algorithm>
#include <boost/json/parse.hpp>
#include <filesystem>
#include <map>
#include <set>
#include <sstream>

#include "cli/child.hpp"
#include "scenario/scenario_file.hpp"
#include "sim/suite.hpp"
#include "support/temporary_folder.hpp"
#include "support/xml_outline.hpp"

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
    const std::set<std::string> documented{"scenario",
                                           "policy",
                                           "seed",
                                           "efficiency",
                                           "waste_per_100",
                                           "lost",
                                           "peak_10ms",
                                           "peak_1s",
                                           "jain",
                                           "makespan_s",
                                           "aggregate_goodput_per_s",
                                           "lockouts",
                                           "wall_s",
                                           "p99_retry_wait_s",
                                           "unanswerable",
                                           "refused_by_chance"};
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

TEST_CASE("the built-in suite is listed by name, and a table is there for documentation") {
    const auto got = simulate({"--list"});
    CHECK(got.code == 0);
    std::set<std::string> names;
    std::istringstream text(got.out);
    for (std::string line; std::getline(text, line);) CHECK(names.insert(line).second);
    CHECK(names.size() >= 20);
    CHECK(simulate({one_bucket, "--seeds", "1", "--markdown"}).out.starts_with("| scenario | policy |"));
}

TEST_CASE("a built-in scenario runs by its name as it does from its own file") {
    const temporary_folder folder;
    const std::string name = "500 requests at 50/s, cold";
    const auto shown = simulate({"--show", name});
    CHECK(shown.code == 0);
    const auto file = folder.write("shown.json", shown.out);
    const auto by_name = simulate({name, "--seeds", "2"});
    CHECK(by_name.code == 0);
    CHECK(by_name.out == simulate({file, "--seeds", "2"}).out);
    CHECK(by_name.out == simulate({"500-requests-at-50-s-cold", "--seeds", "2"}).out);
    CHECK(by_name.out.find(name) != std::string::npos);
}

TEST_CASE("the suite is written as files that read back as it, and replaces none") {
    const temporary_folder folder;
    const auto suite = folder.path("new/suite");
    CHECK(simulate({"--write-suite", suite}).code == 0);
    std::map<std::string, stagger::provider::scenario> written;
    for (const auto& each : std::filesystem::directory_iterator(suite)) {
        auto scenario = stagger::wire::load_scenario(each.path());
        written.emplace(scenario.name, scenario);
    }
    const auto rows = stagger::sim::built_in_suite();
    CHECK(written.size() == rows.size());
    for (const auto& row : rows) {
        CAPTURE(row.scenario.name);
        REQUIRE(written.contains(row.scenario.name));
        CHECK(written.at(row.scenario.name) == row.scenario);
    }
    const auto again = simulate({"--write-suite", suite});
    CHECK(again.code == 3);
    CHECK(again.err.find("File exists") != std::string::npos);
}

TEST_CASE("random scenarios are summed up by kind, and each can be had again by its name") {
    const auto got =
        simulate({"--random", "3", "--random-seed", "5", "--kind", "token_bucket", "--json", "-"});
    CHECK(got.code == 0);
    const auto runs = objects(got.out);
    REQUIRE(runs.size() == 3);
    CHECK(runs[0].at("scenario") == "token_bucket-5");
    CHECK(runs[2].at("scenario") == "token_bucket-7");
    CHECK(runs[2].at("seed") == 7);
    const auto again = objects(simulate({"token_bucket-6", "--seeds", "1", "--json", "-"}).out);
    REQUIRE(again.size() == 1);
    CHECK(again[0].at("makespan_s") == runs[1].at("makespan_s"));
    const auto summed_up = simulate({"--random", "2"});
    CHECK(summed_up.code == 0);
    CHECK(std::count(summed_up.out.begin(), summed_up.out.end(), '\n') == 4);
    for (const auto* kind :
         {"\ntoken_bucket  coordinated", "\nwindow        coordinated", "\nconcurrency   "})
        CHECK(summed_up.out.find(kind) != std::string::npos);
}

TEST_CASE("the trace of a run agrees with its measures") {
    const temporary_folder folder;
    for (const auto* file : {"/demo.json", "/concurrency.json", "/four_processes.json", "/outage.json"}) {
        CAPTURE(file);
        const auto got =
            simulate({SCENARIOS + std::string(file), "--trace", folder.path("trace"), "--json", "-"});
        CHECK(got.code == 0);
        const auto measured = objects(got.out).at(0);
        std::map<std::string, std::size_t> events;
        std::size_t rejected = 0;
        double latest = 0;
        double ended = 0;
        for (const auto& each : objects(folder.read("trace"))) {
            const double now = each.at("time_s").to_number<double>();
            CHECK(now >= latest);
            latest = now;
            const std::string event(each.at("event").as_string());
            ++events[event];
            if (event == "succeeded" || event == "lost") ended = now;
            const auto* status = each.if_contains("status");
            rejected += status && (*status == 429 || *status == 503) ? 1 : 0;
            CHECK(each.contains("in_flight"));
            CHECK(each.contains("pace_per_s"));
            CHECK(each.contains("mode"));
        }
        CHECK(events["sent"] == events["arrived"] + events["queued"]);
        CHECK(events["queued"] == events["left_queue"]);
        CHECK(events["lost"] == 0);
        CHECK(events["sent"] == events["succeeded"] + events["came_back"]);
        const auto waste = measured.at("waste_per_100").to_number<double>();
        CHECK(waste == doctest::Approx(100.0 * static_cast<double>(rejected) /
                                       static_cast<double>(events["succeeded"])));
        CHECK(measured.at("makespan_s").to_number<double>() == doctest::Approx(ended));
    }
}

TEST_CASE("a trace tells of connections that were closed instead of a status") {
    const temporary_folder folder;
    const auto closing = folder.write("closing.json", R"({
        "provider": {"limits": [{"kind": "token_bucket", "rate_per_s": 10, "burst": 10}], "rejection_status": "close"},
        "clients": [{"requests": 40}]})");
    const auto got = simulate({closing, "--trace", folder.path("trace"), "--json", "-"});
    CHECK(got.code == 0);
    std::size_t closed = 0;
    for (const auto& each : objects(folder.read("trace"))) {
        if (!each.contains("closed")) continue;
        ++closed;
        CHECK(each.at("event") == "arrived");
        CHECK(each.at("closed") == true);
        CHECK_FALSE(each.contains("status"));
    }
    CHECK(closed > 0);
    CHECK(objects(got.out).at(0).at("waste_per_100").to_number<double>() ==
          doctest::Approx(100.0 * static_cast<double>(closed) / 40));
}

TEST_CASE("a trace of tasks on their own speaks of no pace") {
    const temporary_folder folder;
    CHECK(simulate({one_bucket, "--policy", "tenacity", "--trace", folder.path("trace")}).code == 0);
    const auto trace = folder.read("trace");
    CHECK(trace.find("\"lost\"") != std::string::npos);
    CHECK(trace.find("pace_per_s") == std::string::npos);
}

TEST_CASE("a plot is one picture for all policies, and watching a run does not change it") {
    const temporary_folder folder;
    const words asked{one_bucket, "--policy", "coordinated,full-jitter", "--seeds", "1"};
    auto drawing = asked;
    drawing.insert(drawing.end(), {"--plot", folder.path("plot.svg")});
    const auto drawn = simulate(drawing);
    CHECK(drawn.code == 0);
    CHECK(drawn.out == simulate(asked).out);
    const xml_outline outline(folder.read("plot.svg"));
    REQUIRE_MESSAGE(outline.problem().empty(), outline.problem());
    CHECK(outline.has_text("coordinated"));
    CHECK(outline.has_text("full-jitter"));
}

TEST_CASE("the decision log of a simulated run replays") {
    const temporary_folder folder;
    CHECK(simulate({one_bucket, "--decision-log", folder.path("log")}).code == 0);
    const auto replayed = run({STAGGER_COMMAND, {"replay", folder.path("log")}, {}});
    CHECK(replayed.code == 0);
    CHECK(replayed.out.find("all the same") != std::string::npos);
}

TEST_CASE("a file that tells of one run may be standard output, instead of the table") {
    const temporary_folder folder;
    const auto plot = simulate({one_bucket, "--plot", "-"});
    CHECK(plot.code == 0);
    CHECK(plot.out.starts_with("<svg"));
    CHECK(plot.out.ends_with("</svg>\n"));
    const auto trace = simulate({one_bucket, "--trace", "-"});
    CHECK(trace.code == 0);
    CHECK_FALSE(objects(trace.out).empty());
    const auto decisions = simulate({one_bucket, "--decision-log", "-"});
    CHECK(decisions.code == 0);
    CHECK(run({STAGGER_COMMAND, {"replay", folder.write("decisions", decisions.out)}}).code == 0);
    const auto twice = simulate({one_bucket, "--json", "-", "--trace", "-"});
    CHECK(twice.code == 2);
    CHECK(twice.err.find("--trace: must be a file of its own, is \"-\" as --json is") != std::string::npos);
}

TEST_CASE("figures that are reached end with 0, missed ones are named and end with 1") {
    const auto reached = simulate({"bucket 50/s", "--seeds", "1", "--check"});
    CHECK(reached.code == 0);
    CHECK(reached.out.find("every scenario reaches its figures\n") != std::string::npos);
    // A service as long as the round trip: at best, each place is idle for half of the time.
    const auto missed =
        simulate({"--random", "1", "--random-seed", "57", "--kind", "concurrency", "--check"});
    CHECK(missed.code == 1);
    CHECK(missed.out.find("\nconcurrency: efficiency ") != std::string::npos);
}

TEST_CASE("never worse is judged over random kinds, named runs and files, and says what is missed") {
    // A bucket is what the coordinator is for.
    const auto kept = simulate({"bucket 50/s", "--seeds", "2", "--never-worse"});
    CHECK(kept.code == 0);
    CHECK(kept.out.starts_with("scenario "));
    CHECK(kept.out.find("\nkind ") != std::string::npos);
    CHECK(kept.out.find("\nnamed ") != std::string::npos);
    CHECK(kept.out.ends_with("\nnever worse than the figures allow\n"));
    // Full jitter does not believe the server, which here is an advantage.
    const temporary_folder folder;
    const auto untrue = folder.write("untrue.json", R"({"provider": {
        "limits": [{"kind": "token_bucket", "rate_per_s": 5, "burst": 1}], "latency": {"mean_s": 0.1},
        "hints": {"retry_after": "wrong", "wrong_s": 60}}, "clients": [{"requests": 5}]})");
    const auto missed = simulate({untrue, "--seeds", "1", "--never-worse"});
    CHECK(missed.code == 1);
    CHECK(missed.out.find("\nnamed: median ratio ") != std::string::npos);
    CHECK(missed.out.find("worst ratio (untrue) ") != std::string::npos);
}

TEST_CASE("never worse writes one JSON object a run, the same whoever ran it") {
    const words asked{"--random", "2", "--random-seed", "3", "--kind", "token_bucket,window", "--never-worse",
                      "--json",   "-"};
    const auto got = simulate(asked);
    CHECK((got.code == 0 || got.code == 1));
    const auto runs = objects(got.out);
    REQUIRE(runs.size() == 4);
    CHECK(runs[1].at("scenario") == "token_bucket-4");
    CHECK(runs[3].at("kind") == "window");
    const std::set<std::string> documented{"scenario", "kind", "seed",     "limited",
                                           "ratio",    "best", "policies", "rejects_too_much"};
    const std::set<std::string> policies{"coordinated", "full-jitter", "tenacity-unlimited", "aimd",
                                         "aws-adaptive"};
    const auto names = [](const boost::json::object& object) {
        std::set<std::string> found;
        for (const auto& member : object) found.insert(member.key());
        return found;
    };
    for (const auto& each : runs) {
        CHECK(names(each) == documented);
        CHECK(names(each.at("policies").as_object()) == policies);
        CHECK(
            names(each.at("policies").at("aimd").as_object()) ==
            std::set<std::string>{"makespan_s", "efficiency", "waste_per_100", "avoidable_per_100", "lost"});
    }
    const auto alone = objects(
        simulate({"window-4", "--seeds", "1", "--policy", "coordinated,full-jitter", "--json", "-"}).out);
    REQUIRE(alone.size() == 2);
    const auto& beside = runs[3].at("policies");
    CHECK(beside.at("coordinated").at("makespan_s") == alone[0].at("makespan_s"));
    CHECK(beside.at("full-jitter").at("waste_per_100") == alone[1].at("waste_per_100"));
}

TEST_CASE("what a simulation cannot use is refused by name") {
    const temporary_folder folder;
    const auto wrong = folder.write(
        "wrong.json",
        R"({"provider": {"limits": [{"kind": "token_bucket", "rate_per_s": -5}]}, "clients": [{}]})");
    const auto refused = [](const words& arguments, int code, const std::string& part) {
        const auto got = simulate(arguments);
        CAPTURE(got.err);
        CHECK(got.code == code);
        CHECK(got.out.empty());
        CHECK(got.err.starts_with("stagger: "));
        CHECK(got.err.find(part) != std::string::npos);
        CHECK(std::count(got.err.begin(), got.err.end(), '\n') == 1);
    };
    refused({"no_such.json"}, 3,
            "no_such.json: No such file or directory, nor is there a scenario of that name");
    refused({wrong}, 2, "wrong.json: provider.limits[0].rate_per_s: must be > 0, is -5");
    refused({one_bucket, "--policy", "wild"}, 2, "--policy: \"wild\" is none of coordinated, ");
    refused({one_bucket, "--seeds", "0"}, 2, "--seeds");
    refused({one_bucket, "--check"}, 2, "--check: only built-in and random scenarios");
    refused({one_bucket, "--seeds", "1", "--json", "/no/such/folder/x"}, 3, "/no/such/folder/x");
    refused({"--show", "nothing"}, 2, "--show: there is no scenario \"nothing\"");
    refused({"--write-suite", wrong}, 3, "wrong.json");
    refused({"--kind", "window"}, 2, "--random");
    refused({"--random", "1", "--kind", "bucket"}, 2, "--kind: \"bucket\" is none of token_bucket, ");
    refused({one_bucket, "--random", "1"}, 2, "--random draws its scenarios");
    refused({one_bucket, "--random", "1", "--never-worse"}, 2, "--random draws its scenarios");
    refused({one_bucket, "--never-worse", "--policy", "aimd"}, 2, "--never-worse");
    refused({one_bucket, "--never-worse", "--check"}, 2, "--never-worse");
    refused({one_bucket, "--never-worse", "--trace", folder.path("none")}, 2, "--never-worse");
    refused({one_bucket, "--never-worse", "--json", "/no/such/folder/x"}, 3, "/no/such/folder/x");
    for (const std::string option : {"--trace", "--plot", "--decision-log"}) {
        const auto file = folder.path("none");
        refused({one_bucket, "bucket 50/s", option, file}, 2,
                option + " tells of one run: name one scenario");
        refused({one_bucket, "--seeds", "2", option, file}, 2,
                option + " tells of one run: it needs --seeds 1");
        refused({one_bucket, option, "/no/such/folder/x"}, 3, "/no/such/folder/x");
        CHECK_FALSE(std::filesystem::exists(file));
    }
    for (const std::string option : {"--trace", "--decision-log"}) {
        refused({one_bucket, "--policy", "coordinated,aimd", option, folder.path("none")}, 2,
                option + " tells of one run: name one policy, not 2");
    }
    refused({SCENARIOS "/four_processes.json", "--decision-log", folder.path("none")}, 2,
            "--decision-log is about one coordinator: the scenario has 4 clients");
}
