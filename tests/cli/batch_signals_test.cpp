// What SIGINT, SIGTERM and SIGHUP do to a batch.

#include <doctest/doctest.h>
#include <signal.h>

#include "cli/asked_prompts.hpp"
#include "cli/batch_command.hpp"
#include "cli/child.hpp"
#include "cli/result_lines.hpp"
#include "cli/servers.hpp"

using stagger::test::chat_answer;

namespace {

// Throttles soon, and answers soon.
const std::string small_bucket = R"([{"kind":"token_bucket","rate_per_s":100,"burst":10}])";
const std::string quick = R"({"kind":"constant","mean_s":0.02})";

}  // namespace

TEST_CASE("an interrupted batch awaits what is in flight, says what is left, and continues") {
    for (const int number : {SIGINT, SIGTERM, SIGHUP}) {
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

TEST_CASE("a second signal stops at once, and what has a result is not asked again") {
    for (const int number : {SIGINT, SIGTERM, SIGHUP}) {
        CAPTURE(number);
        const temporary_folder folder;
        const auto prompts = folder.write("prompts", numbered_prompts(10));
        // The fourth is never answered.
        scripted_server first({{{chat_answer("1")}, {chat_answer("2")}, {chat_answer("3")}}});
        child running(batch(first.base_url(), prompts, folder.path("out"),
                            {"--max-concurrency", "1", "--log-level", "trace"}));
        running.await_error("request 4 attempt 1: sent");
        running.signal(number);
        running.await_error("interrupted: awaiting 1 in flight; once more stops at once");
        running.signal(number);
        const auto got = running.wait();
        CHECK(got.code == 130);
        CHECK(got.err.find("7 left; the same command continues") != std::string::npos);
        CHECK(ids_of(folder.read("out")) == line_ids(1, 3));
        CHECK(first.requests().size() == 4);

        // The same command, but for where the server is.
        const auto log = folder.path("asked");
        const throttled_server second(small_bucket, quick, "", {"--request-log", log});
        CHECK(run(batch(second.base_url(), prompts, folder.path("out"))).code == 0);
        CHECK(ids_of(folder.read("out")) == line_ids(1, 10));
        const auto asked_again = asked(folder.read("asked"));
        for (const auto& id : line_ids(1, 3)) CHECK(asked_again.count(prompt_of(id)) == 0);
        for (const auto& id : line_ids(4, 10)) CHECK(asked_again.count(prompt_of(id)) == 1);
    }
}

TEST_CASE("a second signal stops at once where nothing was answered") {
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
