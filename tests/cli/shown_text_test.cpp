#include <doctest/doctest.h>

#include "cli/child.hpp"
#include "cli/servers.hpp"
#include "support/scripted_peer.hpp"
#include "support/temporary_folder.hpp"
#include "terminal/markup_text.hpp"

using namespace stagger::test;

namespace {

// A title for the window, a line that is written over, and one of C1 that begins a sequence.
constexpr auto obeyed = R"(a\u001b]0;owned\u0007b\rc\u009b31md)";
constexpr auto shown =
    "a\xE2\x90\x9B]0;owned\xE2\x90\x87"
    "b\xE2\x90\x8D"
    "c\xEF\xBF\xBD"
    "31md";
constexpr auto as_it_is =
    "a\x1b]0;owned\x07"
    "b\rc\xC2\x9B"
    "31md";

child_setup complete(const std::string& base_url, std::vector<std::string> more = {}) {
    std::vector<std::string> arguments{"complete", "hello", "--model", "m", "--base-url", base_url};
    arguments.insert(arguments.end(), more.begin(), more.end());
    return {STAGGER_COMMAND, std::move(arguments)};
}

bool has_controls(const std::string& text) {
    for (const char each : text) {
        if ((each >= 0 && each < ' ' && each != '\n' && each != '\r') || each == 0x7f) return true;
    }
    return text.find("\xC2\x9B") != std::string::npos;
}

}  // namespace

TEST_CASE("an answer reaches a pipe as it is, and a terminal without control characters") {
    for (const bool streamed : {false, true}) {
        for (const bool terminal : {false, true}) {
            if (terminal && !terminals_available()) {
                MESSAGE("skipped: no pseudo-terminals here");
                continue;
            }
            const std::string answered =
                streamed ? event_stream(chat_documents({obeyed})) : chat_answer(obeyed);
            scripted_server server({{{answered}}});
            auto setup = complete(server.base_url(), streamed ? std::vector<std::string>{"--stream"}
                                                              : std::vector<std::string>{});
            setup.output_is_terminal = terminal;
            const auto got = run(setup);
            CHECK(got.code == 0);
            CHECK(got.out == (terminal ? std::string(shown) + "\r\n" : std::string(as_it_is) + "\n"));
        }
    }
}

TEST_CASE("results on a terminal have no control characters") {
    if (!terminals_available()) {
        MESSAGE("skipped: no pseudo-terminals here");
        return;
    }
    const temporary_folder folder;
    scripted_server server(
        {{{chat_answer("\x7f\xC2\x9B"
                       "31m")}}});
    child_setup setup{STAGGER_COMMAND,
                      {"batch", folder.write("prompts", "hello\n"), "-o", "-", "--model", "m", "--base-url",
                       server.base_url()}};
    setup.output_is_terminal = true;
    const auto got = run(setup);
    CHECK(got.code == 0);
    CHECK(got.out.find("31m") != std::string::npos);
    CHECK_FALSE(has_controls(got.out));
}

TEST_CASE("no message repeats a control character of a server, a file or an argument") {
    const temporary_folder folder;
    const std::string bad = "x\x1b[31m\x07";
    scripted_server server({{{answer(400, R"({"error":{"message":"no \u001b[31m\u0007 way"}})")}}});
    CHECK_FALSE(has_controls(run(complete(server.base_url())).err));
    for (const std::vector<std::string>& arguments : std::vector<std::vector<std::string>>{
             {"batch", folder.path(bad), "-o", folder.path("out"), "--base-url", "http://127.0.0.1:1"},
             {"batch", folder.write("prompts", "{\"custom_id\":\"a\\u001b[31m\",\"nothing\":1}\n"), "-o",
              folder.path("out"), "--base-url", "http://127.0.0.1:1"},
             {"complete", "hello", "--policy", bad, "--base-url", "http://127.0.0.1:1"},
             {"complete", "hello", "--param", bad, "--base-url", "http://127.0.0.1:1"},
             {"replay", folder.write("log", bad + "\n")},
             {"report", folder.write("results", bad), "-o", folder.path("page")},
             {"simulate", folder.write("scenario", bad)},
             {bad}}) {
        const auto got = run({STAGGER_COMMAND, arguments});
        CAPTURE(got.err);
        CHECK(got.code != 0);
        CHECK_FALSE(got.err.empty());
        CHECK_FALSE(has_controls(got.err));
    }
}

TEST_CASE("a page has the pictures of control characters") {
    CHECK(app::markup_text("a\x1b[31m<b>\n\x7f\xC2\x9B") ==
          "a\xE2\x90\x9B[31m&lt;b&gt; \xE2\x90\xA1\xEF\xBF\xBD");
}
