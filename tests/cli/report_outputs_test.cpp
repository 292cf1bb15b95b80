#include <doctest/doctest.h>
#include <signal.h>

#include <boost/json/parse.hpp>

#include "cli/batch_command.hpp"
#include "cli/servers.hpp"

namespace {

const std::string small_bucket = R"([{"kind":"token_bucket","rate_per_s":100,"burst":10}])";
const std::string quick = R"({"kind":"constant","mean_s":0.01})";

/// The results that a page carries, of its only document.
boost::json::object results_in(const std::string& page) {
    const std::string begin = R"(<script type="application/json" id="results">)";
    const auto from = page.find(begin);
    REQUIRE(from != std::string::npos);
    const auto to = page.find("</script>", from);
    const auto carried = boost::json::parse(page.substr(from + begin.size(), to - from - begin.size()));
    REQUIRE(carried.at("documents").as_array().size() == 1);
    return carried.at("documents").at(0).as_object();
}

}  // namespace

TEST_CASE("batch --report: a page with the figures that --summary has") {
    const temporary_folder folder;
    const throttled_server server(small_bucket, quick);
    const auto got =
        run(batch(server.base_url(), folder.write("prompts.txt", numbered_prompts(40)), folder.path("out"),
                  {"--report", folder.path("page.html"), "--summary", folder.path("summary"), "--policy",
                   "full-jitter", "--header", "X-Api-Key: very-secret"}));
    CHECK(got.code == 0);
    const std::string page = folder.read("page.html");
    CHECK(page.find("very-secret") == std::string::npos);
    const auto results = results_in(page);
    CHECK(results.at("endpoint") == boost::json::string(server.base_url()));
    CHECK(results.at("load").at("kind") == "batch");
    CHECK(results.at("load").at("prompts") == boost::json::string(folder.path("prompts.txt")));
    const auto& measured = results.at("runs").at(0);
    const auto summary = boost::json::parse(folder.read("summary"));
    CHECK(measured.at("policy") == "full-jitter");
    for (const auto& [ours, theirs] :
         {std::pair("succeeded", "succeeded"), std::pair("failed", "failed"),
          std::pair("attempts", "attempts"), std::pair("rejections", "rejected"),
          std::pair("prompt_tokens", "prompt_tokens"), std::pair("completion_tokens", "completion_tokens")}) {
        CHECK(measured.at(ours).to_number<int>() == summary.at(theirs).to_number<int>());
    }
    CHECK(measured.at("rejections").to_number<int>() > 0);
    // The server is asked for 40 at once and admits ten: some of them come again, which the timeline has,
    // too.
    CHECK(measured.at("latency_ms").at("total").at("count") == 40);
    // The server takes ten milliseconds.
    CHECK(measured.at("latency_ms").at("service").at("min").to_number<double>() >= 10);
    int attempts = 0;
    int successes = 0;
    for (const auto& row : measured.at("timeline").at("rows").as_array()) {
        attempts += row.at("attempts").to_number<int>();
        successes += row.at("successes").to_number<int>();
    }
    CHECK(attempts == measured.at("attempts").to_number<int>());
    CHECK(successes == 40);
}

TEST_CASE("batch --report: a page with what the answers cost, and how many were cut off") {
    using namespace stagger::test;
    const auto body =
        R"({"choices":[{"message":{"content":"cut"},"finish_reason":"length"}],"usage":{"prompt_tokens":3,"completion_tokens":2}})";
    scripted_server server({{turn{answer(200, body)}}});
    const temporary_folder folder;
    const auto prices =
        folder.write("prices.json", R"({"m":{"input_cost_per_token":1,"output_cost_per_token":2}})");
    const auto got = run(batch(server.base_url(), folder.write("list.txt", "one\n"), folder.path("out"),
                               {"--report", folder.path("page.html"), "--prices", prices}));
    CHECK_MESSAGE(got.code == 0, got.err);
    const std::string page = folder.read("page.html");
    CHECK(page.find("<div><dt>cost</dt><dd>7</dd></div>") != std::string::npos);
    CHECK(page.find("<div><dt>cut off</dt><dd>1</dd></div>") != std::string::npos);
    CHECK(page.find("<div><dt>refused by the model</dt><dd>0</dd></div>") != std::string::npos);
    CHECK(page.find("1 answer was cut off at its greatest length.") != std::string::npos);
    const auto row = [](const std::string& title, const std::string& value) {
        return "<th scope=\"row\">" + title + "</th><td class=\"number\" data-value=\"" + value + "\">" +
               value + "</td>";
    };
    for (const auto& each : {row("cost", "7"), row("answers without a price", "0"),
                             row("answers cut off", "1"), row("answers refused by the model", "0")})
        CHECK_MESSAGE(page.find(each) != std::string::npos, each);
}

TEST_CASE("batch --report: prompts that became no request are failures there, too") {
    const temporary_folder folder;
    const throttled_server server(small_bucket, quick);
    const auto got =
        run(batch(server.base_url(), folder.write("prompts.jsonl", "{\"prompt\":\"a\"}\n{\"prompt\":\n"),
                  folder.path("out"), {"--report", folder.path("page.html")}));
    CHECK(got.code == 1);
    const auto measured = results_in(folder.read("page.html")).at("runs").at(0);
    CHECK(measured.at("requests") == 2);
    CHECK(measured.at("failed") == 1);
    CHECK(measured.at("latency_ms").at("total").at("count") == 1);
}

TEST_CASE("batch --report: an interrupted run has a page of what was done") {
    const temporary_folder folder;
    silent_server server;
    child started(batch(server.base_url(), folder.write("prompts.txt", numbered_prompts(3)),
                        folder.path("out"),
                        {"--report", folder.path("page.html"), "--max-concurrency", "1"}));
    server.await_request();
    started.signal(SIGINT);
    started.await_error("once more stops at once");
    started.signal(SIGINT);
    CHECK(started.wait().code == 130);
    const auto measured = results_in(folder.read("page.html")).at("runs").at(0);
    CHECK(measured.at("requests") == 0);
    CHECK(measured.at("goodput_per_s") == 0);
}

TEST_CASE(
    "batch --report: does not go into the prompts or the results, and says where it cannot be written") {
    const temporary_folder folder;
    const auto prompts = folder.write("prompts.txt", "one\n");
    const auto refused = [&](const std::string& page) {
        return run(batch("http://127.0.0.1:1/v1", prompts, folder.write("out", ""), {"--report", page}));
    };
    CHECK(refused(prompts).code == 2);
    CHECK(refused(prompts).err.find("--report: cannot go into " + prompts) != std::string::npos);
    CHECK(refused(folder.path("out")).code == 2);
    CHECK(folder.read("prompts.txt") == "one\n");
    const auto fresh = folder.path("fresh");
    const auto twice = run(batch("http://127.0.0.1:1/v1", prompts, fresh, {"--report", fresh}));
    CHECK(twice.code == 2);
    CHECK(twice.err.find("--report: cannot go into " + fresh) != std::string::npos);
    const auto summary =
        run(batch("http://127.0.0.1:1/v1", prompts, folder.path("out"), {"--summary", folder.path("out")}));
    CHECK(summary.code == 2);
    CHECK(summary.err.find("--summary: cannot go into " + folder.path("out")) != std::string::npos);
    const auto nowhere = refused(folder.path("absent/page.html"));
    CHECK(nowhere.code == 3);
    CHECK(nowhere.err.find("absent/page.html: No such file") != std::string::npos);
}

TEST_CASE("bench --html: the page carries what --json has") {
    const temporary_folder folder;
    const throttled_server server(small_bucket, quick);
    const auto got = run({STAGGER_COMMAND,
                          {"bench", "--base-url", server.base_url(), "--model", "m", "--policy",
                           "coordinated,full-jitter", "--requests", "20", "--rest", "0", "--json",
                           folder.path("json"), "--html", folder.path("page.html")}});
    CHECK(got.code == 0);
    CHECK(results_in(folder.read("page.html")) == boost::json::parse(folder.read("json")));
}

TEST_CASE("batch: what one output cannot take is not lost to the others") {
    const temporary_folder folder;
    const throttled_server server(small_bucket, quick);
    const auto got = run(batch(server.base_url(), folder.write("prompts.txt", "one\n"), folder.path("out"),
                               {"--summary", "/dev/full", "--report", folder.path("page.html"),
                                "--decision-log", folder.path("decisions")}));
    CHECK(got.code == 3);
    CHECK(got.err.find("stagger: /dev/full: No space left on device\n") != std::string::npos);
    CHECK(results_in(folder.read("page.html")).at("runs").at(0).at("succeeded") == 1);
    const auto replayed = run({STAGGER_COMMAND, {"replay", folder.path("decisions")}});
    CHECK(replayed.code == 0);
}

TEST_CASE("batch: one of the files may be standard output") {
    const temporary_folder folder;
    const throttled_server server(small_bucket, quick);
    const auto prompts = folder.write("prompts.txt", "one\n");
    const auto got = [&](const std::string& results, const std::vector<std::string>& options) {
        return run(batch(server.base_url(), prompts, results, options));
    };
    const auto summary = got(folder.path("first"), {"--summary", "-"});
    CHECK(summary.code == 0);
    CHECK(boost::json::parse(summary.out).at("succeeded") == 1);
    const auto page = got(folder.path("second"), {"--report", "-"});
    CHECK(page.code == 0);
    CHECK(results_in(page.out).at("runs").at(0).at("succeeded") == 1);
    const auto decisions = got(folder.path("third"), {"--decision-log", "-"});
    CHECK(decisions.code == 0);
    child_setup replay{STAGGER_COMMAND, {"replay", folder.write("decisions", decisions.out)}};
    CHECK(run(replay).code == 0);
    const auto twice = got("-", {"--summary", "-"});
    CHECK(twice.code == 2);
    CHECK(twice.out.empty());
    CHECK(twice.err == "stagger: --summary: must be a file of its own, is \"-\" as --output is\n");
    const auto answer =
        run({STAGGER_COMMAND, {"complete", "Hi", "--base-url", server.base_url(), "--summary", "-"}});
    CHECK(answer.code == 2);
    CHECK(answer.err.find("--summary: must be a file of its own, is \"-\" as the answer is") !=
          std::string::npos);
}

TEST_CASE("batch: what is in the file behind standard output stays") {
    const temporary_folder folder;
    const throttled_server server(small_bucket, quick);
    const auto behind = folder.write("behind", "before\n");
    const auto prompts = folder.write("prompts.txt", "one\n");
    const std::string append = R"("$@" >>)" + behind;
    auto setup = batch(server.base_url(), prompts, folder.path("out"), {"--summary", "-"});
    setup.arguments.insert(setup.arguments.begin(), {"-c", append, "sh", setup.program});
    setup.program = "/bin/sh";
    CHECK(run(setup).code == 0);
    CHECK(folder.read("behind").starts_with("before\n{\"succeeded\":1,"));
}
