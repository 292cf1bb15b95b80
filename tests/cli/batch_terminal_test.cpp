// What a batch shows on a terminal.

#include <doctest/doctest.h>
#include <signal.h>

#include "cli/batch_command.hpp"
#include "cli/child.hpp"
#include "cli/screen.hpp"
#include "cli/servers.hpp"

namespace {

const std::string slow_bucket = R"([{"kind":"token_bucket","rate_per_s":40,"burst":5}])";
const std::string quick = R"({"kind":"constant","mean_s":0.02})";

/// A batch of 60 prompts that takes some seconds, with standard error on a terminal.
struct fixture {
    temporary_folder folder;
    throttled_server server{slow_bucket, quick};

    child_setup setup(const std::vector<std::string>& options = {}) const {
        auto made = batch(server.base_url(), folder.write("prompts", numbered_prompts(60)),
                          folder.path("out"), options);
        made.error_is_terminal = true;
        return made;
    }
};

bool has(const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
}

bool skipped() {
    if (terminals_available()) return false;
    MESSAGE("skipped: no pseudo-terminals here");
    return true;
}

}  // namespace

TEST_CASE("a terminal with room shows a panel, and in the end nothing of it is left") {
    if (skipped()) return;
    const fixture all;
    const auto got = run(all.setup());
    CHECK(got.code == 0);
    // As it was when the panel was drawn last, and at the end.
    const auto last_row = got.err.rfind("time  ");
    REQUIRE(last_row != std::string::npos);
    const auto panel = screen(60).put(got.err.substr(0, got.err.find('\x1b', last_row))).text();
    CAPTURE(panel);
    CHECK(panel.starts_with("done  "));
    CHECK(std::count(panel.begin(), panel.end(), '\n') == 8);
    for (const auto* part :
         {"/60  [#", "\nrate  ", "\nrejected  ", "\nwaiting  ", "\nin flight  ", "\ntokens  ", "\nlatency  "})
        CHECK_MESSAGE(has(panel, part), part);
    const auto end = screen(60).put(got.err).text();
    CAPTURE(end);
    CHECK(end.starts_with("60 answered, 0 failed; "));
    CHECK_FALSE(has(end, "rate  "));
}

TEST_CASE("a panel has colours, unless the user wants none") {
    if (skipped()) return;
    const fixture all;
    const std::string faint = "\x1b[2m";
    CHECK(has(run(all.setup()).err, faint));
    auto setup = all.setup({"--overwrite"});
    setup.environment["NO_COLOR"] = "1";
    const auto plain = run(setup);
    CHECK(has(plain.err, "rate  "));
    CHECK_FALSE(has(plain.err, faint));
}

TEST_CASE("a window that becomes small gets a line, and an interruption leaves a clean terminal") {
    if (skipped()) return;
    const fixture all;
    child running(all.setup());
    running.await_error("rate  ");
    running.resize_terminal(60, 10);
    running.await_error("/60 done");
    running.signal(SIGINT);
    const auto got = running.wait();
    CHECK(got.code == 130);
    const auto end = screen(60).put(got.err).text();
    CAPTURE(end);
    CHECK(end.starts_with("stagger: interrupted"));
    CHECK_FALSE(has(end, "/60 done"));
    CHECK_FALSE(has(end, "rate  "));
}

TEST_CASE("a terminal that cannot redraw gets messages only") {
    if (skipped()) return;
    const fixture all;
    auto setup = all.setup();
    setup.environment["TERM"] = "dumb";
    const auto got = run(setup);
    CHECK(got.code == 0);
    CHECK(got.err.starts_with("60 answered, 0 failed; "));
    CHECK_FALSE(has(got.err, "\x1b"));
}

TEST_CASE("--progress line: on a terminal one line is redrawn that fits") {
    if (!terminals_available()) {
        MESSAGE("skipped: no pseudo-terminals here");
        return;
    }
    const temporary_folder folder;
    const throttled_server server(R"([{"kind":"token_bucket","rate_per_s":40,"burst":5}])", quick);
    auto setup = batch(server.base_url(), folder.write("prompts", numbered_prompts(60)), folder.path("out"),
                       {"--progress", "line"});
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
