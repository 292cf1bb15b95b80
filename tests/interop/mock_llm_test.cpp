#include <doctest/doctest.h>

#include <boost/json/parse.hpp>

#include "interop/other_servers.hpp"

namespace {

using words = std::vector<std::string>;

child_setup complete(const std::string& base_url, const std::string& prompt, const words& options = {}) {
    child_setup setup{STAGGER_COMMAND, {"complete", prompt, "--base-url", base_url, "--model", "m"}};
    setup.arguments.insert(setup.arguments.end(), options.begin(), options.end());
    return setup;
}

}  // namespace

TEST_CASE("mock-llm: chat, completions and LLM Engine are answered") {
    if (!npm_servers_installed()) return;
    const mock_llm_server server;
    const temporary_folder folder;
    struct way {
        std::string dialect, base_url;
        int prompt_tokens, completion_tokens;
    };
    const std::vector<way> ways{{"openai-chat", server.url() + "/v1", 3, 4},
                                {"openai-completions", server.url() + "/v1", 5, 6},
                                {"llm-engine", server.url(), 7, 8}};
    for (const auto& each : ways) {
        CAPTURE(each.dialect);
        const auto summary = folder.path(each.dialect);
        const auto got =
            run(complete(each.base_url, "say it back", {"--dialect", each.dialect, "--summary", summary}));
        CHECK(got.code == 0);
        CHECK(got.out == "say it back\n");
        CHECK(got.err.empty());
        const auto figures = boost::json::parse(folder.read(each.dialect));
        CHECK(figures.at("attempts") == 1);
        CHECK(figures.at("prompt_tokens") == each.prompt_tokens);
        CHECK(figures.at("completion_tokens") == each.completion_tokens);
    }
}

TEST_CASE("mock-llm: a chat is streamed") {
    if (!npm_servers_installed()) return;
    const mock_llm_server server;
    const auto got = run(complete(server.url() + "/v1", "say it back piece by piece", {"--stream"}));
    CHECK(got.code == 0);
    CHECK(got.out == "say it back piece by piece\n");
    CHECK(got.err.empty());
}

TEST_CASE("mock-llm: refusals and accidents") {
    if (!npm_servers_installed()) return;
    const mock_llm_server server;
    const auto refused = run(complete(server.url() + "/v1", "wrong key"));
    CHECK(refused.code == 4);
    CHECK(refused.err.find("no such key") != std::string::npos);

    const auto answered = run(complete(server.url() + "/twice", "hello", {"--log-level", "debug"}));
    CAPTURE(answered.err);
    CHECK(answered.code == 0);
    CHECK(answered.out == "the third time\n");
    CHECK(answered.err.find("too fast") != std::string::npos);
    CHECK(answered.err.find("an accident") != std::string::npos);

    const auto unknown = run(complete(server.url() + "/nowhere", "hello"));
    CHECK(unknown.code == 1);
    CHECK(unknown.err.find("Cannot POST /nowhere/chat/completions") != std::string::npos);
}
