// Files of OpenAI's Batch API and of vLLM's run-batch: what they ask is sent as it is, and what comes back
// can be read by what reads theirs.

#include <doctest/doctest.h>

#include <boost/json/parse.hpp>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "cli/batch_command.hpp"
#include "cli/child.hpp"
#include "cli/result_lines.hpp"
#include "cli/servers.hpp"
#include "support/json_schema.hpp"

using stagger::test::answer;
using stagger::test::chat_answer;

namespace {

std::string content_of(const std::string& name) {
    std::ifstream file(std::string(OPENAI_FILES) + "/" + name, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
}

/// The text of each line's body, as it is written there.
std::vector<std::string> bodies_of(const std::string& requests) {
    std::vector<std::string> bodies;
    std::istringstream lines(requests);
    for (std::string line; std::getline(lines, line);) {
        const auto name = line.find("\"body\":");
        const auto begin = line.find('{', name);
        auto depth = 0;
        auto end = begin;
        do {
            depth += (line[end] == '{') - (line[end] == '}');
            ++end;
        } while (depth > 0);
        bodies.push_back(line.substr(begin, end - begin));
    }
    return bodies;
}

struct format {
    const char* file;
    const char* dialect;
    std::string answered;
};

}  // namespace

TEST_CASE(
    "files for OpenAI's Batch API and for run-batch are sent as they are, and answered in OpenAI's shape") {
    const std::string text_answer = answer(
        200, R"({"id":"cmpl-1","object":"text_completion","created":1,"model":"m","choices":[{"index":0,)"
             R"("text":"hi","logprobs":null,"finish_reason":"stop"}],"usage":{"prompt_tokens":1,)"
             R"("completion_tokens":1,"total_tokens":2}})");
    const auto strict = boost::json::parse(content_of("output_line.schema.json"));
    for (const auto& [file, dialect, answered] :
         {format{"chat.jsonl", "openai-chat", chat_answer("hi")},
          format{"run_batch.jsonl", "openai-chat", chat_answer("hi")},
          format{"completions.jsonl", "openai-completions", text_answer}}) {
        CAPTURE(file);
        const temporary_folder folder;
        const auto requests = content_of(file);
        const auto bodies = bodies_of(requests);
        REQUIRE(bodies.size() >= 2);
        scripted_server server({{{answered},
                                 {answer(400, R"({"error":{"message":"no","type":"t","code":null}})")},
                                 {answered}}});
        const auto got = run(batch(server.base_url(), std::string(OPENAI_FILES) + "/" + file,
                                   folder.path("out"), {"--max-concurrency", "1", "--dialect", dialect}));
        CAPTURE(got.err);
        CHECK(got.code == 1);  // the second is refused
        const auto sent = server.requests();
        REQUIRE(sent.size() == bodies.size());
        for (std::size_t index = 0; index < sent.size(); ++index) {
            CHECK(sent[index].substr(sent[index].find("\r\n\r\n") + 4) == bodies[index]);
        }
        const auto asked = lines_of(requests);
        const auto results = lines_of(folder.read("out"));
        REQUIRE(results.size() == asked.size());
        for (std::size_t index = 0; index < results.size(); ++index) {
            auto line = results[index];
            CHECK(line.at("custom_id") == asked[index].at("custom_id"));
            CHECK(line.at("response").at("status_code") == (index == 1 ? 400 : 200));
            line.erase("stagger");
            for (const auto& problem : support::schema_violations(strict, line)) FAIL_CHECK(problem);
        }
    }
}
