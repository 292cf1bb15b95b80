#include <doctest/doctest.h>

#include <string>

#include "batch/batch_line.hpp"
#include "dialect/dialect.hpp"
#include "dialect/stream_answer.hpp"
#include "json/json_text.hpp"
#include "json/lenient_json.hpp"

using namespace stagger;
using namespace stagger::wire;

namespace {

std::string others(std::string_view text) {
    return as_others_read(text).value_or("as it is");
}

std::string chat_with(const std::string& content, const std::string& beside = "") {
    return R"({"choices":[{"index":0,"message":{"content":")" + content + R"("},"finish_reason":"stop")" +
           beside + "}]}";
}

decoded_answer decoded(const std::string& body) {
    return decode(response{200, {}, body}, dialect::openai_chat, 1700000000);
}

}  // namespace

TEST_CASE("half of a surrogate pair is read as U+FFFD, a whole pair stays") {
    const auto whole = [](std::string_view text) { return with_whole_surrogates(text).value_or("as it is"); };
    CHECK(whole(R"("a\ud83d\ude00")") == "as it is");
    CHECK(whole(R"("a\ud83d b")") == R"("a\ufffd b")");
    CHECK(whole(R"("\uDE00\uD83D")") == R"("\ufffd\ufffd")");
    CHECK(whole(R"("\ud83d\ud83d\ude00")") == R"("\ufffd\ud83d\ude00")");
    CHECK(whole(R"("\\ud83d")") == "as it is");  // a backslash, and letters
    CHECK(whole(R"("\\\ud83d")") == R"("\\\ufffd")");
    for (const auto* const broken : {"\"\\ud8", "\"\\", "\\u", "\\ud83d\\u", "\\uzzzz", ""}) {
        CAPTURE(broken);
        (void)with_whole_surrogates(broken);
        (void)as_others_read(broken);
    }
}

TEST_CASE("NaN and Infinity are read as null where they stand for a value, and nowhere else") {
    CHECK(others(R"([NaN,-Infinity,Infinity,-1,"NaN","-Infinity"])") ==
          R"([null,null,null,-1,"NaN","-Infinity"])");
    CHECK(others(R"({"N":"\"NaN","I":-5})") == "as it is");
}

TEST_CASE("bytes that are not UTF-8 and a byte-order mark are read as others do") {
    CHECK(others("\xEF\xBB\xBF{}") == "{}");
    CHECK(others("\"\xFF\xED\xA0\x80\"") == "\"\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\"");
    CHECK(others("[NaN,\"\xFF\\ud800\"]") == "[null,\"\xEF\xBF\xBD\\ufffd\"]");
}

TEST_CASE("an answer that others read is read, and its body kept as it came") {
    struct row {
        std::string body;
        std::string text;
    };
    const row rows[] = {
        {chat_with(R"(a\ud83d b)"), "a\xEF\xBF\xBD b"},
        {chat_with("a\xFF"), "a\xEF\xBF\xBD"},
        {chat_with("a",
                   R"(,"logprobs":{"content":[{"token":"a","logprob":-Infinity,"top_logprobs":[NaN]}]})"),
         "a"},
        {"\xEF\xBB\xBF" + chat_with("a"), "a"},
    };
    for (const auto& [body, text] : rows) {
        CAPTURE(body);
        const auto got = decoded(body);
        CHECK_FALSE(got.error);
        CHECK(got.answer.text == text);
        CHECK(got.answer.raw == body);
        // The line of a result can be read by everybody, and by ourselves.
        const std::string line = format_result_line("id", {}, got.answer);
        CHECK_FALSE(json_problem(line, max_json_depth + 2));
        CHECK_FALSE(with_whole_surrogates(line));
    }
}

TEST_CASE("a pair of surrogates that two events share is U+FFFD twice") {
    stream_answer answer(dialect::openai_chat, {});
    completion_delta delta;
    const auto event = [](const std::string& content) {
        return sse_event{"message", R"({"choices":[{"index":0,"delta":{"content":")" + content + R"("}}]})",
                         ""};
    };
    CHECK(answer.take(event(R"(a\ud83d)"), delta) == stream_answer::step::delta);
    CHECK(delta.raw == event(R"(a\ud83d)").data);
    CHECK(answer.take(event(R"(\ude00b)"), delta) == stream_answer::step::delta);
    CHECK(answer.answer().text == "a\xEF\xBF\xBD\xEF\xBF\xBD\x62");
}

TEST_CASE("a prompt that has half of a surrogate pair is sent with U+FFFD") {
    CHECK(json_string_value(R"("a\ud83d")") == "a\xEF\xBF\xBD");
    CHECK_FALSE(json_problem(R"({"prompt":"a\ud83d"})"));
}

TEST_CASE("a body of blank lines only is asked for again") {
    for (const auto* const body : {"\n\n\n", " \r\n", ""}) {
        const auto got = decoded(body);
        CHECK(got.error == errc::unreadable_answer);
        CHECK(got.what.verdict == verdict::transient);
    }
}

TEST_CASE("an error that says nothing beside an answer is none") {
    for (const auto* const error : {"{}", R"({"message":"","code":null,"type":""})", R"({"code":0})", "null",
                                    "\"\"", R"({"details":[],"failed":false})"}) {
        CAPTURE(error);
        std::string body = chat_with("a");
        body.insert(1, R"("error":)" + std::string(error) + ",");
        const auto got = decoded(body);
        CHECK_FALSE(got.error);
        CHECK(got.answer.text == "a");
    }
    std::string told = chat_with("a");
    told.insert(1, R"("error":{"code":7},)");
    CHECK(decoded(told).error == errc::error_in_answer);
}
