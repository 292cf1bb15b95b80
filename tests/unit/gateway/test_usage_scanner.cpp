#include <doctest/doctest.h>

#include <string>
#include <string_view>

#include "gateway/usage_scanner.hpp"

using namespace stagger;
using namespace stagger::gateway;

namespace {

token_usage seen_in(std::string_view text, std::size_t piece) {
    usage_scanner scanner;
    for (std::size_t at = 0; at < text.size(); at += piece) scanner.pass(text.substr(at, piece));
    return scanner.seen();
}

}  // namespace

TEST_CASE("the tokens of an answer are found, however it is cut") {
    const std::string_view whole =
        "{\"choices\":[{\"message\":{\"content\":\"say \\\"usage\\\": {\\\"prompt_tokens\\\":9}\"}}], "
        "\"usage\" : \r\n {\"prompt_tokens\":12,\"completion_tokens\":5,\"note\":\"}\\\"{\","
        "\"prompt_tokens_details\":{\"cached_tokens\":8}},\"id\":\"x\"}";
    for (std::size_t piece = 1; piece <= whole.size(); ++piece) {
        CAPTURE(piece);
        CHECK(seen_in(whole, piece) == token_usage{12, 5, 8});
    }
}

TEST_CASE("of the events of a stream the last that tells a number counts") {
    const std::string_view anthropic =
        "event: "
        "message_start\r\ndata:{\"type\":\"message_start\",\"message\":{\"usage\":{\"input_tokens\":25,"
        "\"output_tokens\":1}}}\r\n\r\nevent: message_delta\r\ndata: "
        "{\"usage\":{\"output_tokens\":15}}\r\n\r\n";
    const std::string_view openai =
        "data: {\"choices\":[],\"usage\":null}\n\ndata: "
        "{\"usage\":{\"prompt_tokens\":3,\"completion_tokens\":4}}"
        "\n\ndata: [DONE]\n\n";
    for (const std::size_t piece : {1, 2, 3, 7, 64, 1000}) {
        CHECK(seen_in(anthropic, piece) == token_usage{25, 15});
        CHECK(seen_in(openai, piece) == token_usage{3, 4});
    }
}

TEST_CASE("what only looks like a count is none, and is not held") {
    for (const std::string_view text :
         {"", "\"usage\"", "[\"usage\", 1]", R"({"usage":3,"a":{"b":1}})", R"({"usage":{"prompt_tokens":)",
          R"({"usage":{"prompt_tokens":"x"}})", R"({"usage":{prompt_tokens}})", "\"usage\":\"usage\""}) {
        for (const std::size_t piece : {1, 3, 100}) {
            CAPTURE(text);
            CHECK(seen_in(text, piece) == token_usage());
        }
    }
    const std::string endless =
        "{\"usage\":{\"a\":\"" + std::string(10'000, 'x') + "\"},\"usage\":{\"prompt_tokens\":1}}";
    CHECK(seen_in(endless, 100).prompt_tokens == 1);
}
