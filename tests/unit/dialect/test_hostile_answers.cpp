#include <doctest/doctest.h>

#include <string>
#include <utility>
#include <vector>

#include "base/utf8.hpp"
#include "dialect/dialect.hpp"
#include "json/json_text.hpp"
#include "json/lenient_json.hpp"
#include "stagger/random.hpp"

using namespace stagger::wire;
using stagger::dialect;
using stagger::errc;
using stagger::verdict;

namespace {

struct sample {
    dialect target;
    std::string body;
};

const std::vector<sample> samples{
    {dialect::openai_chat,
     R"({"id":"chatcmpl-1","choices":[{"index":0,"message":{"role":"assistant","content":"a\"\u017c }]"},)"
     R"("finish_reason":"stop"}],"usage":{"prompt_tokens":5,"completion_tokens":2}})"},
    {dialect::openai_completions, R"({"choices":[{"text":"ok \u00e9","finish_reason":null}],"usage":null})"},
    {dialect::llm_engine,
     R"({"request_id":"r","output":{"text":"ok","num_completion_tokens":1,"tokens":null}})"},
};

decoded_answer decoded(std::string body, dialect target, unsigned status = 200) {
    return decode(response{status, {}, std::move(body)}, target, 1.7e9);
}

/// JSON that says nothing, or none at all, which may be better the next time.
void check_no_answer(const decoded_answer& got, errc error) {
    CHECK(got.error == error);
    CHECK(got.what == stagger::classification{error == errc::unreadable_answer ? verdict::transient
                                                                               : verdict::permanent});
    CHECK(got.tells_limit);
    CHECK(got.answer.text.empty());
    CHECK_FALSE(got.answer.info.message.empty());
    CHECK(got.answer.info.message.size() <= 300);
}

std::string repeated(std::string_view piece, std::size_t count) {
    std::string out;
    for (std::size_t i = 0; i < count; ++i) out += piece;
    return out;
}

}  // namespace

TEST_CASE("an answer cut at any byte cannot be read") {
    for (const auto& [target, body] : samples) {
        REQUIRE_FALSE(decoded(body, target).error);
        for (std::size_t length = 0; length < body.size(); ++length) {
            CAPTURE(length);
            const auto cut = body.substr(0, length);
            const auto got = decoded(cut, target);
            check_no_answer(got, errc::unreadable_answer);
            CHECK(got.answer.raw == cut);
        }
    }
}

TEST_CASE("an answer with bytes behind it cannot be read") {
    for (const auto& [target, body] : samples) {
        CHECK_FALSE(decoded(body + "\r\n ", target).error);
        for (const auto* tail : {"x", "{}", "\0x", body.c_str()}) {
            if (*tail) check_no_answer(decoded(body + tail, target), errc::unreadable_answer);
        }
    }
}

TEST_CASE("JSON of another shape is malformed, and says how") {
    const char* shapes[] = {"null",
                            "1",
                            "\"text\"",
                            "[]",
                            "{}",
                            R"({"choices":null})",
                            R"({"choices":{}})",
                            R"({"choices":[null]})",
                            R"({"choices":["x"]})",
                            R"({"choices":[{}]})",
                            R"({"choices":[{"message":null,"text":null}]})",
                            R"({"choices":[{"message":[],"text":[]}]})",
                            R"({"choices":[{"message":{"content":7},"text":7}]})",
                            R"({"choices":[{"message":{"content":{}},"text":{}}]})",
                            R"({"output":null})",
                            R"({"output":"x"})",
                            R"({"output":{}})",
                            R"({"output":{"text":null}})",
                            R"({"output":{"text":["x"]}})"};
    for (const auto* shape : shapes) {
        CAPTURE(shape);
        for (const auto& one : samples) check_no_answer(decoded(shape, one.target), errc::malformed_answer);
    }
    CHECK(decoded("{}", dialect::openai_chat).answer.info.message ==
          "answer has an unknown shape: it has no choices; it begins with: {}");
}

TEST_CASE("what is no JSON at all cannot be read, and says why") {
    for (const auto* body : {"<html>hello</html>", "data: {}\n\n", "", " \r\n"}) {
        CAPTURE(body);
        for (const auto& one : samples) check_no_answer(decoded(body, one.target), errc::unreadable_answer);
    }
    CHECK(decoded("{\"a\"", dialect::openai_chat).answer.info.message ==
          "answer is not JSON (incomplete JSON); it begins with: {\"a\"");
    CHECK(decoded("", dialect::openai_chat).answer.info.message ==
          "answer is not JSON (incomplete JSON); the body is empty");
}

TEST_CASE("hostile JSON ends in an error, not in a crash") {
    const std::string bombs[] = {
        repeated("[", 1000000),
        repeated("{\"a\":", 1000000),
        repeated("[", 200) + repeated("]", 200),
        R"({"choices":[{"message":{"content":)" + repeated("[", 500000),
        R"({"choices":)" + repeated("[{\"message\":", 300) + "1",
        repeated("9", 1000000),
        "1e" + repeated("9", 100000),
        "{\"" + repeated("a", 1000000) + "\":",
        "\"" + repeated("\\u0000", 100000) + "\"",
        std::string("{\"choices\0\":[]}", 15),
        "{\"choices\":[{\"message\":{\"content\":\"a\nb\"}}]}",
        std::string(1000, '\0'),
        repeated("\xFF", 100000),
    };
    for (const auto& bomb : bombs) {
        CAPTURE(bomb.substr(0, 40));
        for (const auto& one : samples) {
            const auto read = decoded(bomb, one.target);
            // What is nested too deeply to be read, or is another value than an object, may be JSON.
            const bool broken = read.error == errc::unreadable_answer;
            check_no_answer(read, broken ? errc::unreadable_answer : errc::malformed_answer);
            for (const unsigned status : {400U, 429U, 500U}) {
                const auto got = decoded(bomb, one.target, status);
                CHECK(got.error);
                CHECK(got.answer.info.message.size() <= 300);
                CHECK_FALSE(got.answer.info.message.empty());
            }
        }
    }
}

TEST_CASE("a success other than 200 that has nothing to read is final") {
    for (const auto& one : samples) {
        check_no_answer(decoded("", one.target, 204), errc::malformed_answer);
        check_no_answer(decoded("<p>", one.target, 202), errc::malformed_answer);
        CHECK_FALSE(decoded(one.body, one.target, 201).error);
    }
}

TEST_CASE("JSON that is nested too deeply to be read is not asked for again") {
    for (const auto& one : samples) {
        const auto deep = R"({"choices":)" + repeated("[", 300) + repeated("]", 300) + "}";
        check_no_answer(decoded(deep, one.target), errc::malformed_answer);
    }
}

TEST_CASE("many small things are read without harm") {
    const auto wide = R"({"choices":[{"message":{"content":"x"}})" + repeated(",{}", 200000) + "]" +
                      repeated(R"(,"a":1)", 200000) + "}";
    CHECK(decoded(wide, dialect::openai_chat).answer.text == "x");
    const auto long_text = repeated("\\u00e9", 500000);
    const auto got =
        decoded(R"({"choices":[{"message":{"content":")" + long_text + R"("}}]})", dialect::openai_chat);
    CHECK(got.answer.text.size() == 1000000);
}

TEST_CASE("an answer that would take many times its own size to read is too large") {
    for (const auto* const head : {R"({"choices":[0)", R"({"output":[0)"}) {
        const std::string body = head + repeated(",0", 4000000) + "]}";
        for (const auto& one : samples) {
            const auto got = decoded(body, one.target);
            CHECK(got.error == errc::answer_too_large);
            CHECK(got.what == stagger::classification{verdict::permanent});
            CHECK(got.tells_limit);
            CHECK(got.answer.info.message == "answer has more than 2097152 values");
        }
    }
}

TEST_CASE("changed bytes never do worse than an error") {
    stagger::random_source random(7);
    for (int round = 0; round < 20000; ++round) {
        const auto& [target, body] = samples[random.next() % samples.size()];
        auto changed = body;
        for (auto changes = random.next() % 4 + 1; changes > 0; --changes) {
            const auto at = random.next() % changed.size();
            switch (random.next() % 3) {
                case 0:
                    changed[at] = static_cast<char>(random.next());
                    break;
                case 1:
                    changed.insert(at, 1, "{}[]\",:\\0e-"[random.next() % 11]);
                    break;
                default:
                    changed.erase(at, random.next() % 5);
                    break;
            }
            if (changed.empty()) changed = "x";
        }
        const unsigned statuses[] = {200, 400, 429, 500};
        const auto status = statuses[random.next() % 4];
        const auto got = decoded(changed, target, status);
        const bool known = !got.error || got.error.category() == stagger::stagger_category();
        CHECK(known);
        CHECK(static_cast<bool>(got.error) == (got.what.verdict != verdict::ok));
        CHECK_FALSE(invalid_utf8_at(got.answer.text));
        CHECK_FALSE(invalid_utf8_at(got.answer.info.message));
        // The two readers of JSON agree about what is JSON.
        const bool unreadable = json_problem(as_others_read(changed).value_or(changed)).has_value();
        if (status == 200 && unreadable) CHECK(got.error == errc::unreadable_answer);
        if (!json_problem(changed)) {
            const auto members = json_members(changed);
            CHECK(members.has_value() == (json_trimmed(changed).front() == '{'));
            if (!members) continue;
            for (const auto& one : *members) CHECK_FALSE(json_problem(one.value));
        }
    }
}
