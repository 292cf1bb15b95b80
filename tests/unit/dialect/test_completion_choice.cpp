#include <doctest/doctest.h>

#include "stagger/completion_choice.hpp"

using namespace stagger;

namespace {

completion answered(std::string raw) {
    completion answer;
    answer.text = "first";
    answer.finish_reason = "stop";
    answer.raw = std::move(raw);
    return answer;
}

}  // namespace

TEST_CASE("every choice of a chat is seen, with its calls") {
    const auto choices = choices_of(answered(
        R"({"choices":[{"index":0,"message":{"content":"first"},"finish_reason":"stop"},)"
        R"({"index":1,"message":{"content":null,"tool_calls":[{"id":"c","function":{"name":"f","arguments":"{}"}}]},)"
        R"("finish_reason":"tool_calls"}]})"));
    REQUIRE(choices.size() == 2);
    CHECK(choices[0].text == "first");
    CHECK(choices[0].finish_reason == "stop");
    CHECK(choices[0].tool_calls.empty());
    CHECK(choices[1].finish_reason == "tool_calls");
    REQUIRE(choices[1].tool_calls.size() == 1);
    CHECK(choices[1].tool_calls[0] == tool_call{"c", "f", "{}"});
}

TEST_CASE("every choice of a completion of text, and every candidate of Gemini's, is seen") {
    auto choices =
        choices_of(answered(R"({"choices":[{"text":"first"},{"text":"second","finish_reason":"length"}]})"));
    REQUIRE(choices.size() == 2);
    CHECK(choices[1].text == "second");
    CHECK(choices[1].finish_reason == "length");
    choices = choices_of(answered(
        R"({"candidates":[{"content":{"parts":[{"text":"first"}]}},)"
        R"({"content":{"parts":[{"functionCall":{"name":"f","args":{"a":1}}}]},"finishReason":"STOP"}]})"));
    REQUIRE(choices.size() == 2);
    CHECK(choices[1].finish_reason == "STOP");
    REQUIRE(choices[1].tool_calls.size() == 1);
    CHECK(choices[1].tool_calls[0].arguments == R"({"a":1})");
}

TEST_CASE("an answer without choices has itself") {
    for (const auto* raw :
         {"", "[]", R"({"content":[]})", R"({"choices":[7]})", R"({"choices":[]})", "no JSON"}) {
        CAPTURE(raw);
        const auto choices = choices_of(answered(raw));
        REQUIRE(choices.size() == 1);
        CHECK(choices[0].text == "first");
        CHECK(choices[0].finish_reason == "stop");
    }
}
