#include <doctest/doctest.h>

#include "dialect/answer_ending.hpp"

using namespace stagger::wire;

TEST_CASE("why an answer ends is known in the words of every dialect") {
    for (const auto* reason : {"length", "max_output_tokens", "max_tokens", "MAX_TOKENS"})
        CHECK(ending_of(reason) == answer_ending::cut_off);
    for (const auto* reason : {"content_filter", "refusal", "SAFETY", "PROHIBITED_CONTENT"})
        CHECK(ending_of(reason) == answer_ending::refused);
    for (const auto* reason : {"", "stop", "STOP", "end_turn", "completed", "tool_calls"})
        CHECK(ending_of(reason) == answer_ending::whole);
}
