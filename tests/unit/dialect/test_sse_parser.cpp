#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "dialect/sse_parser.hpp"

using namespace std::chrono_literals;
using stagger::errc;
using stagger::error_code;
using stagger::wire::sse_event;
using stagger::wire::sse_parser;

namespace {

constexpr std::size_t plenty = 1 << 20;

struct outcome {
    std::vector<std::string> events;  // "type|data|id"
    error_code error;
};

/// Feeds pieces one after the other, taking each event at once.
outcome read(const std::vector<std::string_view>& pieces, sse_parser& parser) {
    outcome got;
    for (auto piece : pieces) {
        while (!piece.empty() && !got.error) {
            piece.remove_prefix(parser.put(piece, got.error));
            if (!parser.has_event()) continue;
            const sse_event event = parser.take();
            got.events.push_back(event.type + "|" + event.data + "|" + event.last_event_id);
        }
    }
    return got;
}

using events = std::vector<std::string>;

events events_of(const std::string& document) {
    sse_parser parser(plenty, plenty);
    const auto got = read({document}, parser);
    CHECK_FALSE(got.error);
    return got.events;
}

std::string with_line_ends(std::string text, const std::string& end) {
    for (std::size_t at = text.find('\n'); at != std::string::npos; at = text.find('\n', at + end.size())) {
        text.replace(at, 1, end);
    }
    return text;
}

}  // namespace

TEST_CASE("the standard's examples") {
    CHECK(events_of("data: This is the first message.\n\ndata: This is the second message, it\n"
                    "data: has two lines.\n\ndata: This is the third message.\n\n") ==
          events{"message|This is the first message.|",
                 "message|This is the second message, it\nhas two lines.|",
                 "message|This is the third message.|"});
    CHECK(events_of(
              "event: add\ndata: 73857293\n\nevent: remove\ndata: 2153\n\nevent: add\ndata: 113411\n\n") ==
          events{"add|73857293|", "remove|2153|", "add|113411|"});
    CHECK(events_of("data: YHOO\ndata: +2\ndata: 10\n\n") == events{"message|YHOO\n+2\n10|"});
    CHECK(events_of(": test stream\n\ndata: first event\nid: 1\n\ndata:second event\nid\n\n"
                    "data:  third event\n\n") ==
          events{"message|first event|1", "message|second event|", "message| third event|"});
    CHECK(events_of("data\n\ndata\ndata\n\ndata:") == events{"message||", "message|\n|"});
    CHECK(events_of("data:test\n\ndata: test\n\n") == events{"message|test|", "message|test|"});
}

TEST_CASE("what is not followed by an empty line is no event") {
    CHECK(events_of("data: a\n\ndata: b") == events{"message|a|"});
    CHECK(events_of("data: a\n\ndata: b\n") == events{"message|a|"});
    CHECK(events_of("data: a\n\ndata: b\r") == events{"message|a|"});
    CHECK(events_of("").empty());
    CHECK(events_of("data: a").empty());
}

TEST_CASE("lines may end in any of three ways, also mixed") {
    const std::string document = ": c\nevent: e\ndata: a\ndata: b\nid: 7\n\ndata: c\n\n";
    const events expected{"e|a\nb|7", "message|c|7"};
    CHECK(events_of(document) == expected);
    CHECK(events_of(with_line_ends(document, "\r")) == expected);
    CHECK(events_of(with_line_ends(document, "\r\n")) == expected);
    CHECK(events_of("data: a\r\n\rdata: b\n\r\ndata: c\r\r") ==
          events{"message|a|", "message|b|", "message|c|"});
    // A line feed alone after CR LF is an empty line.
    CHECK(events_of("data: a\r\n\n") == events{"message|a|"});
}

TEST_CASE("an event is there with its empty line's first character") {
    sse_parser parser(plenty, plenty);
    CHECK(read({"data: a\r\n\r"}, parser).events == events{"message|a|"});
    CHECK(read({"\ndata: b\r\r"}, parser).events == events{"message|b|"});
}

TEST_CASE("names are compared exactly, unknown fields ignored") {
    CHECK(events_of("DATA: x\nData: x\n data: x\ndata : x\nfoo: bar\nfoo\n\n").empty());
    CHECK(events_of("data: x\nfoo\nbar: baz\n\n") == events{"message|x|"});
    CHECK(events_of("data:\tx\ndata:  y:z\n\n") == events{"message|\tx\n y:z|"});
    CHECK(events_of(":\n:data: no\ndata: yes\n\n") == events{"message|yes|"});
}

TEST_CASE("an event without data is none, but what it says of the id stays") {
    CHECK(events_of("event: ping\n\ndata: x\n\n") == events{"message|x|"});
    CHECK(events_of("id: 4\n\ndata: x\n\n") == events{"message|x|4"});
    CHECK(events_of("\n\n\ndata: x\n\n\n\n") == events{"message|x|"});
    CHECK(events_of("event: a\nevent: b\ndata: x\n\nevent: c\nevent\ndata: y\n\n") ==
          events{"b|x|", "message|y|"});
}

TEST_CASE("an id with NUL is ignored") {
    const std::string nul("id: a\0b\n", 8);
    CHECK(events_of("id: 1\ndata: x\n\n" + nul + "data: y\n\n") == events{"message|x|1", "message|y|1"});
}

TEST_CASE("a reconnection time is digits alone") {
    const auto retry_of = [](const std::string& value) {
        sse_parser parser(plenty, plenty);
        read({"retry" + value + "\n"}, parser);
        return parser.retry();
    };
    CHECK(retry_of(": 1500") == 1500ms);
    CHECK(retry_of(":0") == 0ms);
    CHECK(retry_of(":007") == 7ms);
    for (const auto* wrong : {"", ":", ": -1", ": 1.5", ": 1s", ":  1", ": 99999999999999999999", ": +1"}) {
        CHECK_MESSAGE(!retry_of(wrong), wrong);
    }
    sse_parser parser(plenty, plenty);
    read({"retry: 5\nretry: x\ndata: x\n\n"}, parser);
    CHECK(parser.retry() == 5ms);
}

TEST_CASE("a byte order mark is dropped at the beginning alone") {
    const std::string mark = "\xEF\xBB\xBF";
    CHECK(events_of(mark + "data: x\n\n") == events{"message|x|"});
    CHECK(events_of(mark + "\ndata: x\n\n") == events{"message|x|"});
    CHECK(events_of(mark + mark + "data: x\n\n").empty());
    CHECK(events_of("data: x\n" + mark + "data: y\n\n") == events{"message|x|"});
    CHECK(events_of("\xEF\xBB"
                    "data: x\n\n")
              .empty());
}

TEST_CASE("bytes that are not UTF-8 are replaced as browsers do") {
    const std::string bad = "\xEF\xBF\xBD";
    CHECK(events_of("data: a\xFF"
                    "b\n\n") == events{"message|a" + bad + "b|"});
    CHECK(events_of("data: \xE2\x82\n\n") == events{"message|" + bad + "|"});
    CHECK(events_of("data: \xE2\x82"
                    "x\n\n") == events{"message|" + bad + "x|"});
    CHECK(events_of("data: \xF0\x9F\x92\n\n") == events{"message|" + bad + "|"});
    CHECK(events_of("data: \xC0\x80\xED\xA0\x80\n\n") ==
          events{"message|" + bad + bad + bad + bad + bad + "|"});
    CHECK(events_of("data: \xE2\x82\xAC\n\n") == events{"message|\xE2\x82\xAC|"});
    CHECK(events_of("event: \x80\nid: \x80\ndata: x\n\n") == events{bad + "|x|" + bad});
}

TEST_CASE("a document may be cut anywhere, in any two places") {
    const std::string document =
        "\xEF\xBB\xBF: hello\r\nevent: e\r\ndata: \xE2\x82\xAC\r\ndata\r\nid: 1\r\n\r\n"
        "retry: 12\r\rdata:two\n\n:x\ndata: {\"a\":1}\r\n\r\ndata: never";
    const auto expected = events_of(document);
    REQUIRE(expected.size() == 3);
    const std::string_view text = document;
    for (std::size_t first = 0; first <= text.size(); ++first) {
        for (std::size_t second = first; second <= text.size(); ++second) {
            sse_parser parser(plenty, plenty);
            const auto got = read(
                {text.substr(0, first), text.substr(first, second - first), text.substr(second)}, parser);
            REQUIRE_FALSE(got.error);
            REQUIRE(got.events == expected);
            REQUIRE(parser.retry() == 12ms);
        }
    }
    sse_parser parser(plenty, plenty);
    std::vector<std::string_view> bytes;
    bytes.reserve(text.size());
    for (std::size_t at = 0; at < text.size(); ++at) bytes.push_back(text.substr(at, 1));
    CHECK(read(bytes, parser).events == expected);
}

TEST_CASE("no more is read than one event") {
    sse_parser parser(plenty, plenty);
    error_code error;
    const std::string document = "data: a\n\ndata: b\n\n";
    CHECK(parser.put(document, error) == 9);
    CHECK(parser.has_event());
    CHECK(parser.put(document.substr(9), error) == 0);
    CHECK(parser.take().data == "a");
    CHECK_FALSE(parser.has_event());
    CHECK(parser.put(document.substr(9), error) == 9);
    CHECK(parser.take().data == "b");
}

TEST_CASE("a line and an event have bounds, wherever they are cut") {
    const std::string ten = "data: 4567";
    for (const bool whole : {true, false}) {
        const auto fits = [&](std::size_t line, std::size_t event, const std::string& document) {
            sse_parser parser(line, event);
            std::vector<std::string_view> pieces{document};
            if (!whole) {
                pieces.clear();
                for (std::size_t at = 0; at < document.size(); ++at)
                    pieces.push_back(std::string_view(document).substr(at, 1));
            }
            const auto got = read(pieces, parser);
            CHECK((!got.error || got.error == errc::answer_too_large));
            return !got.error;
        };
        CHECK(fits(10, 100, ten + "\n\n"));
        CHECK_FALSE(fits(9, 100, ten + "\n\n"));
        CHECK_FALSE(fits(9, 100, ten));
        CHECK_FALSE(fits(9, 100, ":23456789x"));
        CHECK(fits(10, 4, ten + "\n\n"));
        CHECK_FALSE(fits(10, 3, ten + "\n\n"));
        // A line feed for each line counts, else endless empty lines of data would be free.
        CHECK(fits(10, 9, ten + "\n" + ten + "\n\n"));
        CHECK_FALSE(fits(10, 8, ten + "\n" + ten + "\n\n"));
        CHECK_FALSE(fits(10, 3, "data\ndata\ndata\ndata\ndata\n"));
        CHECK(fits(10, 4, ten + "\n\n" + ten + "\n\n" + ten + "\n\n"));
    }
}
