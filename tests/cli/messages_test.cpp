#include <doctest/doctest.h>

#include "cli/child.hpp"
#include "cli/servers.hpp"

// Every way to be refused before anything was done: the exit code, and one clear message.
namespace {

using words = std::vector<std::string>;

outcome stagger_with(const words& arguments, const std::map<std::string, std::string>& environment = {}) {
    return run({STAGGER_COMMAND, arguments, environment});
}

bool is_one_line(const std::string& text) {
    return text.starts_with("stagger: ") && text.find('\n') == text.size() - 1;
}

struct refusal {
    words options;
    int code;
    std::string message;
};

// Nobody listens there, and nobody may be asked.
const std::string nowhere = "http://127.0.0.1:1/v1";

}  // namespace

TEST_CASE("help and version go to standard output and end with 0") {
    for (const auto& arguments : {words{"--help"}, words{"complete", "--help"}, words{"batch", "--help"},
                                  words{"replay", "--help"}, words{"-h"}}) {
        const auto got = stagger_with(arguments);
        CHECK(got.code == 0);
        CHECK(got.out.find("Usage: stagger") != std::string::npos);
        CHECK(got.err.empty());
    }
    for (const auto& arguments :
         {words{"--version"}, words{"complete", "--version"}, words{"batch", "--version"}}) {
        const auto got = stagger_with(arguments);
        CHECK(got.code == 0);
        CHECK(got.out.starts_with("stagger " STAGGER_VERSION));
        CHECK(got.err.empty());
    }
}

TEST_CASE("the help of each command names every option of the contract") {
    for (const auto* name : {"complete", "batch"}) {
        const auto got = stagger_with({name, "--help"});
        for (const auto* option : {"--version",         "--base-url",     "--model",
                                   "--dialect",         "--api-key-file", "--policy",
                                   "--max-concurrency", "--max-attempts", "--timeout",
                                   "--deadline",        "--rpm",          "--tpm",
                                   "--probing",         "--no-remember",  "--ca-file",
                                   "--max-tokens",      "--temperature",  "--param",
                                   "--header",          "--jitter-seed",  "--quiet",
                                   "--log-level",       "--summary",      "--decision-log"}) {
            CAPTURE(option);
            CHECK(got.out.find(option) != std::string::npos);
        }
    }
}

TEST_CASE("without a command there is help, and 2") {
    const auto got = stagger_with({});
    CHECK(got.code == 2);
    CHECK(got.out.empty());
    CHECK(got.err.find("Usage: stagger") != std::string::npos);
}

TEST_CASE("wrong usage ends with 2 and says what is wrong") {
    const temporary_folder folder;
    const auto prompts = folder.write("prompts.txt", "one\n");
    const auto results = folder.path("out.jsonl");
    const auto empty_key = folder.write("empty", "\n");
    const auto odd_key = folder.write("odd", "two words");
    const std::vector<refusal> refusals{
        {{"--bogus"}, 2, "--bogus"},
        {{"--timeout", "5"}, 2, "--timeout: must read like 250ms, 30s or 1h30m"},
        {{"--timeout", "0"}, 2, "--timeout: must be longer than 0"},
        {{"--deadline", "-1s"}, 2, "--deadline"},
        {{"--max-concurrency", "0"}, 2, "--max-concurrency: must be a whole number from 1"},
        {{"--max-concurrency", "-1"}, 2, "--max-concurrency"},
        {{"--max-attempts", "x"}, 2, "--max-attempts: must be a whole number from 0"},
        {{"--max-tokens", "0"}, 2, "--max-tokens"},
        {{"--temperature", "3"}, 2, "--temperature: must be within 0 and 2"},
        {{"--temperature", "nan"}, 2, "--temperature: must be within 0 and 2, is nan"},
        {{"--temperature", "hot"}, 2, "--temperature: must be a number, is \"hot\""},
        {{"--dialect", "smoke-signals"},
         2,
         "--dialect: must be auto, openai-chat, openai-completions, llm-engine, openai-responses, "
         "openai-embeddings, anthropic-messages or gemini, is \"smoke-signals\""},
        {{"--policy", "panic"}, 2, "--policy: \"panic\" is none of coordinated, none, tenacity"},
        {{"--policy", "fixed-rate"}, 2, "--policy fixed-rate: needs --rpm"},
        {{"--policy", "fixed-rate", "--tpm", "600"}, 2, "--policy fixed-rate: needs --rpm"},
        {{"--rpm", "-5"}, 2, "--rpm: must be a number from 0 (0: unknown), is -5"},
        {{"--tpm", "many"}, 2, "--tpm: must be a number, is \"many\""},
        {{"--jitter-seed", "-3"}, 2, "--jitter-seed: must be a whole number from 0, is \"-3\""},
        {{"--ordered=x"}, 2, "--ordered: must be a whole number from 1, is \"x\""},
        {{"--quiet=maybe"}, 2, "--quiet: must be true or false, is \"maybe\""},
        {{"--api-key", "sk"}, 2, "--api-key is no option of batch"},
        {{"--probing", "30%"}, 2, "--probing: must be off, or within 0.1% and 20%"},
        {{"--probing", "1"}, 2, "--probing"},
        {{"--header", "no colon"}, 2, "--header: must read"},
        {{"--header", "Host: elsewhere"}, 2, "Host"},
        {{"--header", "X: a\nInjected: b"}, 2, "header"},
        {{"--header", "Authorization: Bearer sk-visible"}, 2, "--api-key-file"},
        {{"--param", "top_p"}, 2, "--param: must read NAME=JSON"},
        {{"--param", "stop=word"}, 2, "--param stop: the value must be JSON"},
        {{"--param", "stream=true"}, 2, "--param stream"},
        {{"--log-level", "loud"}, 2, "--log-level: must be trace, debug"},
        {{"--format", "xml"}, 2, "--format: must be auto, text, jsonl, csv, tsv or json, is"},
        {{"--limit", "0"}, 2, "--limit: must be a whole number from 1, is \"0\""},
        {{"--shard", "2/2"}, 2, "--shard: must read I/N with I from 0 and below N, is \"2/2\""},
        {{"--shard", "1"}, 2, "--shard: must read I/N"},
        {{"--limit", "1", "--sample", "1"}, 2, "--limit: cannot stand beside --sample"},
        {{"--separator", ";;"}, 2, "--separator: must be one ASCII character, or tab, is"},
        {{"--system", "a", "--system-file", "b"}, 2, "--system: cannot stand beside --system-file"},
        {{"--template", "{text}", "--template-file", "b"}, 2, "--template: cannot stand beside"},
        {{"--template", "no place"}, 2, "--template: has no place"},
        {{"--base-url", "ftp://127.0.0.1"}, 2, "base_url: must begin with http"},
        {{"--api-key-file", empty_key}, 2, "holds no API key"},
        {{"--api-key-file", odd_key}, 2, "printable ASCII"},
        {{"--base-url", ""}, 2, "no base URL: give --base-url or set OPENAI_BASE_URL"},
        {{"--base-url", "", "--dialect", "llm-engine"}, 2, "LLM_ENGINE_BASE_PATH"},
        {{"--base-url", "", "--dialect", "anthropic-messages"}, 2, "ANTHROPIC_BASE_URL"},
    };
    for (const auto& each : refusals) {
        CAPTURE(each.message);
        words arguments{"batch", prompts, "-o", results};
        const bool own_url = each.options.front() == "--base-url";
        if (!own_url) arguments.insert(arguments.end(), {"--base-url", nowhere});
        arguments.insert(arguments.end(), each.options.begin(), each.options.end());
        const auto got = stagger_with(arguments);
        CHECK(got.code == each.code);
        CHECK(got.out.empty());
        CAPTURE(got.err);
        CHECK(is_one_line(got.err));
        CHECK(got.err.find(each.message) != std::string::npos);
        CHECK(got.err.find("sk-visible") == std::string::npos);
        CHECK_FALSE(std::filesystem::exists(results));
    }
}

TEST_CASE("missing and unknown arguments end with 2") {
    for (const auto& arguments :
         {words{"batch"}, words{"batch", "x"}, words{"batch", "-o", "x"}, words{"nope"}, words{"nope", "-x"},
          words{"--nope"}, words{"complete", "a", "b"}}) {
        const auto got = stagger_with(arguments);
        CHECK(got.code == 2);
        CAPTURE(got.err);
        CHECK(is_one_line(got.err));
    }
}

TEST_CASE("an unquoted prompt is told to need quotes") {
    const auto got = stagger_with({"complete", "Why", "is", "it?", "--base-url", nowhere});
    CHECK(got.code == 2);
    CAPTURE(got.err);
    CHECK(got.err.find("\"is it?\" was not expected: a prompt of several words needs quotes around it") !=
          std::string::npos);
}

TEST_CASE("results cannot go into the prompt file") {
    const temporary_folder folder;
    const auto prompts = folder.write("prompts.txt", "one\n");
    folder.write("other", "");
    const auto got = stagger_with({"batch", prompts, "-o", prompts, "--overwrite", "--base-url", nowhere});
    CHECK(got.code == 2);
    CHECK(is_one_line(got.err));
    CHECK(folder.read("prompts.txt") == "one\n");
}

TEST_CASE("files that cannot be used end with 3 before anything is sent, naming file and reason") {
    const temporary_folder folder;
    const auto prompts = folder.write("prompts.txt", "one\n");
    const auto foreign = folder.write("foreign.txt", "not ours\n");
    const auto missing = folder.path("missing");
    const auto beyond = folder.path("missing/out");
    const auto results = folder.path("out.jsonl");
    const std::string none = "No such file or directory";
    const std::vector<std::pair<words, words>> cases{
        {{missing, "-o", results}, {missing, none}},
        {{folder.path(""), "-o", results}, {folder.path(""), "Is a directory"}},
        {{prompts, "-o", beyond}, {beyond, none}},
        {{prompts, "-o", folder.path("")}, {folder.path(""), "Is a directory"}},
        {{prompts, "-o", foreign}, {foreign, "line 1 is not a result"}},
        {{prompts, "-o", results, "--ca-file", missing}, {missing, none}},
        {{prompts, "-o", results, "--api-key-file", missing}, {missing, none}},
        {{prompts, "-o", results, "--summary", beyond}, {beyond, none}},
    };
    for (const auto& [options, told] : cases) {
        words arguments{"batch"};
        arguments.insert(arguments.end(), options.begin(), options.end());
        arguments.insert(arguments.end(), {"--base-url", nowhere});
        const auto got = stagger_with(arguments);
        CAPTURE(got.err);
        CHECK(got.code == 3);
        CHECK(is_one_line(got.err));
        for (const auto& word : told) CHECK(got.err.find(word) != std::string::npos);
    }
    CHECK(folder.read("foreign.txt") == "not ours\n");
}

TEST_CASE("an unreachable server ends with 4 after ten seconds, saying what was tried") {
    const temporary_folder folder;
    const auto prompts = folder.write("prompts.txt", "one\ntwo\nthree\n");
    child batch({STAGGER_COMMAND, {"batch", prompts, "-o", folder.path("out"), "--base-url", nowhere}});
    const auto complete = stagger_with({"complete", "hello", "--base-url", nowhere});
    for (const auto& got : {complete, batch.wait()}) {
        CHECK(got.code == 4);
        CHECK(got.out.empty());
        CHECK(is_one_line(got.err));
        CHECK(got.err.find(nowhere) != std::string::npos);
        CHECK(got.err.find("nothing was answered within 10 s") != std::string::npos);
        CHECK(got.err.find("Connection refused") != std::string::npos);
    }
    CHECK(folder.read("out").empty());
}

TEST_CASE("a refused key ends with 4 at once, and is not repeated") {
    const temporary_folder folder;
    const auto key = folder.write("key", "sk-0123456789\n");
    const auto prompts = folder.write("prompts.txt", "one\ntwo\nthree\n");
    for (const unsigned status : {401u, 403u}) {
        const auto echo = stagger::test::answer(
            status,
            R"({"error":{"message":"Incorrect API key provided: sk-0123456789","type":"x","code":"y"}})");
        for (const auto& arguments :
             {words{"complete", "hello"}, words{"batch", prompts, "-o", folder.path("out")}}) {
            scripted_server server({{{echo}, {echo}, {echo}, {echo}}});
            auto all = arguments;
            all.insert(all.end(),
                       {"--base-url", server.base_url(), "--api-key-file", key, "--log-level", "trace"});
            const auto got = stagger_with(all);
            CAPTURE(got.err);
            CHECK(got.code == 4);
            CHECK(got.err.find("cannot use " + server.base_url()) != std::string::npos);
            CHECK(got.err.find("Incorrect API key provided") != std::string::npos);
            CHECK(got.err.find("sk-0123456789") == std::string::npos);
            CHECK_FALSE(server.requests().empty());
        }
        CHECK(folder.read("out").empty());
    }
}

TEST_CASE("where no key was sent and one is wanted, the message says where one is looked for") {
    const temporary_folder folder;
    const auto prompts = folder.write("prompts.txt", "one\n");
    const auto refusal = stagger::test::answer(401, R"({"error":{"message":"Incorrect API key provided"}})");
    const std::string hint =
        "; no API key was sent: give --api-key-file, here or in the configuration file, or set ";
    for (const auto& [dialect, variable] :
         {std::pair("openai-chat", "OPENAI_API_KEY"), std::pair("llm-engine", "SCALE_API_KEY")}) {
        for (const auto& arguments :
             {words{"complete", "hello"}, words{"batch", prompts, "-o", folder.path("out")}}) {
            scripted_server server({{{refusal}}});
            auto all = arguments;
            all.insert(all.end(), {"--base-url", server.base_url(), "--model", "m", "--dialect", dialect});
            const auto got = stagger_with(all);
            CAPTURE(got.err);
            CHECK(got.code == 4);
            CHECK(got.err.find(hint + variable) != std::string::npos);
            const auto with_key = stagger_with(all, {{variable, "sk-1"}});
            CHECK(with_key.code == 4);
            CHECK(with_key.err.find("no API key") == std::string::npos);
        }
    }
}

TEST_CASE("no secret is in anything that is written, at the most talkative level") {
    const temporary_folder folder;
    const std::string secret = "sk-0123456789";
    const std::string header_secret = "Zq7-header-value";
    const auto key = folder.write("key", secret + "\n");
    const auto prompts = folder.write("prompts.txt", "one\n");
    const std::string echo = R"({"error":{"message":"refused: )" + secret + " " + header_secret + R"("}})";
    for (const unsigned status : {400u, 401u, 429u, 200u}) {
        for (const auto& arguments :
             {words{"complete", "hello"}, words{"batch", prompts, "-o", folder.path("out"), "--overwrite"}}) {
            scripted_server server({{{stagger::test::answer(status, echo)}}});
            auto all = arguments;
            all.insert(all.end(),
                       {"--base-url", server.base_url(), "--api-key-file", key, "--log-level", "trace",
                        "--header", "X-Auth-Token: " + header_secret, "--max-attempts", "1", "--summary",
                        folder.path("summary"), "--decision-log", folder.path("decisions")});
            const auto got = stagger_with(all);
            CHECK(got.err.find("request 1 attempt 1: sent ") != std::string::npos);
            CHECK(got.err.find("[key] [key]") != std::string::npos);
            std::string written = got.out + got.err + folder.read("summary") + folder.read("decisions");
            if (arguments.front() == "batch") written += folder.read("out");
            CAPTURE(written);
            CHECK(written.find(secret) == std::string::npos);
            CHECK(written.find(header_secret) == std::string::npos);
            CHECK(server.requests().at(0).find(header_secret) != std::string::npos);
        }
    }
}

TEST_CASE("a password in a base URL is not repeated") {
    for (const auto* url : {"http://user:pass-word@127.0.0.1:1/v1", "ftp://user:pass-word@host/v1",
                            "http://user:pass-word@ho st/v1", "http://127.0.0.1:1/v1?key=pass-word#x"}) {
        const auto got = stagger_with({"complete", "hello", "--base-url", url, "--log-level", "trace"});
        CHECK(got.code == 2);
        CHECK(got.err.find("base_url: ") != std::string::npos);
        CHECK(got.err.find("pass-word") == std::string::npos);
    }
}

TEST_CASE("a base URL's query goes with every request, and a key in it is not repeated") {
    const auto echo = stagger::test::answer(401, R"({"error":{"message":"bad key pass-word, version 7"}})");
    scripted_server server({{{echo}}});
    const auto got =
        stagger_with({"complete", "hello", "--base-url", server.base_url() + "?api-version=7&key=pass-word",
                      "--log-level", "trace"});
    CHECK(got.code == 4);
    CHECK(server.requests().at(0).starts_with(
        "POST /v1/chat/completions?api-version=7&key=pass-word HTTP/1.1\r\n"));
    CHECK(got.err.find("cannot use " + server.base_url() + "?[...]: ") != std::string::npos);
    CHECK(got.err.find("bad key [key], version 7") != std::string::npos);
    CHECK(got.err.find("pass-word") == std::string::npos);
}

TEST_CASE("auto finds out what is spoken by the base URL's path") {
    const auto ask = [&](const std::string& path, const std::string& answer, const words& options) {
        scripted_server server({{{answer, stagger::test::turn::close}}});
        const auto url = server.base_url();
        words arguments{"complete", "hello",      "--model",
                        "m",        "--base-url", url.substr(0, url.rfind('/')) + path};
        arguments.insert(arguments.end(), options.begin(), options.end());
        const auto got =
            stagger_with(arguments, {{"ANTHROPIC_API_KEY", "sk-ant"}, {"OPENAI_API_KEY", "sk-open"}});
        CAPTURE(got.err);
        CHECK(got.code == 0);
        CHECK(got.out == "hi\n");
        return server.requests().at(0);
    };
    using stagger::test::answer;
    const auto messages =
        answer(200, R"({"content":[{"type":"text","text":"hi"}],"stop_reason":"end_turn"})");
    const auto anthropic = ask("/v1/messages", messages, {});
    CHECK(anthropic.starts_with("POST /v1/messages HTTP/1.1\r\n"));
    CHECK(anthropic.find("x-api-key: sk-ant\r\n") != std::string::npos);
    CHECK(anthropic.find("anthropic-version: 2023-06-01\r\n") != std::string::npos);
    CHECK(ask("", messages, {"--dialect", "anthropic-messages"}).starts_with("POST /v1/messages "));
    const auto chat = ask("/v1", stagger::test::chat_answer("hi"), {"--dialect", "auto"});
    CHECK(chat.starts_with("POST /v1/chat/completions "));
    CHECK(chat.find("Bearer sk-open\r\n") != std::string::npos);
    const auto gemini = ask("/v1beta/models/g:generateContent",
                            answer(200, R"({"candidates":[{"content":{"parts":[{"text":"hi"}]}}]})"), {});
    CHECK(gemini.starts_with("POST /v1beta/models/m:generateContent "));
    CHECK(gemini.find("x-goog-api-key: sk-open\r\n") != std::string::npos);
}

TEST_CASE("a key from a file or the environment is sent as the dialect wants it") {
    const temporary_folder folder;
    const auto key = folder.write("key", "sk-from-file\n");
    const auto ask = [&](const words& options, const std::map<std::string, std::string>& environment) {
        scripted_server server({{{stagger::test::chat_answer("hi"), stagger::test::turn::close}}});
        words arguments{"complete", "hello", "--base-url", server.base_url()};
        arguments.insert(arguments.end(), options.begin(), options.end());
        CHECK(stagger_with(arguments, environment).code == 0);
        const auto requests = server.requests();
        REQUIRE(requests.size() == 1);
        return requests.front();
    };
    CHECK(ask({"--api-key-file", key}, {{"OPENAI_API_KEY", "sk-other"}}).find("Bearer sk-from-file\r\n") !=
          std::string::npos);
    CHECK(ask({}, {{"OPENAI_API_KEY", "sk-other"}}).find("Bearer sk-other\r\n") != std::string::npos);
    CHECK(ask({}, {{"SCALE_API_KEY", "sk-other"}}).find("uthorization") == std::string::npos);
}

TEST_CASE("results that version 0.1 wrote are continued: what is compared is the dialect that was found") {
    struct written {
        words options;
        std::string body;
        std::string parameters;
    };
    const std::string chat =
        R"({"id":"r","choices":[{"index":0,"message":{"role":"assistant","content":"hi"}}]})";
    const std::string text = R"({"id":"r","choices":[{"index":0,"text":"hi","finish_reason":"stop"}]})";
    const std::string engine = R"({"request_id":"r","output":{"text":"hi"}})";
    const std::vector<written> files{
        {{}, chat, "bda2c2e4b70c7f61"},
        {{"--dialect", "auto"}, chat, "bda2c2e4b70c7f61"},
        {{"--dialect", "openai-chat"}, chat, "bda2c2e4b70c7f61"},
        {{"--dialect", "openai-completions"}, text, "0eb935bd2a5b34d1"},
        {{"--dialect", "llm-engine"}, engine, "98fa7986fc1e64a3"},
    };
    for (const written& each : files) {
        const temporary_folder folder;
        const auto results = folder.write(
            "out", R"({"id":"batch_req_ab65ecc5ec19a29d","custom_id":"line-1","response":{"status_code":200,)"
                   R"("request_id":"r","body":)" +
                       each.body +
                       R"(},"error":null,"stagger":{"attempts":1,"rejections":0,"waiting_s":0.000003,)"
                       R"("service_s":0.007788,"line":1,"line_hash":"ae069b45d1dca007","parameters_hash":")" +
                       each.parameters + "\"}}\n");
        const auto first_line = folder.read("out");
        scripted_server server({{{stagger::test::answer(200, each.body)}}});
        words arguments{"batch",        folder.write("prompts", "one\ntwo\n"),
                        "-o",           results,
                        "--base-url",   server.base_url(),
                        "--model",      "m",
                        "--max-tokens", "5"};
        arguments.insert(arguments.end(), each.options.begin(), each.options.end());
        const auto got = stagger_with(arguments);
        CAPTURE(got.err);
        CHECK(got.code == 0);
        CHECK(server.requests().size() == 1);
        CHECK(folder.read("out").starts_with(first_line));
        CHECK(folder.read("out").find("line-2") != std::string::npos);
    }
}
