// A server that says how long it is closed, with seconds standing for hours where they are waited for.

#include <doctest/doctest.h>

#include <boost/json/parse.hpp>
#include <sstream>

#include "cli/batch_command.hpp"
#include "cli/child.hpp"
#include "cli/result_lines.hpp"
#include "cli/servers.hpp"

using stagger::test::answer;
using stagger::test::chat_answer;
using stagger::test::turn;

namespace {

using words = std::vector<std::string>;

turn refusal(const std::string& retry_after) {
    return {answer(429, R"({"error":{"message":"Daily limit\nreached by sk-hidden-key"}})",
                   "Retry-After: " + retry_after + "\r\n")};
}

/// In UTC, so that a time of day is one number.
child_setup in_utc(child_setup setup) {
    setup.environment["TZ"] = "UTC0";
    setup.environment["OPENAI_API_KEY"] = "sk-hidden-key";
    return setup;
}

child_setup batch_of_three(const scripted_server& server, const temporary_folder& folder, words options) {
    options.insert(options.end(), {"--max-concurrency", "1"});
    return in_utc(
        batch(server.base_url(), folder.write("prompts", numbered_prompts(3)), folder.path("out"), options));
}

child_setup one_question(const scripted_server& server, words options) {
    child_setup setup{STAGGER_COMMAND, {"complete", "hello", "--base-url", server.base_url()}};
    setup.arguments.insert(setup.arguments.end(), options.begin(), options.end());
    return in_utc(setup);
}

bool says(const outcome& got, const std::string& text) {
    return got.err.find(text) != std::string::npos;
}

}  // namespace

TEST_CASE("a batch ends with 6 as soon as the server says that it is closed for longer than --max-wait") {
    const temporary_folder folder;
    {
        scripted_server server({{{chat_answer("one")}, refusal("3600")}, {refusal("3600")}});
        const auto got = run(batch_of_three(server, folder, {"--max-wait", "30m"}));
        CAPTURE(got.err);
        CHECK(got.code == 6);
        CHECK(says(got, "stagger: stopped, nothing is admitted until "));
        CHECK(says(got,
                   " UTC, in 60 min: \"Daily limit reached by [key]\"; 2 left; the same command continues"));
        CHECK(ids_of(folder.read("out")) == line_ids(1, 1));
        CHECK(server.requests().size() == 2);
    }
    scripted_server server({{{chat_answer("two")}, {chat_answer("three")}}});
    const auto got = run(batch_of_three(server, folder, {"--max-wait", "30m"}));
    CAPTURE(got.err);
    CHECK(got.code == 0);
    CHECK(ids_of(folder.read("out")) == line_ids(1, 3));
}

// A day is three seconds here.
TEST_CASE("a nightly run parks where its quota is used up, and goes on by itself with the next day's") {
    const throttled_server server(R"([{"kind":"fixed_window","quota":5,"window_s":3}])",
                                  R"({"kind":"constant","mean_s":0.001},"hints":{"retry_after":"integer"})");
    const temporary_folder folder;
    const auto got = run(batch(server.base_url(), folder.write("prompts.txt", numbered_prompts(12)),
                               folder.path("out"), {"--no-remember"}));
    CHECK_MESSAGE(got.code == 0, got.err);
    CHECK(server.stat("accepted") == 12);
    CHECK(lines_of(folder.read("out")).size() == 12);
    // It knocks a few times, and does not knock all night.
    CHECK(server.stat("rejected") < 40);
}

// An hour is a second here, and a day as well.
TEST_CASE("a quota that opens later is tried early once at most") {
    for (const std::string closed_s : {"8", "3"}) {
        CAPTURE(closed_s);
        const throttled_server server(
            "[]", R"({"kind":"constant","mean_s":0.001},"refusals":{"closures":[{"to_s":)" + closed_s +
                      R"(,"status":429,"retry_after":"integer"}]})");
        const temporary_folder folder;
        const auto got =
            run(in_utc(batch(server.base_url(), folder.write("prompts.txt", numbered_prompts(12)),
                             folder.path("out"), {"--no-remember", "--max-concurrency", "1"})));
        CHECK_MESSAGE(got.code == 0, got.err);
        CHECK(server.stat("accepted") == 12);
        CHECK(server.stat("rejected") <= 2);
    }
}

// A day whose last seconds these are, by the server's clock.
TEST_CASE("the quota of a day is waited for until midnight in California, whatever delay stands beside it") {
    const auto used_up = [](const std::string& date) {
        return turn{answer(429,
                           R"({"error":{"code":429,"message":"Quota exceeded","details":[)"
                           R"({"violations":[{"quotaId":"GenerateRequestsPerDayPerProjectPerModel"}]},)"
                           R"({"retryDelay":"3600s"}]}})",
                           "Date: " + date + "\r\n")};
    };
    const temporary_folder folder;
    scripted_server server({{{chat_answer("one")},
                             used_up("Mon, 30 Nov 2026 07:59:56 GMT"),
                             used_up("Mon, 30 Nov 2026 07:59:57 GMT"),
                             {chat_answer("two")},
                             {chat_answer("three")}}});
    const auto got = run(batch_of_three(server, folder, {"--no-remember"}));
    CHECK_MESSAGE(got.code == 0, got.err);
    CHECK(lines_of(folder.read("out")).size() == 3);
    CHECK(server.requests().size() == 5);
}

TEST_CASE("a batch ends with 6 where nothing was admitted for --max-wait, and nobody has said until when") {
    const temporary_folder folder;
    const std::vector<turn> refusals(1000, turn{answer(429, R"({"error":{"message":"no"}})")});
    scripted_server server({refusals});
    const auto got = run(batch_of_three(server, folder, {"--max-wait", "500ms"}));
    CAPTURE(got.err);
    CHECK(got.code == 6);
    CHECK(says(got, "stopped, nothing was admitted for 1 s, and until when is not known: \"no\"; 3 left"));
}

TEST_CASE("a completion ends with 6, whether its own deadline is behind the hint or before it") {
    for (const auto* deadline : {"2h", "10m"}) {
        CAPTURE(deadline);
        scripted_server server({{refusal("3600")}});
        const auto got = run(one_question(server, {"--max-wait", "5m", "--deadline", deadline}));
        CAPTURE(got.err);
        CHECK(got.code == 6);
        CHECK(got.out.empty());
        CHECK(says(got, "stopped, nothing is admitted until "));
        CHECK(says(got, ", in 60 min: \"Daily limit reached by [key]\"; not answered"));
    }
}

TEST_CASE("a completion whose deadline is before the hint ends at once, and says until when") {
    scripted_server server({{refusal("3600")}});
    const auto got = run(one_question(server, {}));
    CAPTURE(got.err);
    CHECK(got.code == 1);
    CHECK(says(got, "; the server admits nothing until "));
    CHECK(says(got, " UTC, in 60 min"));
}

TEST_CASE("--max-wait ends no run that the server goes on with in time") {
    scripted_server server({{refusal("1"), {chat_answer("hi")}}});
    const auto got = run(one_question(server, {"--max-wait", "1m"}));
    CAPTURE(got.err);
    CHECK(got.code == 0);
    CHECK(got.out == "hi\n");
}

TEST_CASE("a bench shows what was measured before a closing that is too long, and ends with 6") {
    scripted_server server(
        {{{chat_answer("one")}, {chat_answer("two")}, refusal("3600")}, {refusal("3600")}});
    const auto got = run(
        in_utc({STAGGER_COMMAND,
                {"bench", "--base-url", server.base_url(), "--model", "m", "--concurrency", "1", "--requests",
                 "50", "--max-wait", "30m", "--deadline", "0", "--policy", "coordinated,full-jitter"}}));
    CAPTURE(got.err);
    CHECK(got.code == 6);
    CHECK(says(got, "stopped, nothing is admitted until "));
    CHECK(says(got, "until then; not begun: full-jitter"));
    CHECK(got.out.find("coordinated") != std::string::npos);
}

TEST_CASE("a policy that asks for no Retry-After is ended by one that is too long, too") {
    const std::vector<turn> refusals(100, refusal("3600"));
    scripted_server server({refusals});
    const auto got = run(in_utc({STAGGER_COMMAND,
                                 {"bench", "--base-url", server.base_url(), "--model", "m", "--concurrency",
                                  "1", "--requests", "50", "--max-wait", "30m", "--policy", "full-jitter"}}));
    CAPTURE(got.err);
    CHECK(got.code == 6);
    CHECK(says(got, "stopped, nothing is admitted until "));
    CHECK_FALSE(says(got, "stagger: nothing is admitted"));  // once is enough
}

TEST_CASE("a closing is obeyed, said once, and in every line of progress for programs") {
    const temporary_folder folder;
    // Seven seconds stand for an hour; one request tries it early.
    scripted_server closed(
        {{refusal("7"), refusal("6"), {chat_answer("1")}, {chat_answer("2")}, {chat_answer("3")}}});
    const auto got = run(batch_of_three(closed, folder, {"--progress", "jsonl", "--log-level", "info"}));
    CAPTURE(got.err);
    CHECK(got.code == 0);
    std::size_t remarks = 0;
    std::size_t logged = 0;
    std::size_t closed_lines = 0;
    std::istringstream lines(got.err);
    for (std::string line; std::getline(lines, line);) {
        if (line.starts_with("stagger: nothing is admitted until ")) ++remarks;
        if (!line.starts_with("stagger: ") && line.find("nothing is admitted until ") != std::string::npos)
            ++logged;
        if (!line.starts_with("{")) continue;
        const auto read = boost::json::parse(line).as_object();
        if (read.at("opens_at").is_null()) continue;
        ++closed_lines;
        CHECK(read.at("server_said") == "Daily limit reached by [key]");
        CHECK(read.at("opens_at").as_string().ends_with("Z"));
    }
    CHECK(remarks == 1);
    CHECK(logged == 1);
    CHECK(closed_lines >= 3);
    CHECK(closed.requests().size() <= 5);
}
