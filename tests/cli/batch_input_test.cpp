// What lists and files a batch can meet, and what it does with each.

#include <doctest/doctest.h>
#include <sys/stat.h>
#include <unistd.h>

#include <boost/json/parse.hpp>
#include <fstream>
#include <map>
#include <sstream>

#include "cli/batch_command.hpp"
#include "cli/child.hpp"
#include "cli/servers.hpp"

namespace {

const std::string no_limits = R"([{"kind":"concurrency","max":1000}])";
const std::string at_once = R"({"kind":"constant","mean_s":0})";

/// Code of the error of each id; empty for answered ones.
std::multimap<std::string, std::string> endings(const std::string& results) {
    std::multimap<std::string, std::string> found;
    std::istringstream lines(results);
    for (std::string line; std::getline(lines, line);) {
        const auto result = boost::json::parse(line);
        const auto& error = result.at("error");
        found.emplace(result.at("custom_id").as_string().c_str(),
                      error.is_null() ? "" : error.at("code").as_string().c_str());
    }
    return found;
}

std::size_t line_count(const std::string& text) {
    return static_cast<std::size_t>(std::count(text.begin(), text.end(), '\n'));
}

using all_endings = std::multimap<std::string, std::string>;

struct fixture {
    temporary_folder folder;
    throttled_server server{no_limits, at_once};

    outcome batch_of(const std::string& prompts, const std::vector<std::string>& options = {}) {
        return run(batch(server.base_url(), folder.write("prompts", prompts), folder.path("out"), options));
    }
    all_endings ended() const { return endings(folder.read("out")); }
};

}  // namespace

TEST_CASE("a byte-order mark, CRLF and blank lines are no part of prompts") {
    fixture all;
    const auto got = all.batch_of("\xef\xbb\xbf{\"prompt\":\"a\"}\r\n\r\n  \n{\"prompt\":\"b\"}\r\n");
    CHECK(got.code == 0);
    CHECK(all.ended() == all_endings{{"line-1", ""}, {"line-4", ""}});
}

TEST_CASE("an empty file is done at once") {
    fixture all;
    const auto got = all.batch_of("");
    CHECK(got.code == 0);
    CHECK(got.err.find("0 answered, 0 failed") != std::string::npos);
    CHECK(all.folder.read("out").empty());
}

TEST_CASE("what is not UTF-8 fails alone, and says where") {
    fixture all;
    const auto got = all.batch_of(
        "good\nb\xff"
        "d\ngood\n");
    CHECK(got.code == 1);
    CHECK(got.err.find(":2: not valid UTF-8 at byte 1") != std::string::npos);
    CHECK(all.ended() == all_endings{{"line-1", ""}, {"line-2", "invalid_request"}, {"line-3", ""}});
    CHECK(all.server.stat("accepted") == 2);
}

TEST_CASE("a line of 50 MiB fails alone, in the memory of a shorter one") {
    fixture all;
    const auto got = all.batch_of("before\n" + std::string(50 << 20, 'x') + "\nafter\n");
    CHECK(got.code == 1);
    CHECK(got.err.find(":2: longer than 16 MiB") != std::string::npos);
    CHECK(all.ended() == all_endings{{"line-1", ""}, {"line-2", "invalid_request"}, {"line-3", ""}});
}

TEST_CASE("an id that stands twice gets two results, and is refused where that is asked for") {
    const std::string list =
        "{\"id\":\"a\",\"prompt\":\"x\"}\n{\"id\":\"b\",\"prompt\":\"y\"}\n"
        "{\"id\":\"a\",\"prompt\":\"z\"}\n";
    fixture all;
    const auto refused = all.batch_of(list, {"--check-ids"});
    CHECK(refused.code == 2);
    CHECK(refused.err.find("prompts:3: the id \"a\" is that of line 1") != std::string::npos);
    CHECK(all.server.stat("accepted") == 0);

    CHECK(all.batch_of(list).code == 0);
    CHECK(all.ended() == all_endings{{"a", ""}, {"a", ""}, {"b", ""}});
    // Both are known to be done.
    CHECK(all.batch_of(list).code == 0);
    CHECK(all.server.stat("accepted") == 3);
    CHECK(line_count(all.folder.read("out")) == 3);
}

TEST_CASE("ids of what can be read only once cannot be checked") {
    fixture all;
    auto setup = batch(all.server.base_url(), "-", all.folder.path("out"), {"--check-ids"});
    setup.input = "a\n";
    const auto got = run(setup);
    CHECK(got.code == 2);
    CHECK(got.err.find("--check-ids: standard input can be read only once") != std::string::npos);
}

TEST_CASE("a list that was cut in the middle of a line: the whole lines are answered, the rest is told") {
    fixture all;
    const auto got = all.batch_of("{\"prompt\":\"a\"}\n{\"prompt\":\"b\"}\n{\"prom");
    CHECK(got.code == 1);
    CHECK(got.err.find(":3: not valid JSON") != std::string::npos);
    CHECK(all.ended() == all_endings{{"line-1", ""}, {"line-2", ""}, {"line-3", "invalid_request"}});

    SUBCASE("when the whole list is there, the cut line is one that changed") {
        const std::string whole = "{\"prompt\":\"a\"}\n{\"prompt\":\"b\"}\n{\"prompt\":\"c\"}\n";
        const auto changed = all.batch_of(whole);
        CHECK(changed.code == 2);
        CHECK(changed.err.find("prompts:3: is not what ") != std::string::npos);
        CHECK(all.server.stat("accepted") == 2);
        CHECK(all.batch_of(whole, {"--accept-changes", "--retry-failed"}).code == 0);
        CHECK(all.server.stat("accepted") == 3);
        CHECK(all.ended() == all_endings{{"line-1", ""}, {"line-2", ""}, {"line-3", ""}});
    }
}

TEST_CASE("a list that misses answered lines is refused; one that only became longer is not") {
    fixture all;
    REQUIRE(all.batch_of(numbered_prompts(5)).code == 0);
    const auto results = all.folder.read("out");
    const auto shorter = all.batch_of(numbered_prompts(3));
    CHECK(shorter.code == 2);
    CHECK(shorter.err.find("prompts:4: is not what ") != std::string::npos);
    CHECK(all.folder.read("out") == results);
    CHECK(all.batch_of(numbered_prompts(7)).code == 0);
    CHECK(all.server.stat("accepted") == 7);
}

TEST_CASE("other parameters are refused, naming the result, and accepted on request") {
    fixture all;
    REQUIRE(all.batch_of(numbered_prompts(2)).code == 0);
    for (const std::vector<std::string>& options : {std::vector<std::string>{"--max-tokens", "7"},
                                                    {"--temperature", "0.5"},
                                                    {"--param", "top_p=0.5"}}) {
        const auto got = all.batch_of(numbered_prompts(3), options);
        CAPTURE(got.err);
        CHECK(got.code == 2);
        CHECK(got.err.find("out:1: was asked with another --model, ") != std::string::npos);
    }
    CHECK(all.server.stat("accepted") == 2);
    // How fast it is asked, and for how long, is no part of a question.
    CHECK(all.batch_of(numbered_prompts(2), {"--max-concurrency", "3", "--timeout", "10s"}).code == 0);
    CHECK(all.server.stat("accepted") == 2);
    CHECK(all.batch_of(numbered_prompts(3), {"--max-tokens", "7", "--accept-changes"}).code == 0);
    CHECK(all.server.stat("accepted") == 3);
}

TEST_CASE("failed results stay until they are asked for again") {
    fixture all;
    const auto list =
        "one\nt\xff"
        "o\nthree\n";
    REQUIRE(all.batch_of(list).code == 1);
    const auto results = all.folder.read("out");
    const auto again = all.batch_of(list);
    CHECK(again.code == 1);
    CHECK(
        again.err.find(
            "2 answered already, 1 failed before, 0 left; --retry-failed asks again for those that failed") !=
        std::string::npos);
    CHECK(again.err.find("2 answered already") != std::string::npos);
    CHECK(all.folder.read("out") == results);

    const auto retried = all.batch_of(list, {"--retry-failed"});
    CHECK(retried.code == 1);
    CHECK(retried.err.find("1 failed before, 0 left; asking again for those that failed") !=
          std::string::npos);
    CHECK(line_count(all.folder.read("out")) == 3);
    CHECK(all.batch_of(list, {"--retry-failed", "--overwrite"}).code == 2);
}

TEST_CASE("a disk that fills up midway ends with 3 and loses nothing that was kept") {
    fixture all;
    const auto list = all.folder.write("prompts", numbered_prompts(200));
    const auto setup = batch(all.server.base_url(), list, all.folder.path("out"));
    // A limit on the size of files, in blocks of a kilobyte, is a full disk that only this program meets.
    child_setup limited{"/bin/bash", {"-c", "ulimit -f 16; exec \"$0\" \"$@\"", setup.program}};
    limited.arguments.insert(limited.arguments.end(), setup.arguments.begin(), setup.arguments.end());
    const auto full = run(limited);
    CAPTURE(full.err);
    CHECK(full.code == 3);
    CHECK(full.err.find("out: File too large: ") != std::string::npos);
    const auto kept = all.folder.read("out");
    CHECK(kept.ends_with('\n'));
    const auto kept_lines = line_count(kept);
    CHECK(kept_lines > 10);
    CHECK(full.err.find(std::to_string(kept_lines) + " results of this run are kept") != std::string::npos);

    CHECK(run(setup).code == 0);
    CHECK(all.folder.read("out").starts_with(kept));
    const auto ended = all.ended();
    CHECK(ended.size() == 200);
    for (int number = 1; number <= 200; ++number) CHECK(ended.count("line-" + std::to_string(number)) == 1);
}

TEST_CASE("results that became read-only midway: the run goes on, the next one is refused") {
    const temporary_folder folder;
    const throttled_server server(R"([{"kind":"token_bucket","rate_per_s":40,"burst":5}])", at_once);
    const auto setup = batch(server.base_url(), folder.write("prompts", numbered_prompts(30)),
                             folder.path("out"), {"--log-level", "debug"});
    child running(setup);
    running.await_error("answered, status", 3);
    REQUIRE(::chmod(folder.path("out").c_str(), 0444) == 0);
    CHECK(running.wait().code == 0);
    CHECK(endings(folder.read("out")).size() == 30);
    if (::geteuid() == 0) return;  // may write whatever it likes
    const auto refused = run(setup);
    CHECK(refused.code == 3);
    CHECK(refused.err.find("out: Permission denied") != std::string::npos);
}

TEST_CASE("how results are synchronised is checked, and every way records all") {
    fixture all;
    for (const auto* when : {"always", "interval", "never"}) {
        CHECK(all.batch_of(numbered_prompts(20), {"--overwrite", "--fsync", when}).code == 0);
        CHECK(all.ended().size() == 20);
    }
    const auto got = all.batch_of("a\n", {"--overwrite", "--fsync", "sometimes"});
    CHECK(got.code == 2);
    CHECK(got.err.find("--fsync: must be always, interval or never, is \"sometimes\"") != std::string::npos);
}

TEST_CASE("--template makes prompts of lines, and is one of the parameters") {
    fixture all;
    CHECK(all.batch_of("Hello\n", {"--template", "Translate to French: {text}"}).code == 0);
    CHECK(all.folder.read("out").find("answer to: Translate to French: Hello") != std::string::npos);
    CHECK(all.batch_of("Hello\n", {"--template", "Translate to Welsh: {text}"}).code == 2);
    const auto wrong = all.batch_of("Hello\n", {"--template", "Translate", "--overwrite"});
    CHECK(wrong.code == 2);
    CHECK(wrong.err.find("--template: has no place for what a line says, such as {text}") !=
          std::string::npos);
}

TEST_CASE("--dry-run counts and estimates, and sends and writes nothing") {
    fixture all;
    REQUIRE(all.batch_of(numbered_prompts(2)).code == 0);
    const auto got = all.batch_of(numbered_prompts(100) + "\xff\n",
                                  {"--dry-run", "--rpm", "60", "--tpm", "1000", "--max-tokens", "97"});
    CHECK(got.code == 1);
    CHECK(got.err.find(":101: not valid UTF-8") != std::string::npos);
    CHECK(got.out.find("prompts to send   98\n") != std::string::npos);
    CHECK(got.out.find("answered before   2\n") != std::string::npos);
    CHECK(got.out.find("unreadable lines  1\n") != std::string::npos);
    CHECK(got.out.find("tokens, about     268 in prompts, 9506 in answers at most\n") != std::string::npos);
    CHECK(got.out.find(" at least, for --tpm\n") != std::string::npos);
    const auto open = all.batch_of(numbered_prompts(100), {"--dry-run", "--tpm", "1000"});
    CHECK(open.out.find(" in prompts, 25088 in 98 answers without a maximum, if they have 256 each\n") !=
          std::string::npos);
    CHECK(open.out.find(" with answers as long as supposed, for --tpm\n") != std::string::npos);
    CHECK(all.server.stat("accepted") == 2);
    CHECK(all.ended().size() == 2);
}

TEST_CASE("limits of the whole run end it with 5, and the same command continues") {
    fixture all;
    const auto list = std::string("\xff\n\xff\n\xff\n") + numbered_prompts(2000);
    const auto failed = all.batch_of(list, {"--max-failures", "2"});
    CHECK(failed.code == 5);
    CHECK(failed.err.find("stopped, 3 results are failures: ") != std::string::npos);
    CHECK(failed.err.find(" left; the same command continues") != std::string::npos);
    CHECK(all.batch_of(list, {"--batch-deadline", "1ms"}).code == 5);
    CHECK(all.batch_of(list).code == 1);
    CHECK(all.ended().size() == 2003);
    for (const auto* wrong : {"x", "-1", "101%", "%"}) {
        CHECK(all.batch_of(list, {"--max-failures", wrong}).code == 2);
    }
}

TEST_CASE("--ordered writes results in the order of the prompts") {
    const temporary_folder folder;
    const throttled_server server(no_limits, R"({"kind":"lognormal","mean_s":0.01,"sigma":1.5})");
    const auto prompts = folder.write("prompts", numbered_prompts(300));
    for (const std::string option : {"--ordered", "--ordered=10"}) {
        CHECK(run(batch(server.base_url(), prompts, folder.path("out"), {option, "--overwrite"})).code == 0);
        std::istringstream lines(folder.read("out"));
        std::size_t number = 0;
        for (std::string line; std::getline(lines, line);) {
            CHECK(boost::json::parse(line).at("custom_id").as_string() == "line-" + std::to_string(++number));
        }
        CHECK(number == 300);
    }
    CHECK(run(batch(server.base_url(), prompts, folder.path("out"), {"--ordered=0"})).code == 2);
}
