#include <doctest/doctest.h>

#include <algorithm>
#include <boost/json/parse.hpp>
#include <set>
#include <sstream>

#include "cli/batch_command.hpp"
#include "cli/child.hpp"
#include "cli/result_lines.hpp"
#include "cli/servers.hpp"
#include "coordinator/send_policy.hpp"

using stagger::test::answer;
using stagger::test::chat_answer;
using stagger::test::turn;

namespace {

using words = std::vector<std::string>;

// Throttles soon, and answers soon.
const std::string small_bucket = R"([{"kind":"token_bucket","rate_per_s":100,"burst":10}])";
const std::string quick = R"({"kind":"constant","mean_s":0.02})";

}  // namespace

TEST_CASE("a list through a throttling server: every prompt answered exactly once") {
    const temporary_folder folder;
    const throttled_server server(small_bucket, quick);
    const auto got = run(batch(server.base_url(), folder.write("prompts", numbered_prompts(60)),
                               folder.path("out"), {"--summary", folder.path("summary")}));
    CHECK(got.code == 0);
    CHECK(got.out.empty());
    CHECK(got.err.find("60 answered, 0 failed") != std::string::npos);
    CHECK(got.err.find("attempts per success") != std::string::npos);
    CHECK(got.err.find("rejections per 100 successes") != std::string::npos);
    CHECK(ids_of(folder.read("out")) == line_ids(1, 60));
    CHECK(server.stat("accepted") == 60);
    const auto summary = boost::json::parse(folder.read("summary")).as_object();
    CHECK(summary.at("succeeded") == 60);
    CHECK(summary.at("failed") == 0);
    CHECK(summary.at("left") == 0);
    CHECK(summary.at("attempts").to_number<std::size_t>() == 60 + server.stat("rejected"));
    CHECK(summary.at("rejected").to_number<std::size_t>() == server.stat("rejected"));
    for (const auto* name : {"elapsed_s", "goodput_per_s", "waiting_s"})
        CHECK(summary.at(name).to_number<double>() > 0);
}

TEST_CASE("answers that are no JSON are asked for again, and the summary counts them") {
    const temporary_folder folder;
    const auto broken = stagger::test::answer(200, "<html>sorry</html>");
    scripted_server server({{{broken}, {stagger::test::chat_answer("ok")}}});
    const auto got = run(batch(server.base_url(), folder.write("prompts", numbered_prompts(1)),
                               folder.path("out"), {"--summary", folder.path("summary")}));
    CHECK(got.code == 0);
    CHECK(got.err.find("answers that were no JSON, or only a part of it: 1\n") != std::string::npos);
    const auto summary = boost::json::parse(folder.read("summary")).as_object();
    CHECK(summary.at("succeeded") == 1);
    CHECK(summary.at("attempts") == 2);
    CHECK(summary.at("rejected") == 0);
    CHECK(summary.at("unreadable_answers") == 1);
}

TEST_CASE("every policy finishes a list") {
    const temporary_folder folder;
    const auto prompts = folder.write("prompts", numbered_prompts(5));
    const throttled_server server(R"([{"kind":"concurrency","max":100}])", quick);
    for (const auto policy : stagger::send_policy_names()) {
        CAPTURE(policy);
        const auto got = run(batch(server.base_url(), prompts, folder.path("out"),
                                   {"--overwrite", "--policy", std::string(policy), "--rpm", "60000"}));
        CHECK(got.code == 0);
        CHECK(ids_of(folder.read("out")) == line_ids(1, 5));
    }
}

TEST_CASE("the strategies that others share answer every prompt of a throttling server, too") {
    const temporary_folder folder;
    const auto prompts = folder.write("prompts", numbered_prompts(60));
    const throttled_server server(small_bucket, quick);
    for (const auto* policy : {"aws-adaptive", "aimd", "fixed-rate"}) {
        CAPTURE(policy);
        const auto got = run(batch(server.base_url(), prompts, folder.path("out"),
                                   {"--overwrite", "--policy", policy, "--rpm", "12000"}));
        CHECK(got.code == 0);
        CHECK(ids_of(folder.read("out")) == line_ids(1, 60));
    }
    CHECK(server.stat("accepted") == 180);
    CHECK(server.stat("rejected") > 0);
}

TEST_CASE("a result line is an OpenAI Batch result with one member of ours") {
    const temporary_folder folder;
    scripted_server server({{{chat_answer("hi")}, {answer(400, R"({"error":{"message":"no"}})")}}});
    const auto prompts =
        folder.write("prompts.jsonl", R"({"id":"first","prompt":"a"})"
                                      "\n"
                                      R"({"id":"second","messages":[{"role":"user","content":"b"}]})"
                                      "\n");
    const auto got = run(batch(server.base_url(), prompts, folder.path("out"), {"--max-concurrency", "1"}));
    CHECK(got.code == 1);
    CHECK(got.err.find(prompts + ":2: ") != std::string::npos);
    const auto lines = lines_of(folder.read("out"));
    REQUIRE(lines.size() == 2);
    for (const auto& line : lines) {
        std::set<std::string> names;
        for (const auto& member : line) names.insert(std::string(member.key()));
        CHECK(names == std::set<std::string>{"id", "custom_id", "response", "error", "stagger"});
    }
    CHECK(lines[0].at("custom_id") == "first");
    CHECK(lines[0].at("error").is_null());
    CHECK(lines[0].at("response").at("status_code") == 200);
    CHECK(lines[0].at("response").at("body").at("choices").at(0).at("message").at("content") == "hi");
    CHECK(lines[0].at("stagger").at("attempts") == 1);
    CHECK(lines[1].at("custom_id") == "second");
    CHECK(lines[1].at("response").at("status_code") == 400);
    CHECK(lines[1].at("error").at("message") == "no");
}

TEST_CASE("a prompt that the server always refuses, and those of a refused model, fail alone") {
    const temporary_folder folder;
    std::string list;
    for (int number = 1; number <= 20; ++number) {
        list += R"({"prompt": ")" + std::string(number == 7 ? "a poisoned one" : "a sound one") +
                R"(", "model": ")" + (number % 4 == 0 ? "retired" : "current") + "\"}\n";
    }
    const throttled_server server(small_bucket,
                                  quick + R"(, "rejection_status": 400, "refusals": {"prompts": ["poison"]},
                                  "models": {"retired": {"refused": true}})");
    const auto got = run(
        batch(server.base_url(), folder.write("list.jsonl", list), folder.path("out"), {"--rpm", "3000"}));
    CHECK(got.code == 1);
    CHECK(ids_of(folder.read("out")) == line_ids(1, 20));
    std::set<std::string> refused;
    for (const auto& line : lines_of(folder.read("out"))) {
        if (!line.at("error").is_null()) refused.insert(line.at("custom_id").as_string().c_str());
    }
    CHECK(refused == std::set<std::string>{"line-4", "line-7", "line-8", "line-12", "line-16", "line-20"});
    CHECK(server.stat("accepted") == 14);
    CHECK(server.stat("rejected") == 6);
}

TEST_CASE("an OpenAI Batch file is sent as it is") {
    const temporary_folder folder;
    scripted_server server({{{chat_answer("hi")}}});
    const std::string body = R"({"model":"own","messages":[{"role":"user","content":"x"}],"seed":7})";
    const auto prompts = folder.write(
        "in.jsonl",
        R"({"custom_id":"r-1","method":"POST","url":"/v1/chat/completions","body":)" + body + "}\n");
    CHECK(run(batch(server.base_url(), prompts, folder.path("out"))).code == 0);
    const auto requests = server.requests();
    REQUIRE(requests.size() == 1);
    CHECK(requests[0].ends_with(body));
    CHECK(ids_of(folder.read("out")) == std::multiset<std::string>{"r-1"});
}

TEST_CASE("a malformed line 17 fails alone, and says where it is") {
    const temporary_folder folder;
    std::string list;
    for (int number = 1; number <= 20; ++number) {
        list += number == 17 ? "{\"prompt\": 17\n" : "{\"prompt\": \"q " + std::to_string(number) + "\"}\n";
    }
    const auto prompts = folder.write("list.jsonl", list);
    const throttled_server server(small_bucket, quick);
    const auto got = run(batch(server.base_url(), prompts, folder.path("out")));
    CHECK(got.code == 1);
    CHECK(got.err.find("stagger: " + prompts + ":17: ") != std::string::npos);
    CHECK(ids_of(folder.read("out")) == line_ids(1, 20));
    for (const auto& line : lines_of(folder.read("out"))) {
        CHECK(line.at("error").is_null() == (line.at("custom_id") != "line-17"));
    }
    CHECK(server.stat("accepted") == 19);
}

TEST_CASE(
    "the same command continues: answered ones are skipped, failed ones asked again, a torn line repaired") {
    const temporary_folder folder;
    const auto prompts = folder.write("prompts", numbered_prompts(10));
    const throttled_server server(small_bucket, quick);
    REQUIRE(run(batch(server.base_url(), prompts, folder.path("out"))).code == 0);
    auto results = folder.read("out");
    const auto last_line = results.rfind('\n', results.size() - 2) + 1;
    results.resize(last_line + 40);
    folder.write("out", results);
    const auto got = run(batch(server.base_url(), prompts, folder.path("out")));
    CHECK(got.code == 0);
    CHECK(got.err.find("9 answered already") != std::string::npos);
    CHECK(got.err.find("cut off") != std::string::npos);
    CHECK(server.stat("accepted") == 11);
    CHECK(ids_of(folder.read("out")) == line_ids(1, 10));

    const auto nothing_left = run(batch(server.base_url(), prompts, folder.path("out")));
    CHECK(nothing_left.code == 0);
    CHECK(server.stat("accepted") == 11);

    SUBCASE("--overwrite starts over") {
        CHECK(run(batch(server.base_url(), prompts, folder.path("out"), {"--overwrite"})).code == 0);
        CHECK(server.stat("accepted") == 21);
        CHECK(ids_of(folder.read("out")) == line_ids(1, 10));
    }
}

TEST_CASE("standard input and standard output are files, too") {
    const throttled_server server(small_bucket, quick);
    auto setup = batch(server.base_url(), "-", "-");
    setup.keep_input_open = true;
    setup.input = "one\n";
    child running(setup);
    // The answer to the first line comes before the second is there.
    running.await_output("\"line-1\"");
    running.write_input("\ntwo");
    running.close_input();
    const auto got = running.wait();
    CHECK(got.code == 0);
    CHECK(ids_of(got.out) == std::multiset<std::string>{"line-1", "line-3"});
}

TEST_CASE("a list without prompts is done") {
    const temporary_folder folder;
    const auto got = run(batch("http://127.0.0.1:1/v1", folder.write("prompts", "\n\n"), folder.path("out")));
    CHECK(got.code == 0);
    CHECK(folder.read("out").empty());
}

TEST_CASE("a full disk ends with 3 and says what is kept") {
    const temporary_folder folder;
    const throttled_server server(small_bucket, quick);
    const auto got =
        run(batch(server.base_url(), folder.write("prompts", numbered_prompts(10)), "/dev/full"));
    CHECK(got.code == 3);
    CHECK(got.err.find("/dev/full: No space left on device: 0 results of this run are kept, 10 left") !=
          std::string::npos);
}

TEST_CASE("a reader of standard output that goes away ends with 3") {
    const temporary_folder folder;
    const throttled_server server(small_bucket, quick);
    child running(batch(server.base_url(), folder.write("prompts", numbered_prompts(40)), "-"));
    running.await_output("\n");
    running.close_output();
    const auto got = running.wait();
    CHECK(got.code == 3);
    CHECK(got.err.find("standard output: Broken pipe") != std::string::npos);
}

TEST_CASE("two runs on one output: the second is refused") {
    const temporary_folder folder;
    silent_server server;
    const auto setup =
        batch(server.base_url(), folder.write("prompts", numbered_prompts(3)), folder.path("out"));
    child first(setup);
    server.await_request();
    const auto second = run(setup);
    CHECK(second.code == 3);
    CHECK(second.err.find("another run is writing it") != std::string::npos);
}

TEST_CASE("quiet says nothing but errors, and without a terminal there is no progress") {
    const temporary_folder folder;
    const auto prompts = folder.write("prompts", numbered_prompts(20));
    const throttled_server server(small_bucket, quick);
    const auto plain = run(batch(server.base_url(), prompts, folder.path("out")));
    CHECK(plain.err.find('\r') == std::string::npos);
    const auto quiet = run(batch(server.base_url(), prompts, folder.path("out"), {"--overwrite", "--quiet"}));
    CHECK(quiet.code == 0);
    CHECK(quiet.err.empty());
}

TEST_CASE("progress for programs: an object a second and at the end") {
    const temporary_folder folder;
    const throttled_server server(small_bucket, quick);
    const auto got = run(batch(server.base_url(), folder.write("prompts", numbered_prompts(20)),
                               folder.path("out"), {"--progress", "jsonl", "--quiet"}));
    CHECK(got.code == 0);
    const auto seen = lines_of(got.err);
    REQUIRE_FALSE(seen.empty());
    CHECK(seen.back().at("done") == 20);
    CHECK(seen.back().at("left") == 0);
    CHECK(seen.back().at("completion_tokens").to_number<std::size_t>() > 0);
    CHECK(run(batch(server.base_url(), folder.path("prompts"), folder.path("out"), {"--progress", "bars"}))
              .code == 2);
}

TEST_CASE("options come from the command line, else from the environment, else from a configuration file") {
    const temporary_folder folder;
    const auto prompts = folder.write("prompts", "one\n");
    const auto config = folder.write("config.toml",
                                     "[batch]\n"
                                     "model = \"from file\"\n"
                                     "max-tokens = 7\n"
                                     "quiet = true\n"
                                     "param = [\"top_p=0.5\"]\n"
                                     "[complete]\n"
                                     "system = \"Be brief.\"\n");
    const auto request = [&](const words& options, const std::map<std::string, std::string>& environment) {
        scripted_server server({{{chat_answer("hi")}}});
        child_setup setup{
            STAGGER_COMMAND,
            {"batch", prompts, "-o", folder.path("out"), "--overwrite", "--base-url", server.base_url()}};
        setup.arguments.insert(setup.arguments.end(), options.begin(), options.end());
        setup.environment = environment;
        const auto got = run(setup);
        CAPTURE(got.err);
        CHECK(got.code == 0);
        CHECK(got.err.empty());  // quiet
        return server.requests().at(0);
    };
    const auto has = [](const std::string& text, const std::string& part) {
        return text.find(part) != std::string::npos;
    };
    const auto from_file = request({"--config", config}, {});
    CHECK(has(from_file, R"("model":"from file")"));
    CHECK(has(from_file, R"("max_tokens":7)"));
    CHECK(has(from_file, R"("top_p":0.5)"));

    const auto from_environment =
        request({}, {{"STAGGER_CONFIG", config}, {"STAGGER_MODEL", "from environment"}});
    CHECK(has(from_environment, R"("model":"from environment")"));
    CHECK(has(from_environment, R"("max_tokens":7)"));

    const auto from_line = request({"--model", "from line", "--config", config},
                                   {{"STAGGER_MODEL", "from environment"}, {"STAGGER_MAX_TOKENS", "8"}});
    CHECK(has(from_line, R"("model":"from line")"));
    CHECK(has(from_line, R"("max_tokens":8)"));
}

TEST_CASE("a configuration file that is missing or says what no option says is refused") {
    const temporary_folder folder;
    const auto prompts = folder.write("prompts", "one\n");
    const auto with_config = [&](const std::string& file) {
        return run(batch("http://127.0.0.1:1/v1", prompts, folder.path("out"), {"--config", file}));
    };
    const auto missing = with_config(folder.path("nothing"));
    CHECK(missing.code == 3);
    CHECK(missing.err.find("nothing") != std::string::npos);
    const auto unknown = with_config(folder.write("config.toml", "[batch]\nmodle = \"x\"\n"));
    CHECK(unknown.code == 2);
    CHECK(unknown.err.find("config.toml:2: modle is not an option of batch") != std::string::npos);
    const auto wrong = with_config(folder.write("config.toml", "[batch]\nmax-tokens = -3\n"));
    CHECK(wrong.code == 2);
    CHECK(wrong.err.find("config.toml:2: --max-tokens: must be a whole number from 1, is \"-3\"") !=
          std::string::npos);
}

TEST_CASE("-o - with a closed standard output ends with 3, and nothing is asked") {
    const temporary_folder folder;
    const throttled_server server("[]", quick);
    auto setup = batch(server.base_url(), folder.write("prompts", "hello\n"), "-");
    setup.close_output = true;
    const auto got = run(setup);
    CHECK(got.code == 3);
    CHECK(got.err.find("standard output: ") != std::string::npos);
    CHECK(server.stat("accepted") == 0);
}

TEST_CASE("without a terminal a heartbeat is the last word, and a log file has all of it") {
    const temporary_folder folder;
    const throttled_server server("[]", quick);
    const auto got =
        run(batch(server.base_url(), folder.write("prompts", numbered_prompts(20)), folder.path("out"),
                  {"--progress", "heartbeat", "--log-file", folder.path("log")}));
    CAPTURE(got.err);
    CHECK(got.code == 0);
    CHECK(got.err.find("  20/20 done  ") != std::string::npos);
    const auto log = folder.read("log");
    CHECK(log.find("  20/20 done  ") != std::string::npos);
    CHECK(log.find(" info: 20 answered, 0 failed; ") != std::string::npos);
    const auto mixed_up = run(batch(server.base_url(), folder.path("prompts"), folder.path("out"),
                                    {"--log-file", folder.path("prompts")}));
    CHECK(mixed_up.code == 2);
    CHECK(folder.read("prompts") == numbered_prompts(20));
}
