// Every line that a batch writes keeps to docs/result-line.schema.json, however its prompt ended.

#include <doctest/doctest.h>

#include <algorithm>
#include <boost/json/parse.hpp>
#include <fstream>
#include <iterator>

#include "cli/batch_command.hpp"
#include "cli/child.hpp"
#include "cli/result_lines.hpp"
#include "cli/servers.hpp"
#include "support/json_schema.hpp"

using stagger::test::answer;
using stagger::test::chat_answer;
using stagger::test::turn;

namespace {

const boost::json::value& schema() {
    static const auto read = [] {
        std::ifstream file(RESULT_LINE_SCHEMA);
        return boost::json::parse(std::string((std::istreambuf_iterator<char>(file)), {}));
    }();
    return read;
}

/// Checks every line; the code of each error, or "answered".
std::vector<std::string> checked(const std::string& results) {
    std::vector<std::string> endings;
    for (const auto& line : lines_of(results)) {
        for (const auto& problem : support::schema_violations(schema(), line)) FAIL_CHECK(problem);
        const auto& error = line.at("error");
        endings.emplace_back(error.is_null() ? "answered" : error.at("code").as_string().c_str());
    }
    return endings;
}

using endings = std::vector<std::string>;

/// One prompt at a time, each sent once.
outcome ask(const scripted_server& server, const temporary_folder& folder, const std::string& prompts,
            std::vector<std::string> options = {}) {
    options.insert(options.end(), {"--max-concurrency", "1", "--max-attempts", "1"});
    return run(batch(server.base_url(), folder.write("prompts", prompts), folder.path("out"), options));
}

}  // namespace

TEST_CASE("the checker of schemas finds what is wrong, and refuses a rule that it does not know") {
    const auto problems = [](const char* value, const char* rules) {
        return support::schema_violations(boost::json::parse(rules), boost::json::parse(value)).size();
    };
    const auto* rules = R"({"type":"object","required":["a"],"additionalProperties":false,"properties":
        {"a":{"type":["integer","null"],"minimum":1,"maximum":3},"b":{"type":"string","pattern":"^x$","minLength":1},
         "c":{"type":"array","items":{"enum":[1,2]}}}})";
    CHECK(problems(R"({"a":1,"b":"x","c":[1,2]})", rules) == 0);
    CHECK(problems(R"({"a":null})", rules) == 0);
    for (const auto* wrong :
         {R"({"b":"x"})", R"({"a":0})", R"({"a":4})", R"({"a":1.5})", R"({"a":1,"b":"y"})",
          R"({"a":1,"d":1})", R"({"a":1,"c":[3]})", "[]", R"({"a":1,"b":7})"}) {
        CAPTURE(wrong);
        CHECK(problems(wrong, rules) == 1);
    }
    CHECK(problems(R"({"a":1,"b":""})", rules) == 2);
    CHECK_THROWS_AS(problems("{}", R"({"oneOf":[]})"), std::invalid_argument);
}

TEST_CASE("lines of answered, refused, failed, cut and unreadable prompts keep to the schema") {
    const temporary_folder folder;
    const std::string cut = chat_answer("never whole");
    scripted_server server(
        {{{chat_answer("hi")},
          {answer(400, R"({"error":{"message":"no"}})")},
          {answer(422, "not\r\njson \xff")},
          {answer(500, "{\"error\":\r\n{\"message\":\"broken\"}}", "x-request-id: r-5\r\n")},
          {answer(429, R"({"error":{"message":"slow down"}})")},
          {answer(200, "not json")},
          {cut.substr(0, cut.size() - 5), turn::close}}});
    const auto got = ask(server, folder, "1\n2\n3\n4\n5\n6\n7\n\xff\n");
    CAPTURE(got.err);
    CHECK(got.code == 1);
    auto ended = checked(folder.read("out"));
    std::sort(ended.begin(), ended.end());
    CHECK(ended == endings{"answer_truncated", "answered", "bad_request", "bad_request", "invalid_request",
                           "rate_limited", "server_error", "unreadable_answer"});
}

TEST_CASE("lines that a resumed run adds keep to the schema, too") {
    const temporary_folder folder;
    scripted_server first({{{chat_answer("1")}, {answer(400, R"({"error":{"message":"no"}})")}}});
    CHECK(ask(first, folder, "one\ntwo\n").code == 1);
    scripted_server second({{{chat_answer("2")}, {chat_answer("3")}}});
    CHECK(ask(second, folder, "one\ntwo\nthree\n", {"--retry-failed"}).code == 0);
    CHECK(checked(folder.read("out")) == endings{"answered", "answered", "answered"});
}

TEST_CASE("a line of a prompt whose time ran out keeps to the schema") {
    const temporary_folder folder;
    scripted_server server({{{"", turn::fall_silent}}});
    CHECK(ask(server, folder, "one\n", {"--deadline", "50ms"}).code == 1);
    CHECK(checked(folder.read("out")) == endings{"deadline_exceeded"});
}
