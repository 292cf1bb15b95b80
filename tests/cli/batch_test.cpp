#include <doctest/doctest.h>
#include <signal.h>

#include <boost/json/parse.hpp>
#include <set>
#include <sstream>

#include "cli/batch_command.hpp"
#include "cli/child.hpp"
#include "cli/servers.hpp"
#include "core/send_policy.hpp"

using stagger::test::answer;
using stagger::test::chat_answer;
using stagger::test::turn;

namespace {

using words = std::vector<std::string>;

// Throttles soon, and answers soon.
const std::string small_bucket = R"([{"kind":"token_bucket","rate_per_s":100,"burst":10}])";
const std::string quick = R"({"kind":"constant","mean_s":0.02})";

std::vector<boost::json::object> lines_of(const std::string& results) {
    std::vector<boost::json::object> lines;
    std::istringstream input(results);
    for (std::string line; std::getline(input, line);) lines.push_back(boost::json::parse(line).as_object());
    return lines;
}

std::multiset<std::string> ids_of(const std::string& results) {
    std::multiset<std::string> ids;
    for (const auto& line : lines_of(results)) ids.emplace(line.at("custom_id").as_string().c_str());
    return ids;
}

std::multiset<std::string> line_ids(int from, int to) {
    std::multiset<std::string> ids;
    for (int number = from; number <= to; ++number) ids.insert("line-" + std::to_string(number));
    return ids;
}

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

TEST_CASE("an interrupted batch awaits what is in flight, says what is left, and continues") {
    for (const int number : {SIGINT, SIGTERM}) {
        const temporary_folder folder;
        const auto prompts = folder.write("prompts", numbered_prompts(80));
        const throttled_server server(R"([{"kind":"token_bucket","rate_per_s":40,"burst":5}])",
                                      R"({"kind":"constant","mean_s":0.2})");
        const auto setup = batch(server.base_url(), prompts, folder.path("out"), {"--log-level", "debug"});
        child running(setup);
        running.await_error("answered, status", 5);
        running.signal(number);
        const auto got = running.wait();
        CHECK(got.code == 130);
        CHECK(got.err.find(" left; the same command continues") != std::string::npos);
        const auto kept = ids_of(folder.read("out"));
        CHECK(kept.size() >= 5);
        CHECK(kept.size() < 80);
        // Nothing that the server admitted was lost.
        CHECK(kept.size() == server.stat("accepted"));
        CHECK(got.err.find(std::to_string(80 - kept.size()) + " left") != std::string::npos);

        CHECK(run(setup).code == 0);
        CHECK(ids_of(folder.read("out")) == line_ids(1, 80));
        CHECK(server.stat("accepted") == 80);
    }
}

TEST_CASE("a second signal stops at once") {
    const temporary_folder folder;
    silent_server server;
    child running(batch(server.base_url(), folder.write("prompts", numbered_prompts(3)), folder.path("out")));
    server.await_request();
    running.signal(SIGINT);
    running.await_error("once more stops at once");
    running.signal(SIGINT);
    const auto got = running.wait();
    CHECK(got.code == 130);
    CHECK(got.err.find("3 left; the same command continues") != std::string::npos);
    CHECK(folder.read("out").empty());
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

TEST_CASE("an interruption does not wait for standard input") {
    const throttled_server server(small_bucket, quick);
    auto setup = batch(server.base_url(), "-", "-");
    setup.keep_input_open = true;
    setup.input = "one\n";
    child running(setup);
    running.await_output("\"line-1\"");
    running.signal(SIGINT);
    CHECK(running.wait().code == 130);
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

TEST_CASE("on a terminal one line is redrawn that fits") {
    if (!terminals_available()) {
        MESSAGE("skipped: no pseudo-terminals here");
        return;
    }
    const temporary_folder folder;
    const throttled_server server(R"([{"kind":"token_bucket","rate_per_s":40,"burst":5}])", quick);
    auto setup = batch(server.base_url(), folder.write("prompts", numbered_prompts(60)), folder.path("out"));
    setup.error_is_terminal = true;
    const auto got = run(setup);
    CHECK(got.code == 0);
    std::size_t drawn = 0;
    for (std::size_t at = got.err.find('\r'); at != std::string::npos; at = got.err.find('\r', at + 1)) {
        const auto end = got.err.find("\x1b[K", at);
        if (end == std::string::npos) break;
        CHECK(end - at - 1 < 60);
        drawn += got.err.substr(at, end - at).find("/60 done") != std::string::npos;
    }
    CHECK(drawn >= 2);
    CHECK(got.err.find("60 answered, 0 failed") != std::string::npos);
}
