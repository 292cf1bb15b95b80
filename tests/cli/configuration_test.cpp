#include <doctest/doctest.h>

#include "cli/child.hpp"
#include "cli/servers.hpp"

// One configuration for all commands, as users meet it.
namespace {

using stagger::test::chat_answer;
using words = std::vector<std::string>;

const std::string nowhere = "http://127.0.0.1:1/v1";

bool is_one_line(const std::string& text) {
    return text.starts_with("stagger: ") && text.find('\n') == text.size() - 1;
}

}  // namespace

TEST_CASE("ten wrong configurations are refused with 2, file, line and what was meant") {
    const temporary_folder folder;
    const auto prompts = folder.write("prompts.txt", "one\n");
    const std::vector<std::pair<std::string, std::string>> wrong{
        {"[batch]\nmodle = \"x\"\n", ":2: modle is not an option of batch; did you mean model?"},
        {"[bach]\nmodel = \"x\"\n", ":1: [bach] is no section; did you mean batch?"},
        {"[batch]\nmax-tokens = -3\n", ":2: --max-tokens: must be a whole number from 1, is \"-3\""},
        {"[common]\n\ntimeout = \"5\"\n", ":3: --timeout: must read like 250ms, 30s or 1h30m, is \"5\""},
        {"[batch]\ntemperature = 3\n", ":2: --temperature: must be within 0 and 2, is 3"},
        {"[batch]\nmodel = llama\n", ":2: is not TOML, in which texts stand in quotes: "},
        {"[batch]\nquiet = \"maybe\"\n", ":2: --quiet: must be true or false, is \"maybe\""},
        {"[batch]\nparam = [\"top_p\"]\n", ":2: --param: must read NAME=JSON, is \"top_p\""},
        {"rpm = 5\n", ":1: rpm is not an option of stagger itself; it belongs under [common] or a command"},
        {"[batch]\npolicy = \"panic\"\n", ":2: --policy: \"panic\" is none of coordinated"},
        {"[batch]\nmodel = [\"a\", \"b\"]\n", ":2: model: takes one value, not a list"},
        {"default-profile = \"locl\"\n[profile.local]\n",
         ": no profile \"locl\"; did you mean local? There are: local"},
    };
    for (const auto& [text, message] : wrong) {
        const auto config = folder.write("config.toml", text);
        const auto got =
            run({STAGGER_COMMAND,
                 {"batch", prompts, "-o", folder.path("out"), "--base-url", nowhere, "-c", config}});
        CAPTURE(got.err);
        CHECK(got.code == 2);
        CHECK(is_one_line(got.err));
        CHECK(got.err.find("stagger: " + config + message) == 0);
    }
}

TEST_CASE("thirty slips on the command line are told with what was meant") {
    const std::vector<std::pair<words, std::string>> slips{
        {{"bacth"}, "bacth is no command; did you mean batch?"},
        {{"complet"}, "did you mean complete?"},
        {{"benhc"}, "did you mean bench?"},
        {{"exprot"}, "did you mean export?"},
        {{"limit"}, "did you mean limits?"},
        {{"prob"}, "did you mean probe?"},
        {{"reply"}, "did you mean replay?"},
        {{"reprot"}, "did you mean report?"},
        {{"simulat"}, "did you mean simulate?"},
        {{"hlep"}, "did you mean help?"},
        {{"frobnicate"}, "frobnicate is no command: there are complete, batch"},
        {{"help", "bacth"}, "bacth is no command; did you mean batch?"},
        {{"batch", "p", "-o", "r", "--modle", "m"}, "--modle is no option of batch; did you mean --model?"},
        {{"batch", "p", "-o", "r", "--modle=m"}, "did you mean --model?"},
        {{"batch", "p", "-o", "r", "--max-token", "5"}, "did you mean --max-tokens?"},
        {{"batch", "p", "-o", "r", "--max-concurency", "5"}, "did you mean --max-concurrency?"},
        {{"batch", "p", "-o", "r", "--baseurl", "u"}, "did you mean --base-url?"},
        {{"batch", "p", "-o", "r", "--base_url", "u"}, "did you mean --base-url?"},
        {{"batch", "p", "-o", "r", "--retry-fialed"}, "did you mean --retry-failed?"},
        {{"batch", "p", "-o", "r", "--overwite"}, "did you mean --overwrite?"},
        {{"batch", "p", "-o", "r", "--quite"}, "did you mean --quiet?"},
        {{"batch", "p", "-o", "r", "--Model", "m"}, "did you mean --model?"},
        {{"batch", "p", "-o", "r", "--configg", "c"}, "did you mean --config?"},
        {{"batch", "p", "-o", "r", "--profil", "c"}, "did you mean --profile?"},
        {{"complete", "hi", "--steam"}, "did you mean --stream?"},
        {{"complete", "hi", "--temprature", "1"}, "did you mean --temperature?"},
        {{"bench", "--request", "1"}, "did you mean --requests?"},
        {{"export", "r", "--as", "csv", "-o", "x", "--jion", "p"}, "did you mean --join?"},
        {{"limits", "--josn"}, "did you mean --json?"},
        {{"simulate", "--sees", "1"}, "did you mean --seeds?"},
        {{"probe", "--max-requets", "1"}, "did you mean --max-requests?"},
        {{"batch", "p", "-o", "r", "--wholly-unknown"},
         "--wholly-unknown is no option of batch (see --help)"},
    };
    for (const auto& [line, message] : slips) {
        const auto got = run({STAGGER_COMMAND, line});
        CAPTURE(got.err);
        CAPTURE(message);
        CHECK(got.code == 2);
        CHECK(is_one_line(got.err));
        CHECK(got.err.find(message) != std::string::npos);
    }
}

TEST_CASE("a misspelt column is told with the one that was meant") {
    const temporary_folder folder;
    const auto table = folder.write("people.csv", "name,age\nAnn,30\n");
    const auto got = run({STAGGER_COMMAND,
                          {"batch", table, "-o", folder.path("out"), "--base-url", nowhere, "--template",
                           "Write to {nmae}."}});
    CAPTURE(got.err);
    CHECK(got.code == 2);
    CHECK(got.err.find("the template's {nmae} is no column; did you mean name? There are: name, age") !=
          std::string::npos);
}

TEST_CASE("help is a command, too") {
    const auto all = run({STAGGER_COMMAND, {"help"}});
    CHECK(all.code == 0);
    CHECK(all.out == run({STAGGER_COMMAND, {"--help"}}).out);
    const auto of_batch = run({STAGGER_COMMAND, {"help", "batch"}});
    CHECK(of_batch.code == 0);
    CHECK(of_batch.out == run({STAGGER_COMMAND, {"batch", "--help"}}).out);
    CHECK(of_batch.out.find("-j,--max-concurrency") != std::string::npos);
}

TEST_CASE("profiles, and short options") {
    const temporary_folder folder;
    scripted_server local({{{chat_answer("hi"), stagger::test::turn::close}}});
    const auto key = folder.write("key", "sk-of-local\n");
    const auto config =
        folder.write("config.toml", "[common]\nmodel = \"usual\"\n[profile.local]\nbase-url = \"" +
                                        local.base_url() + "\"\napi-key-file = \"" + key + "\"\n");
    const auto got = run({STAGGER_COMMAND,
                          {"complete", "hello", "-c", config, "--profile", "local", "-j", "2", "-q"},
                          {{"OPENAI_BASE_URL", nowhere}, {"OPENAI_API_KEY", "sk-of-openai"}}});
    CAPTURE(got.err);
    CHECK(got.code == 0);
    CHECK(got.err.empty());
    CHECK(got.out == "hi\n");
    CHECK(local.requests().at(0).find("Bearer sk-of-local\r\n") != std::string::npos);
    CHECK(local.requests().at(0).find(R"("model":"usual")") != std::string::npos);
}

TEST_CASE(
    "the environment's base URL goes before the file's, with a warning, and the file's key stays at home") {
    const temporary_folder folder;
    const auto key = folder.write("key", "sk-of-file\n");
    const auto config = folder.write(
        "config.toml", "[complete]\nbase-url = \"" + nowhere + "\"\napi-key-file = \"" + key + "\"\n");
    scripted_server server({{{chat_answer("hi"), stagger::test::turn::close}}});
    const auto got = run({STAGGER_COMMAND,
                          {"complete", "hello", "--config", config, "-m", "m"},
                          {{"OPENAI_BASE_URL", server.base_url()}, {"OPENAI_API_KEY", "sk-of-openai"}}});
    CAPTURE(got.err);
    CHECK(got.code == 0);
    CHECK(got.err.find("the base URL of OPENAI_BASE_URL is taken, not that of " + config +
                       ":2; --base-url or --profile chooses") != std::string::npos);
    CHECK(got.err.find("the key of " + config + ":3 is not sent") != std::string::npos);
    CHECK(server.requests().at(0).find("Bearer sk-of-openai\r\n") != std::string::npos);
}
