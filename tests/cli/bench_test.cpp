#include <doctest/doctest.h>

#include <algorithm>
#include <boost/json/parse.hpp>
#include <csignal>
#include <fstream>
#include <iterator>
#include <map>
#include <set>
#include <sstream>

#include "cli/child.hpp"
#include "cli/servers.hpp"
#include "load/results_file.hpp"
#include "support/json_schema.hpp"

using stagger::load::parse_results;
using stagger::test::answer;
using stagger::test::chat_answer;
using stagger::test::turn;

namespace {

using words = std::vector<std::string>;

const std::string small_bucket = R"([{"kind":"token_bucket","rate_per_s":100,"burst":10}])";
const std::string roomy = R"([{"kind":"concurrency","max":1000}])";
const std::string quick = R"({"kind":"constant","mean_s":0.01})";
const std::string nowhere = "http://127.0.0.1:1/v1";

child_setup bench(const std::string& base_url, const words& options) {
    child_setup setup{STAGGER_COMMAND,
                      {"bench", "--base-url", base_url, "--model", "m", "--jitter-seed", "3"}};
    setup.arguments.insert(setup.arguments.end(), options.begin(), options.end());
    return setup;
}

std::vector<std::string> lines_of(const std::string& text) {
    std::vector<std::string> lines;
    std::istringstream input(text);
    for (std::string line; std::getline(input, line);) lines.push_back(line);
    return lines;
}

std::vector<std::string> fields_of(const std::string& line) {
    std::vector<std::string> fields;
    std::istringstream input(line + ',');
    for (std::string field; std::getline(input, field, ',');) fields.push_back(field);
    return fields;
}

/// The fields of a line by the names of their columns.
std::map<std::string, std::string> named_fields(const std::string& header, const std::string& line) {
    const auto names = fields_of(header);
    const auto fields = fields_of(line);
    REQUIRE(names.size() == fields.size());
    std::map<std::string, std::string> named;
    for (std::size_t each = 0; each < names.size(); ++each) named[names[each]] = fields[each];
    return named;
}

std::vector<std::string> schema_violations_of(const std::string& results) {
    std::ifstream file(RESULTS_SCHEMA);
    const std::string schema((std::istreambuf_iterator<char>(file)), std::istreambuf_iterator<char>());
    return support::schema_violations(boost::json::parse(schema), boost::json::parse(results));
}

std::vector<std::string> bodies_of(const std::vector<std::string>& requests) {
    std::vector<std::string> bodies;
    bodies.reserve(requests.size());
    for (const std::string& each : requests) bodies.push_back(each.substr(each.find("\r\n\r\n") + 4));
    return bodies;
}

}  // namespace

TEST_CASE("bench: two policies against a throttling server, in every output") {
    const temporary_folder folder;
    const throttled_server server(small_bucket, quick);
    const auto got = run(bench(
        server.base_url(), {"--policy", "coordinated,full-jitter", "--requests", "40", "--concurrency", "20",
                            "--rest", "0", "--json", folder.path("json"), "--csv", folder.path("csv")}));
    CHECK(got.code == 0);
    CHECK(got.out.find("coordinated") != std::string::npos);
    CHECK(got.out.find("full-jitter") != std::string::npos);
    CHECK(got.out.find("total, from its first send") != std::string::npos);

    CHECK(schema_violations_of(folder.read("json")) == words{});
    const auto results = parse_results(folder.read("json"));
    CHECK(results.command.at(1) == "bench");
    CHECK(results.stagger == STAGGER_VERSION);
    CHECK(results.endpoint == server.base_url());
    CHECK(results.model == "m");
    CHECK(results.load.kind == "closed");
    CHECK(results.load.concurrency == 20);
    CHECK(results.load.seed == 3);
    CHECK(results.machine.cores > 0);
    REQUIRE(results.runs.size() == 2);
    std::uint64_t attempts = 0;
    std::uint64_t rejections = 0;
    for (const auto& each : results.runs) {
        CAPTURE(each.policy);
        CHECK(each.requests == 40);
        CHECK(each.succeeded == 40);
        CHECK(each.latency_ms.at("total").count == 40);
        CHECK(each.latency_ms.at("total").mean >= each.latency_ms.at("service").min);
        CHECK(each.goodput_per_s == doctest::Approx(40 / each.elapsed_s));
        attempts += each.attempts;
        rejections += each.rejections;
    }
    CHECK(server.stat("accepted") == 80);
    CHECK(server.stat("rejected") == rejections);
    CHECK(attempts == 80 + rejections);

    const auto lines = lines_of(folder.read("csv"));
    REQUIRE(lines.size() == 81);
    std::map<std::string, std::uint64_t> rejected;
    std::map<std::string, std::set<std::string>> numbers;
    for (std::size_t each = 1; each < lines.size(); ++each) {
        auto row = named_fields(lines.front(), lines[each]);
        CAPTURE(lines[each]);
        CHECK(row["policy"] == (each <= 40 ? "coordinated" : "full-jitter"));
        numbers[row["policy"]].insert(row["request"]);
        rejected[row["policy"]] += std::stoul(row["rejections"]);
        CHECK(std::stoul(row["attempts"]) == std::stoul(row["rejections"]) + 1);
        CHECK(row["status"] == "200");
        CHECK(row["error"].empty());
        CHECK(row["first_token_ms"].empty());
        const double handed_over_s = std::stod(row["handed_over_s"]);
        const double first_sent_s = std::stod(row["first_sent_s"]);
        const double ended_s = std::stod(row["ended_s"]);
        CHECK(std::stod(row["scheduled_s"]) <= handed_over_s);
        CHECK(handed_over_s <= first_sent_s);
        CHECK(first_sent_s < ended_s);
        // By the two clocks' readings, to what was rounded.
        CHECK(std::stod(row["from_actual_send_ms"]) ==
              doctest::Approx(1000 * (ended_s - first_sent_s)).epsilon(1e-3));
        CHECK(std::stod(row["total_ms"]) ==
              doctest::Approx(1000 * (ended_s - std::stod(row["scheduled_s"]))).epsilon(1e-3));
    }
    for (const auto& run : results.runs) {
        CHECK(numbers[run.policy].size() == 40);
        CHECK(rejected[run.policy] == run.rejections);
    }
}

TEST_CASE("bench: one of the files may be standard output, instead of the tables") {
    scripted_server server({std::vector<turn>(1, turn{chat_answer("ok")}),
                            std::vector<turn>(1, turn{chat_answer("ok")}),
                            std::vector<turn>(1, turn{chat_answer("ok")})});
    const auto json = run(bench(server.base_url(), {"--requests", "1", "--json", "-"}));
    CHECK(json.code == 0);
    CHECK(parse_results(json.out).runs.at(0).succeeded == 1);
    const auto csv = run(bench(server.base_url(), {"--requests", "1", "--csv", "-"}));
    CHECK(csv.code == 0);
    CHECK(lines_of(csv.out).size() == 2);
    CHECK(csv.out.starts_with("policy,request,"));
    const auto html = run(bench(server.base_url(), {"--requests", "1", "--html", "-"}));
    CHECK(html.code == 0);
    CHECK(html.out.starts_with("<!DOCTYPE html>"));
    CHECK_FALSE(std::ifstream("-").good());
}

TEST_CASE("bench: what one output cannot take is not lost to the others") {
    const temporary_folder folder;
    const throttled_server server(roomy, quick);
    const auto setup = [&](const std::string& json) {
        return bench(server.base_url(), {"--requests", "5", "--json", json, "--html", folder.path("html"),
                                         "--csv", folder.path("csv")});
    };
    SUBCASE("no tables") {
        auto no_tables = setup(folder.path("json"));
        no_tables.output_file = "/dev/full";
        const auto got = run(no_tables);
        CHECK(got.code == 3);
        CHECK(got.err == "stagger: standard output: No space left on device\n");
        CHECK(parse_results(folder.read("json")).runs.at(0).succeeded == 5);
    }
    SUBCASE("no results file") {
        const auto got = run(setup("/dev/full"));
        CHECK(got.code == 3);
        CHECK(got.err == "stagger: /dev/full: No space left on device\n");
        CHECK(got.out.find("coordinated") != std::string::npos);
    }
    CHECK(folder.read("html").ends_with("</html>\n"));
    CHECK(lines_of(folder.read("csv")).size() == 6);
}

TEST_CASE("bench: a list of requests that cannot be written in the middle does not end the measurement") {
    const temporary_folder folder;
    const throttled_server server(roomy, R"({"kind":"constant","mean_s":0})");
    // More than is held back to be written together.
    const auto got = run(bench(server.base_url(), {"--requests", "5000", "--concurrency", "100", "--csv",
                                                   "/dev/full", "--json", folder.path("json")}));
    CHECK(got.code == 3);
    CHECK(got.err ==
          "stagger: /dev/full: No space left on device: the list of requests is cut off, the figures are "
          "not\n");
    CHECK(got.out.find("coordinated") != std::string::npos);
    const auto results = parse_results(folder.read("json"));
    CHECK(results.runs.at(0).succeeded == 5000);
    CHECK_FALSE(results.runs.at(0).interrupted);
}

TEST_CASE("bench: it ends when whoever reads its list of requests goes away") {
    const throttled_server server(roomy, R"({"kind":"constant","mean_s":0})");
    child started(bench(server.base_url(), {"--requests", "1000000000", "--csv", "-"}));
    started.await_output("policy,request,");
    started.close_output();
    const auto got = started.wait();
    CHECK(got.code == 3);
    CHECK(got.err.find("standard output: Broken pipe: the list of requests is cut off") != std::string::npos);
}

TEST_CASE("bench: an open loop of streams tells of its schedule, its tokens and its service level") {
    const temporary_folder folder;
    const throttled_server server(roomy, quick);
    const auto got = run(bench(server.base_url(),
                               {"--policy", "none", "--load", "poisson", "--rate", "200", "--requests", "30",
                                "--stream", "--slo", "ttft=1h,e2e=1h", "--json", folder.path("json")}));
    CHECK(got.code == 0);
    CHECK(got.out.find("achieved/s") != std::string::npos);
    CHECK(got.out.find("first token") != std::string::npos);
    CHECK(got.out.find("between tokens") != std::string::npos);
    CHECK(schema_violations_of(folder.read("json")) == words{});
    const auto results = parse_results(folder.read("json"));
    CHECK(results.load.kind == "poisson");
    CHECK(results.load.stream);
    const auto& found = results.runs.at(0);
    CHECK(found.succeeded == 30);
    REQUIRE(found.schedule);
    CHECK(found.latency_ms.at("first_token").count == 30);
    CHECK(found.slo_goodput_per_s == found.goodput_per_s);
    CHECK(found.completion_tokens > 0);
}

TEST_CASE("bench: an open loop counts from its schedule, however late the requests are sent") {
    const temporary_folder folder;
    const throttled_server server(roomy, R"({"kind":"constant","mean_s":0.005})");
    const auto got =
        run(bench(server.base_url(), {"--rate", "1000", "--requests", "100", "--max-concurrency", "1",
                                      "--json", folder.path("json"), "--csv", folder.path("csv")}));
    REQUIRE(got.code == 0);
    const auto lines = lines_of(folder.read("csv"));
    REQUIRE(lines.size() == 101);
    std::vector<double> totals_ms;
    for (std::size_t each = 1; each < lines.size(); ++each) {
        auto row = named_fields(lines.front(), lines[each]);
        CHECK(std::stod(row["scheduled_s"]) == doctest::Approx(std::stod(row["request"]) / 1000));
        totals_ms.push_back(std::stod(row["total_ms"]));
    }
    std::sort(totals_ms.begin(), totals_ms.end());
    const auto results = parse_results(folder.read("json"));
    const auto& total = results.runs.at(0).latency_ms.at("total");
    // One after the other takes 5 ms each at least, and a request is due every millisecond: the k-th, from 0,
    // took 5 * (k + 1) - k ms.
    CHECK(totals_ms.at(49) >= 201);
    CHECK(totals_ms.at(98) >= 397);
    CHECK(total.p50 == doctest::Approx(totals_ms.at(49)).epsilon(0.01));
    CHECK(total.p90 == doctest::Approx(totals_ms.at(89)).epsilon(0.01));
    CHECK(total.p99 == doctest::Approx(totals_ms.at(98)).epsilon(0.01));
    CHECK(total.max == doctest::Approx(totals_ms.back()).epsilon(1e-4));
}

TEST_CASE("bench: every policy meets the same requests in the same order") {
    const std::vector<turn> script(10, turn{chat_answer("ok")});
    scripted_server server({script, script});
    const auto got = run(bench(server.base_url(),
                               {"--policy", "none,full-jitter", "--requests", "10", "--concurrency", "1",
                                "--rest", "0", "--prompt-tokens", "lognormal:20:0.5", "--max-tokens", "7"}));
    CHECK(got.code == 0);
    const auto bodies = bodies_of(server.requests());
    REQUIRE(bodies.size() == 20);
    CHECK(std::equal(bodies.begin(), bodies.begin() + 10, bodies.begin() + 10));
    CHECK(bodies[0] != bodies[1]);
    CHECK(bodies[0].find("\"max_tokens\":7") != std::string::npos);
}

TEST_CASE("bench: a prompt file is begun again where it is shorter than the load") {
    const temporary_folder folder;
    scripted_server server({std::vector<turn>(5, turn{chat_answer("ok")})});
    const auto prompts = folder.write("prompts", "first\nsecond\n");
    const auto got =
        run(bench(server.base_url(), {"--requests", "5", "--concurrency", "1", "--prompts", prompts,
                                      "--policy", "none", "--json", folder.path("json")}));
    CHECK(got.code == 0);
    const auto bodies = bodies_of(server.requests());
    REQUIRE(bodies.size() == 5);
    for (std::size_t each = 0; each < 5; ++each)
        CHECK(bodies[each].find(each % 2 == 0 ? "first" : "second") != std::string::npos);
    CHECK(parse_results(folder.read("json")).load.prompts == prompts);
}

TEST_CASE("bench: failures are a measurement, and the exit code is 0") {
    const temporary_folder folder;
    const std::string wrong = answer(400, R"({"error":{"message":"no"}})");
    scripted_server server({std::vector<turn>{{chat_answer("ok")}, {wrong}, {chat_answer("ok")}}});
    const auto got = run(bench(server.base_url(), {"--requests", "3", "--concurrency", "1", "--json",
                                                   folder.path("json"), "--csv", folder.path("csv")}));
    CHECK(got.code == 0);
    const auto found = parse_results(folder.read("json")).runs.at(0);
    CHECK(found.failures == std::map<std::string, std::uint64_t>{{"bad_request", 1}});
    CHECK(lines_of(folder.read("csv")).at(2).find(",400,bad_request,") != std::string::npos);
}

TEST_CASE("bench: cutting off more than the run says that nothing was measured") {
    const throttled_server server(roomy, quick);
    const auto got = run(bench(server.base_url(), {"--requests", "5", "--warm-up", "1h"}));
    CHECK(got.code == 0);
    CHECK(got.err.find("coordinated: nothing was measured") != std::string::npos);
    CHECK(got.out.find("latency") == std::string::npos);  // a table of titles alone
}

TEST_CASE("bench: secrets of the command line are not in the results") {
    const temporary_folder folder;
    scripted_server server({{{chat_answer("ok")}}});
    const auto got = run(bench(server.base_url(), {"--requests", "1", "--header", "X-Api-Key: sk-very-secret",
                                                   "--json", folder.path("json")}));
    CHECK(got.code == 0);
    CHECK(folder.read("json").find("sk-very-secret") == std::string::npos);
    CHECK(folder.read("json").find("X-Api-Key: [key]") != std::string::npos);
}

TEST_CASE("bench: an endpoint that refuses the key ends it with 4") {
    scripted_server server({std::vector<turn>(100, turn{answer(401, R"({"error":{"message":"who?"}})")})});
    const auto got = run(bench(server.base_url(), {"--load", "constant", "--rate", "1", "--duration", "1h",
                                                   "--policy", "none,tenacity"}));
    CHECK(got.code == 4);
    CHECK(got.err.find("cannot use " + server.base_url()) != std::string::npos);
    CHECK(got.out.empty());
}

TEST_CASE("bench: a key that is refused ends it with 4, however short the run is") {
    const turn refused{answer(401, R"({"error":{"message":"who?"}})")};
    scripted_server server({std::vector<turn>(2, refused)});
    const auto got =
        run(bench(server.base_url(), {"--requests", "2", "--concurrency", "1", "--policy", "none"}));
    CHECK(got.code == 4);
    CHECK(got.err.find("cannot use " + server.base_url()) != std::string::npos);
    CHECK(got.err.find("who?") != std::string::npos);
    CHECK(got.err.find("no API key was sent") != std::string::npos);
    CHECK(got.out.empty());
}

TEST_CASE("bench: a load of which nothing was answered is no measurement, however short it is") {
    const auto got = run(bench(nowhere, {"--requests", "3", "--policy", "none", "--max-attempts", "2"}));
    CHECK(got.code == 4);
    CHECK(got.err.find("cannot use " + nowhere + ": nothing was answered") != std::string::npos);
    CHECK(got.out.empty());
}

TEST_CASE("bench: an endpoint that is lost with the second policy leaves the figures of the first") {
    const temporary_folder folder;
    const turn refused{answer(401, R"({"error":{"message":"who?"}})")};
    scripted_server server({std::vector<turn>(3, turn{chat_answer("ok")}), std::vector<turn>(3, refused)});
    const auto got =
        run(bench(server.base_url(), {"--requests", "3", "--concurrency", "1", "--policy", "none,tenacity",
                                      "--rest", "0", "--json", folder.path("json")}));
    CHECK(got.code == 4);
    CHECK(got.err.find("cannot use " + server.base_url()) != std::string::npos);
    CHECK(got.out.find("\nnone ") != std::string::npos);
    CHECK(got.out.find("unauthorized") != std::string::npos);  // why the second one's failed
    const auto runs = parse_results(folder.read("json")).runs;
    REQUIRE(runs.size() == 2);
    CHECK(runs[0].succeeded == 3);
    CHECK(runs[1].succeeded == 0);
}

TEST_CASE("bench: interrupted, it keeps the figures of what was measured") {
    const temporary_folder folder;
    silent_server server;
    child started(bench(server.base_url(), {"--requests", "5", "--concurrency", "1", "--policy",
                                            "coordinated,none", "--json", folder.path("json")}));
    server.await_request();
    started.signal(SIGINT);
    const auto got = started.wait();
    CHECK(got.code == 130);
    CHECK(got.err.find("interrupted") != std::string::npos);
    CHECK(got.err.find("; not begun: none\n") != std::string::npos);
    const auto results = parse_results(folder.read("json"));
    REQUIRE(results.runs.size() == 1);
    CHECK(results.runs[0].requests == 0);
    CHECK(results.runs[0].attempts == 0);
    CHECK(results.runs[0].interrupted);
    CHECK(got.out.find("coordinated (interrupted)") != std::string::npos);
    CHECK(schema_violations_of(folder.read("json")) == words{});
}

TEST_CASE("bench: every wrong option is refused in one line that names the rule") {
    const temporary_folder folder;
    const auto prompts = folder.write("prompts", "one\n");
    const auto empty = folder.write("empty", "\n");
    const auto broken = folder.write("broken.jsonl", "{\"prompt\":\"a\"}\n{\n");
    struct refusal {
        words options;
        int code;
        std::string message;
    };
    const std::vector<refusal> refusals{
        {{"--load", "wild"}, 2, "--load: must be closed, constant, poisson, burst or ramp, is \"wild\""},
        {{"--load", "constant"}, 2, "--load constant: needs --rate"},
        {{"--load", "ramp", "--rate", "5"}, 2, "--load ramp: needs --ramp-to"},
        {{"--load", "ramp", "--rate", "0", "--ramp-to", "0"}, 2, "--ramp-to: must be a number"},
        {{"--load", "burst", "--rate", "5"}, 2, "--load burst: needs --burst"},
        {{"--rate", "0"},
         2,
         "--rate: must be a number of requests a second, above 0 and up to 1000000, is 0"},
        {{"--rate", "nan"}, 2, "--rate: must be a number of requests a second, above 0"},
        {{"--rate", "many"}, 2, "--rate: must be a number, is \"many\""},
        {{"--load", "ramp", "--rate", "5", "--ramp-to", "x"}, 2, "--ramp-to: must be a number, is \"x\""},
        {{"--load", "ramp", "--rate", "5", "--ramp-to", "-1"}, 2, "from 0 and up to 1000000, is -1"},
        {{"--rate", "-1"}, 2, "--rate"},
        {{"--load", "closed", "--rate", "5"}, 2, "--rate: does not go with --load closed"},
        {{"--rate", "5", "--concurrency", "2"}, 2, "--concurrency: does not go with --load constant"},
        {{"--rate", "5", "--ramp-to", "2"}, 2, "--ramp-to: does not go with --load constant"},
        {{"--burst", "5"}, 2, "--burst: does not go with --load closed"},
        {{"--concurrency", "0"}, 2, "--concurrency: must be a whole number from 1"},
        {{"--requests", "0"}, 2, "--requests: must be a whole number from 1"},
        {{"--duration", "0"}, 2, "--duration: must be longer than 0"},
        {{"--duration", "5"}, 2, "--duration: must read like"},
        {{"--duration", "5s", "--warm-up", "3s", "--cool-down", "2s"},
         2,
         "--duration: must be longer than --warm-up and --cool-down together, 5 s, is 5 s"},
        {{"--rest", "-1s"}, 2, "--rest: must read like"},
        {{"--prompt-tokens", "many"}, 2, "--prompt-tokens: must read like 200, 50-400"},
        {{"--slo", "fast"}, 2, "--slo: must be times with a unit, like ttft=500ms,e2e=10s, is \"fast\""},
        {{"--slo", "e2e=5"}, 2, "--slo: must be times with a unit, like ttft=500ms,e2e=10s, is \"e2e=5\""},
        {{"--slo", "ttft=1s"}, 2, "--slo: ttft needs --stream"},
        {{"--policy", "coordinated,panic"}, 2, "--policy: \"panic\" is none of coordinated"},
        {{"--policy", ","}, 2, "--policy: "},
        {{"--policy", "none", "tenacity"}, 2, "\"tenacity\" was not expected"},
        {{"--base-url", "ftp://x"}, 2, "ftp://x"},
        {{"--header", "nothing"}, 2, "--header: must read \"Name: value\""},
        {{"--json", "-", "--csv", "-"}, 2, "--csv: must be a file of its own, is \"-\" as --json is"},
        {{"--policy", "fixed-rate"}, 2, "--policy fixed-rate: needs --rpm"},
        {{"--progress", "bars"}, 2, "--progress: must be auto, line, jsonl, heartbeat or off"},
        {{"--prompts", folder.path("nothing")}, 3, "nothing: No such file"},
        {{"--prompts", empty}, 2, "holds no prompt"},
        {{"--prompts", broken}, 2, "broken.jsonl:2: "},
        {{"--json", folder.path("no/such/folder")}, 3, "no/such/folder: No such file"},
        {{"--csv", folder.path("no/such/folder")}, 3, "no/such/folder: No such file"},
        {{"--prompts", prompts, "--csv", prompts}, 2, "--csv: cannot go into"},
        {{"--json", folder.path("same"), "--csv", folder.path("same")}, 2, "--csv: cannot go into"},
        {{"--no-remember"}, 2, "--no-remember"},
        {{"--summary", folder.path("summary")}, 2, "--summary"},
    };
    for (const auto& each : refusals) {
        CAPTURE(each.message);
        const auto got = run(bench(nowhere, each.options));
        CAPTURE(got.err);
        CHECK(got.code == each.code);
        CHECK(got.out.empty());
        CHECK(got.err.starts_with("stagger: "));
        CHECK(got.err.find('\n') == got.err.size() - 1);
        CHECK(got.err.find(each.message) != std::string::npos);
    }
    CHECK(folder.read("prompts") == "one\n");
}
