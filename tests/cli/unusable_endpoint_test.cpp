#include <doctest/doctest.h>

#include <string>

#include "cli/batch_command.hpp"
#include "cli/child.hpp"
#include "cli/result_lines.hpp"
#include "cli/servers.hpp"

using stagger::test::answer;
using stagger::test::chat_answer;
using stagger::test::turn;

namespace {

const turn good{chat_answer("ok")};

/// Connections after the first go on with what the first one ends with.
std::vector<stagger::test::scripted_peer::script> after(std::size_t answers, const turn& fault) {
    std::vector<turn> first(answers, good);
    const std::vector<turn> rest(200, fault);
    first.insert(first.end(), rest.begin(), rest.end());
    return {first, rest};
}

struct fault {
    const char* what;
    turn reply;
    std::size_t answers;  // before it
    const char* said;
};

}  // namespace

TEST_CASE(
    "a batch ends with 4 soon after the endpoint has become unusable, and goes on once it is usable again") {
    const fault faults[] = {
        {"wrong path", {answer(404, R"({"detail":"Not Found"})")}, 0, "does not know this path or model"},
        {"no credit", {answer(402, R"({"error":{"message":"pay first"}})")}, 0, "used up: pay first"},
        {"a page", {answer(200, "<html><title>Welcome</title></html>")}, 0, "no JSON"},
        {"a bad key", {answer(400, R"({"error":{"message":"API key not valid"}})")}, 0, "API key not valid"},
        {"a redirect", {answer(302, "", "Location: https://elsewhere.example/\r\n")}, 0, "elsewhere.example"},
        {"quota",
         {answer(429, R"({"error":{"message":"quota gone","code":"insufficient_quota"}})")},
         12,
         "used up: quota gone"},
        {"revoked", {answer(401, R"({"error":{"message":"key revoked"}})")}, 12, "key revoked"},
        {"not active",
         {answer(429, R"({"error":{"message":"inactive","code":"billing_not_active"}})")},
         0,
         "used up: inactive"},
    };
    for (const auto& [what, reply, answers, said] : faults) {
        CAPTURE(what);
        const temporary_folder folder;
        const auto prompts = folder.write("prompts", numbered_prompts(60));
        {
            scripted_server server(after(answers, reply));
            const auto got = run(batch(server.base_url(), prompts, folder.path("out"),
                                       {"--max-concurrency", "1", "--no-remember"}));
            CAPTURE(got.err);
            CHECK(got.code == 4);
            CHECK(got.err.find("cannot use " + server.base_url() + ": ") != std::string::npos);
            CHECK(got.err.find(said) != std::string::npos);
            CHECK(ids_of(folder.read("out")) == line_ids(1, static_cast<int>(answers)));
            // The first of them, and what is sent after it has come back.
            CHECK(server.requests().size() <= answers + 1 + 20);
        }
        scripted_server mended({std::vector<turn>(100, good)});
        const auto got = run(batch(mended.base_url(), prompts, folder.path("out"),
                                   {"--max-concurrency", "1", "--no-remember"}));
        CHECK(got.code == 0);
        CHECK(ids_of(folder.read("out")) == line_ids(1, 60));
    }
}

TEST_CASE("one prompt that the server does not know is a failed prompt") {
    const temporary_folder folder;
    scripted_server server({{good, {answer(404, R"({"error":{"message":"no model x"}})")}, good, good}});
    const auto got = run(batch(server.base_url(), folder.write("prompts", numbered_prompts(4)),
                               folder.path("out"), {"--max-concurrency", "1"}));
    CHECK(got.code == 1);
    CHECK(ids_of(folder.read("out")) == line_ids(1, 4));
}

TEST_CASE("--max-attempts is a number, or auto") {
    const temporary_folder folder;
    const auto prompts = folder.write("prompts", numbered_prompts(1));
    for (const auto* value : {"auto", "0", "3"}) {
        scripted_server server({{good}});
        CHECK(run(batch(server.base_url(), prompts, folder.path("out"),
                        {"--overwrite", "--max-attempts", value}))
                  .code == 0);
    }
    const auto got =
        run(batch("http://127.0.0.1:9", prompts, folder.path("out"), {"--max-attempts", "many"}));
    CHECK(got.code == 2);
    CHECK(got.err.find("must be a whole number from 0, or auto, is \"many\"") != std::string::npos);
}
