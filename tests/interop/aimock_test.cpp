#include <doctest/doctest.h>

#include "interop/other_servers.hpp"

namespace {

using words = std::vector<std::string>;

child_setup complete(const aimock_server& server, const std::string& prompt, const words& options = {}) {
    child_setup setup{STAGGER_COMMAND, {"complete", prompt, "--base-url", server.base_url(), "--model", "m"}};
    setup.arguments.insert(setup.arguments.end(), options.begin(), options.end());
    return setup;
}

}  // namespace

TEST_CASE("aimock: an answer arrives letter by letter as it was written, and is asked for once") {
    if (!npm_servers_installed()) return;
    const aimock_server server;
    const auto got = run(complete(server, "in every script"));
    CHECK(got.code == 0);
    CHECK(got.out == "Ünïcödé \"quoted\"\nand \\ broken, Ελλάδα, 中文, 🙂\n");
    CHECK(got.err.empty());
    const auto journal = server.journal();
    REQUIRE(journal.size() == 1);
    CHECK(journal[0].at("body").at("model") == "m");
    CHECK(journal[0].at("response").at("status") == 200);
}

TEST_CASE(
    "aimock: a request that stays refused ends with the server's words, after as many attempts as allowed") {
    if (!npm_servers_installed()) return;
    const aimock_server server;
    SUBCASE("429") {
        const auto got = run(complete(server, "always refused", {"--max-attempts", "2"}));
        CHECK(got.code == 1);
        CHECK(got.err.find("not today") != std::string::npos);
        CHECK(server.journal().size() == 2);
    }
    SUBCASE("400") {
        const auto got = run(complete(server, "refused as invalid"));
        CHECK(got.code == 1);
        CHECK(got.err.find("no such parameter") != std::string::npos);
        CHECK(server.journal().size() == 1);
    }
}

TEST_CASE("aimock: a batch asks for every answer once, and for what was refused not before Retry-After") {
    if (!npm_servers_installed()) return;
    const aimock_server server;
    const temporary_folder folder;
    std::string prompts = "refused twice\nrefused as invalid\nat length\ncall a tool\n";
    for (int number = 1; number <= 20; ++number)
        prompts.append("question ").append(std::to_string(number)).append("\n");
    const auto got = run({STAGGER_COMMAND,
                          {"batch", folder.write("prompts.txt", prompts), "-o", folder.path("out"),
                           "--base-url", server.base_url(), "--model", "m"}});
    CAPTURE(got.err);
    CHECK(got.code == 1);  // one prompt is refused for good
    const auto results = results_by_id(folder.read("out"));
    REQUIRE(results.size() == 24);
    std::size_t answered = 0;
    for (const auto& [id, result] : results) answered += result.at("error").is_null();
    CHECK(answered == 23);
    CHECK(results.at("line-1").at("stagger").at("attempts") == 3);
    CHECK(results.at("line-1").at("stagger").at("rejections") == 2);  // 429, and 503 that says overloaded
    CHECK(results.at("line-2").at("error").at("code") == "bad_request");
    CHECK(results.at("line-2").at("response").at("status_code") == 400);
    const auto& tool = results.at("line-4").at("response").at("body").at("choices").at(0);
    CHECK(tool.at("message").at("tool_calls").at(0).at("function").at("name") == "weather");

    CHECK(server.journal().size() == 26);
    for (int number = 1; number <= 20; ++number) {
        CHECK(server.times_of("question " + std::to_string(number)).size() == 1);
    }
    const auto times = server.times_of("refused twice");
    REQUIRE(times.size() == 3);
    CHECK(times[1] - times[0] >= 999);  // its Retry-After is 1 s; the journal counts whole milliseconds
}

TEST_CASE("aimock: streams are put together, and one that is cut off is an error with the text so far") {
    if (!npm_servers_installed()) return;
    const aimock_server server;
    SUBCASE("in many pieces") {
        const auto got = run(complete(server, "at length", {"--stream"}));
        CHECK(got.code == 0);
        CHECK(
            got.out ==
            "Drop by drop the answer comes, and every drop is a little später than the one before it was.\n");
        CHECK(got.err.empty());
        const auto journal = server.journal();
        REQUIRE(journal.size() == 1);
        CHECK(journal[0].at("body").at("stream") == true);
    }
    SUBCASE("after refusals") {
        const auto got = run(complete(server, "refused twice", {"--stream"}));
        CHECK(got.code == 0);
        CHECK(got.out == "the third time\n");
        CHECK(server.times_of("refused twice").size() == 3);
    }
    SUBCASE("cut off") {
        const auto got = run(complete(server, "cut off", {"--stream"}));
        CAPTURE(got.err);
        CHECK(got.code == 1);
        CHECK(got.out.starts_with("half"));
        CHECK(std::string("half of this is never sent").starts_with(got.out.substr(0, got.out.size() - 1)));
        CHECK(got.out.size() < std::string("half of this is never sent").size());
        CHECK(got.err.find("the answer above is not whole") != std::string::npos);
        const auto journal = server.journal();
        REQUIRE(journal.size() == 1);
        CHECK(journal[0].at("response").at("interrupted") == true);
    }
}

TEST_CASE("aimock: a broken connection and an answer that is no JSON are asked again") {
    if (!npm_servers_installed()) return;
    const aimock_server server;
    SUBCASE("a connection that is closed without an answer") {
        const auto got = run(
            complete(server, "hello", {"--header", "x-aimock-chaos-disconnect: 1", "--max-attempts", "2"}));
        CAPTURE(got.err);
        CHECK(got.code == 1);
        CHECK(got.err.find("closed before an answer began") != std::string::npos);
        CHECK(server.journal().size() == 2);
    }
    SUBCASE("a body that is not JSON") {
        const auto got = run(complete(server, "hello", {"--header", "x-aimock-chaos-malformed: 1"}));
        CAPTURE(got.err);
        CHECK(got.code == 1);
        CHECK(got.err.find("answer is no JSON, or only a part of it after 3 attempts") != std::string::npos);
        CHECK(server.journal().size() == 3);
    }
}
