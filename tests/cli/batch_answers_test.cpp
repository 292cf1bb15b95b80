// Answers that are checked, copied and kept, over the throttled server.

#include <doctest/doctest.h>

#include <signal.h>

#include <chrono>
#include <filesystem>
#include <thread>

#include "base/date.hpp"
#include "cli/asked_prompts.hpp"
#include "cli/batch_command.hpp"
#include "cli/child.hpp"
#include "cli/result_lines.hpp"
#include "cli/servers.hpp"
#include "sending/limits_file.hpp"

namespace {

const std::string no_limits = R"([{"kind":"concurrency","max":1000}])";
const std::string a_moment = R"({"kind":"constant","mean_s":0.02})";

struct fixture {
    temporary_folder folder;
    throttled_server server{no_limits, a_moment, "", {"--request-log", folder.path("log")}};

    child_setup command(const std::string& text, const std::vector<std::string>& options,
                        const std::string& results = "out") const {
        return batch(server.base_url(), folder.write("list.txt", text), folder.path(results), options);
    }
    outcome batch_of(const std::string& text, const std::vector<std::string>& options,
                     const std::string& results = "out") const {
        return run(command(text, options, results));
    }
    std::size_t sent() const { return server.stat("accepted"); }
};

/// Four of ten lines say what another one says.
std::string with_duplicates(int lines) {
    std::string text;
    for (int number = 0; number < lines; ++number) {
        const int said = number % 10 < 6 ? number : number - number % 10 + (number % 10 - 6);
        text += "question " + std::to_string(said) + "\n";
    }
    return text;
}

bool says(const outcome& got, const std::string& text) {
    return got.err.find(text) != std::string::npos;
}

}  // namespace

TEST_CASE("--dedupe: of a list with 40 % duplicates 60 % are sent, and each row has its line") {
    fixture all;
    const auto got =
        all.batch_of(with_duplicates(500), {"--dedupe", "--summary", all.folder.path("summary")});
    CHECK_MESSAGE(got.code == 0, got.err);
    CHECK(all.sent() == 300);
    CHECK(says(got, "copied: 200 that this run had asked, 0 from the cache; "));
    CHECK(ids_of(all.folder.read("out")) == line_ids(1, 500));
    std::size_t copies = 0;
    for (const auto& line : lines_of(all.folder.read("out"))) {
        const auto& ours = line.at("stagger").as_object();
        copies += ours.contains("copy") ? 1 : 0;
        CHECK((ours.at("attempts").as_int64() == 0) == ours.contains("copy"));
    }
    CHECK(copies == 200);
    const auto summary = boost::json::parse(all.folder.read("summary"));
    CHECK(summary.at("duplicates").as_int64() == 200);
    CHECK(summary.at("attempts").as_int64() == 300);
}

TEST_CASE("without it each row is asked") {
    fixture all;
    CHECK(all.batch_of("one\none\none\n", {}).code == 0);
    CHECK(all.sent() == 3);
}

TEST_CASE("--cache: the same list again sends nothing, nor do its questions in another file") {
    fixture all;
    const auto cache = all.folder.path("cache");
    CHECK(all.batch_of(with_duplicates(100), {"--cache", cache}).code == 0);
    CHECK(all.sent() == 60);
    auto got = all.batch_of(with_duplicates(100), {"--cache", cache, "--overwrite"});
    CHECK(got.code == 0);
    CHECK(all.sent() == 60);
    CHECK(says(got, "copied: 0 that this run had asked, 100 from the cache"));
    got = all.batch_of("question 3\nnew\n", {"--cache", cache}, "other");
    CHECK(all.sent() == 61);
    // Other parameters ask something else.
    got = all.batch_of("question 3\n", {"--cache", cache, "--temperature", "0.5"}, "warmer");
    CHECK(all.sent() == 62);
}

TEST_CASE("two processes use one cache at once") {
    fixture all;
    const auto cache = all.folder.path("cache");
    child one(all.command(numbered_prompts(300), {"--cache", cache}, "a"));
    child two(all.command(numbered_prompts(300), {"--cache", cache}, "b"));
    CHECK(one.wait().code == 0);
    CHECK(two.wait().code == 0);
    CHECK(ids_of(all.folder.read("a")) == line_ids(1, 300));
    CHECK(ids_of(all.folder.read("b")) == line_ids(1, 300));
    const auto sent = all.sent();
    CHECK(sent >= 300);
    CHECK(all.batch_of(numbered_prompts(300), {"--cache", cache}, "c").code == 0);
    CHECK(all.sent() == sent);
}

TEST_CASE("what is no cache is refused before anything is sent") {
    fixture all;
    const auto text = all.folder.write("text", std::string(4096, 'x'));
    CHECK(all.batch_of("one\n", {"--cache", text}).code == 3);
    CHECK(all.batch_of("one\n", {"--cache", all.folder.path("out")}).code == 2);
    CHECK(all.sent() == 0);
}

TEST_CASE("--expect json: what is none is asked again, and fails in the end; --retry-failed asks once more") {
    fixture all;
    const std::string list = "say exactly: {\"a\":1}\nwhy?\n";
    auto got = all.batch_of(list, {"--expect", "json", "--expect-retries", "1"});
    CHECK(got.code == 1);
    CHECK(says(got, "list.txt:2: it is not one JSON value"));
    CHECK(says(got, "answers that were not as expected, and asked for again: 1"));
    CHECK(says(got, "failed: 1 x answer is not as expected"));
    CHECK(all.sent() == 3);
    for (const auto& line : lines_of(all.folder.read("out"))) {
        const bool failed = line.at("custom_id") == boost::json::value("line-2");
        CHECK(line.at("error").is_null() != failed);
        if (!failed) continue;
        CHECK(line.at("error").at("code") == boost::json::value("answer_not_as_expected"));
        CHECK(line.at("response").at("status_code") == boost::json::value(200));
        const auto& ours = line.at("stagger").as_object();
        CHECK(ours.at("attempts") == boost::json::value(2));
        CHECK(ours.at("tries").as_array().size() == 1);
        CHECK(ours.at("completion_tokens").as_int64() >
              line.at("response").at("body").at("usage").at("completion_tokens").as_int64());
    }
    got = all.batch_of(list, {"--expect", "json", "--expect-retries", "1", "--retry-failed"});
    CHECK(got.code == 1);
    CHECK(all.sent() == 5);
    got = all.batch_of(list, {});
    CHECK(got.code == 2);
    CHECK(says(got, "was asked with another"));
}

TEST_CASE(
    "--schema is sent, and answers are held against it; the fitting ones are joined back with their types") {
    fixture all;
    const auto schema = all.folder.write(
        "schema.json",
        R"({"type":"object","required":["label"],"properties":{"label":{"type":"string"},"score":{"type":"number"}}})");
    const auto got =
        all.batch_of("say exactly: {\"label\":\"spam\",\"score\":0.5}\nsay exactly: {\"label\":7}\n",
                     {"--schema", schema, "--expect-retries", "0"});
    CHECK(got.code == 1);
    CHECK(says(got, "list.txt:2: it does not fit the schema: "));
    const auto joined = run({STAGGER_COMMAND,
                             {"export", all.folder.path("out"), "--join", all.folder.path("list.txt"), "--as",
                              "jsonl", "-o", "-", "--answer-columns"}});
    const auto rows = lines_of(joined.out);
    REQUIRE(rows.size() == 2);
    CHECK(rows[0].at("label") == boost::json::value("spam"));
    CHECK(rows[0].at("score") == boost::json::value(0.5));
    CHECK(rows[1].at("status") == boost::json::value("failed"));
}

TEST_CASE("wrong expectations are refused") {
    fixture all;
    const auto broken = all.folder.write("schema.json", "{\"type\":\"nonsense\"}");
    for (const auto& [options, message] : std::vector<std::pair<std::vector<std::string>, std::string>>{
             {{"--expect", "xml"}, "--expect: must be json, is \"xml\""},
             {{"--expect-retries", "1"}, "--expect-retries: needs --expect or --schema"},
             {{"--schema", broken}, "is no JSON Schema that can be used"}}) {
        const auto got = all.batch_of("one\n", options);
        CHECK(got.code == 2);
        CHECK_MESSAGE(says(got, message), got.err);
    }
    CHECK(all.sent() == 0);
}

TEST_CASE("truncated answers are counted, and failures where that is asked for") {
    using namespace stagger::test;
    const auto body =
        R"({"choices":[{"message":{"content":"cut"},"finish_reason":"length"}],"usage":{"prompt_tokens":1,"completion_tokens":1}})";
    for (const bool fail : {false, true}) {
        scripted_server server({{turn{answer(200, body)}}});
        const temporary_folder folder;
        std::vector<std::string> options{"--max-concurrency", "1"};
        if (fail) options.push_back("--fail-truncated");
        const auto got =
            run(batch(server.base_url(), folder.write("list.txt", "one\n"), folder.path("out"), options));
        CHECK(got.code == (fail ? 1 : 0));
        CHECK(says(got, "answers that were cut off at their greatest length: 1"));
    }
}

TEST_CASE("--prices: the cost of what was sent, copies left out, and of models that are listed") {
    fixture all;
    const auto prices =
        all.folder.write("prices.json", R"({"m":{"input_cost_per_token":1,"output_cost_per_token":0}})");
    auto got = all.batch_of("one\none\ntwo\n",
                            {"--prices", prices, "--dedupe", "--summary", all.folder.path("summary")});
    CHECK_MESSAGE(got.code == 0, got.err);
    auto summary = boost::json::parse(all.folder.read("summary")).as_object();
    CHECK(all.sent() == 2);
    CHECK(summary.at("cost").to_number<double>() == summary.at("prompt_tokens").to_number<double>());
    CHECK(summary.at("cost").to_number<double>() > 0);
    CHECK(summary.at("unpriced") == 0);
    CHECK(says(got, "\ncost "));

    got = all.batch_of("{\"prompt\":\"one\",\"model\":\"other\"}\n",
                       {"--prices", prices, "--format", "jsonl", "--summary", all.folder.path("summary")},
                       "out2");
    CHECK_MESSAGE(got.code == 0, got.err);
    summary = boost::json::parse(all.folder.read("summary")).as_object();
    CHECK(summary.at("cost") == 0);
    CHECK(summary.at("unpriced") == 1);
    CHECK(says(got, "cost 0 without 1 answer: the prices have no other\n"));
}

TEST_CASE("--prices: before anything is sent") {
    fixture all;
    const auto prices =
        all.folder.write("prices.json", R"({"m":{"input_cost_per_token":0.5,"output_cost_per_token":0.25}})");
    const std::string list =
        "{\"prompt\":\"one\"}\n{\"prompt\":\"two\"}\n{\"prompt\":\"three\",\"model\":\"other\"}\n";
    const std::vector<std::string> options{"--prices", prices, "--format", "jsonl", "--dry-run"};
    auto with_maximum = options;
    with_maximum.insert(with_maximum.end(), {"--max-tokens", "10"});
    auto got = all.batch_of(list, with_maximum);
    CHECK_MESSAGE(got.code == 0, got.err);
    CHECK(got.out.find(" for prompts, 5 for answers at most; 1 prompt of models without a price\n") !=
          std::string::npos);
    got = all.batch_of(list, options);
    CHECK(got.out.find("for answers without a maximum, if they have 256 tokens each;") != std::string::npos);
    got = all.batch_of(list, {"--format", "jsonl", "--dry-run"});
    CHECK(got.out.find("cost") == std::string::npos);
    CHECK(all.sent() == 0);
}

TEST_CASE("--max-cost ends the run, and the same command continues") {
    fixture all;
    const auto prices =
        all.folder.write("prices.json", R"({"m":{"input_cost_per_token":1,"output_cost_per_token":1}})");
    const auto list = numbered_prompts(20);
    auto got = all.batch_of(list, {"--prices", prices, "--max-cost", "1", "-j", "1"});
    CHECK(got.code == 5);
    CHECK(says(got, "stopped, the answers of this run cost "));
    CHECK(says(got, " and may cost 1: "));
    CHECK(says(got, " left; the same command continues"));
    CHECK(all.sent() < 20);
    CHECK(lines_of(all.folder.read("out")).size() == all.sent());
    got = all.batch_of(list, {"--prices", prices, "--max-cost", "1000000"});
    CHECK_MESSAGE(got.code == 0, got.err);
    CHECK(all.sent() == 20);
    CHECK(ids_of(all.folder.read("out")) == line_ids(1, 20));
}

// The day behind this one is not over while a test runs.
TEST_CASE("--max-cost-per-day counts what all runs of a day cost, and sends nothing once that is spent") {
    fixture all;
    const auto prices =
        all.folder.write("prices.json", R"({"m":{"input_cost_per_token":1,"output_cost_per_token":1}})");
    const auto tomorrow = std::chrono::floor<std::chrono::days>(app::current_date()) + std::chrono::days(1);
    const auto day = R"({"day":")" + stagger::wire::format_rfc3339(tomorrow).substr(0, 10) + R"(","cost":1)";
    const auto spending = all.folder.write("spending.json", day + "00}");
    const auto list = numbered_prompts(20);
    const auto with_budget = [&](const std::string& most) {
        return std::vector<std::string>{"--prices", prices, "--max-cost-per-day", most,
                                        "-j",       "1",    "--spending-file",    spending};
    };
    auto got = all.batch_of(list, with_budget("101"));
    CHECK(got.code == 5);
    CHECK(says(got, "stopped, the answers of this day (UTC) cost "));
    CHECK(says(got, " and may cost 101: "));
    const auto sent = all.sent();
    CHECK(sent >= 1);
    CHECK(sent < 20);
    CHECK(says(got, " left; the same command continues on another day (UTC)\n"));
    CHECK(all.folder.read("spending.json").find(day) == 0);
    got = all.batch_of(list, with_budget("101"));
    CHECK(got.code == 5);
    CHECK(says(got, "nothing was sent; the same command continues on another day (UTC)\n"));
    CHECK(all.sent() == sent);
    const auto results = all.folder.read("out");
    auto anew = with_budget("101");
    anew.push_back("--overwrite");
    CHECK(all.batch_of(list, anew).code == 5);
    CHECK(all.folder.read("out") == results);
    got = all.batch_of(list, with_budget("1000000"));
    CHECK_MESSAGE(got.code == 0, got.err);
    CHECK(all.sent() == 20);
    got = all.batch_of(list, with_budget("101"));
    CHECK_MESSAGE(got.code == 0, got.err);  // a list that is complete needs no budget
    CHECK(all.sent() == 20);
}

TEST_CASE("a spending file that is spoiled while answers are under way is told, whatever is left to send") {
    fixture all;
    const auto prices =
        all.folder.write("prices.json", R"({"m":{"input_cost_per_token":1,"output_cost_per_token":1}})");
    const auto spending = all.folder.path("spending.json");
    const auto spoiled = [&](int prompts) {
        all.server.signal(SIGSTOP);
        child batch(all.command(
            numbered_prompts(prompts),
            {"--prices", prices, "--max-cost-per-day", "1000000", "-j", "1", "--spending-file", spending}));
        // The results are opened behind the spending file.
        while (!std::filesystem::exists(all.folder.path("out"))) std::this_thread::yield();
        all.folder.write("spending.json", "spoiled");
        all.server.signal(SIGCONT);
        auto got = batch.wait();
        CHECK(got.code == 3);
        CHECK_MESSAGE(says(got, "spending.json: is no file of what a day has cost; "), got.err);
        CHECK(says(got, " that answers cost is not in it"));
        CHECK(all.folder.read("spending.json") == "spoiled");
        std::filesystem::remove(spending);
        return got;
    };
    SUBCASE("nothing is left") {
        const auto got = spoiled(1);
        CHECK(!says(got, "stopped, "));
        CHECK(all.sent() == 1);
    }
    SUBCASE("others are left") {
        const auto got = spoiled(20);
        CHECK(says(got, "stopped, "));
        CHECK(says(got, " left; the same command continues once the file is mended or removed\n"));
        CHECK(all.sent() < 20);
    }
}

TEST_CASE("wrong prices are refused before anything is sent") {
    fixture all;
    const auto refused = [&](const std::vector<std::string>& options, const std::string& message) {
        const auto got = all.batch_of("one\n", options);
        CAPTURE(got.err);
        CHECK(got.code == 2);
        CHECK(says(got, message));
    };
    const auto empty = all.folder.write("prices.json", "{}");
    refused({"--prices", empty}, "prices.json: no model in it has input_cost_per_token");
    refused({"--max-cost", "5"}, "--max-cost: needs --prices");
    refused({"--max-cost", "0", "--prices", empty}, "--max-cost: must be more than 0");
    refused({"--max-cost-per-day", "5"}, "--max-cost-per-day: needs --prices");
    refused({"--max-cost-per-day", "0", "--prices", empty}, "--max-cost-per-day: must be more than 0");
    refused({"--spending-file", "f"}, "--spending-file: needs --max-cost-per-day");
    CHECK(all.batch_of("one\n", {"--prices", all.folder.path("none")}).code == 3);
    CHECK(all.sent() == 0);
}
