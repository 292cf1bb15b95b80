#include <doctest/doctest.h>

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "http/answer_parser.hpp"

using namespace stagger;

namespace {

constexpr std::size_t max_head = 1024;
constexpr std::size_t max_body = 4096;

struct reading {
    error_code error;
    bool whole = false;
    bool keeps_connection = false;
    wire::response answer;
};

/// Feeds `bytes` in pieces of `piece` bytes, then the end of the stream if it is said to come.
reading read(std::string_view bytes, std::size_t piece, bool ends) {
    answer_parser parser(max_head, max_body);
    reading got;
    while (!bytes.empty() && !got.error && !parser.is_whole()) {
        const auto room = parser.room();
        const std::size_t count = std::min({piece, room.size(), bytes.size()});
        std::copy_n(bytes.begin(), count, room.begin());
        bytes.remove_prefix(count);
        got.error = parser.put(count);
    }
    if (!got.error && ends && !parser.is_whole()) got.error = parser.put_end();
    got.whole = parser.is_whole();
    if (got.whole) got.keeps_connection = parser.keeps_connection() && bytes.empty();
    if (parser.head_is_whole()) got.answer = parser.answer();
    return got;
}

const std::string ok = "HTTP/1.1 200 OK\r\n";
const std::string with_length = ok + "Content-Type: application/json\r\nContent-Length: 5\r\n\r\nhello";
const std::string in_chunks = ok +
                              "Transfer-Encoding: chunked\r\n\r\n2;name=value\r\nhe\r\n3\r\nllo\r\n0\r\n"
                              "Trailer: x\r\n\r\n";
const std::string until_end = ok + "Connection: close\r\n\r\nhello";
const std::string after_interim = "HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n" + with_length;

std::string repeated(std::string_view piece, std::size_t count) {
    std::string out;
    out.reserve(piece.size() * count);
    for (std::size_t i = 0; i < count; ++i) out += piece;
    return out;
}

}  // namespace

TEST_CASE("an answer reads the same in pieces of any size") {
    for (const std::string& bytes : {with_length, in_chunks, until_end, after_interim}) {
        for (std::size_t piece = 1; piece <= bytes.size(); ++piece) {
            CAPTURE(bytes);
            CAPTURE(piece);
            const reading got = read(bytes, piece, true);
            REQUIRE_FALSE(got.error);
            REQUIRE(got.whole);
            REQUIRE(got.answer.status == 200);
            REQUIRE(got.answer.body == "hello");
            REQUIRE(got.keeps_connection == (bytes != until_end));
            REQUIRE(got.answer.ends_with_connection == (bytes == until_end));
        }
    }
}

TEST_CASE("the shortest chunked answers read the same in pieces of any size") {
    const std::string empty = ok + "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n";
    const std::string one = ok + "Transfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n\r\n";
    for (const std::string& bytes : {empty, one}) {
        for (std::size_t piece = 1; piece <= bytes.size(); ++piece) {
            const reading got = read(bytes, piece, true);
            REQUIRE_FALSE(got.error);
            REQUIRE(got.whole);
            REQUIRE(got.answer.body == (bytes == one ? "x" : ""));
        }
    }
}

TEST_CASE("an answer that is cut at any byte is truncated, whatever pieces it came in") {
    for (const std::string& bytes : {with_length, in_chunks, after_interim}) {
        for (std::size_t length = 0; length < bytes.size(); ++length) {
            for (const std::size_t piece : {std::size_t{1}, std::size_t{7}, bytes.size()}) {
                CAPTURE(length);
                const reading got = read(std::string_view(bytes).substr(0, length), piece, true);
                REQUIRE(got.error == (length == 0 ? errc::connection_lost : errc::answer_truncated));
                REQUIRE_FALSE(got.whole);
            }
        }
    }
}

TEST_CASE("an answer without a length ends where its stream does, and says that only the end told") {
    const auto head = until_end.find("hello");
    for (std::size_t length = 1; length < until_end.size(); ++length) {
        const reading got = read(std::string_view(until_end).substr(0, length), 1, true);
        if (length < head) {
            REQUIRE(got.error == errc::answer_truncated);
        } else {
            REQUIRE(got.whole);
            REQUIRE(got.answer.ends_with_connection);
            REQUIRE_FALSE(got.keeps_connection);
        }
    }
}

TEST_CASE("answers that break the protocol are malformed") {
    const std::string chunked = ok + "Transfer-Encoding: chunked\r\n";
    const std::vector<std::string> broken = {
        "hello, this is HTTP/0.9\r\n\r\n",
        "SSH-2.0-OpenSSH_9.2\r\n\r\n",
        "HTTP/2.0 200 OK\r\n\r\n",
        "HTTP/1.2 200 OK\r\n\r\n",
        "HTTP/1.1 20 OK\r\n\r\n",
        "HTTP/1.1 2000 OK\r\n\r\n",
        "HTTP/1.1 099 Low\r\n\r\n",
        "HTTP/1.1 101 Switching Protocols\r\nUpgrade: h2c\r\n\r\n",
        ok + "Name without colon\r\n\r\n",
        ok + "Na me: x\r\n\r\n",
        ok + ": no name\r\n\r\n",
        ok + "A: b\nContent-Length: 0\n\n\r\n\r\n",
        ok + "Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello",
        ok + "Content-Length: 5, 6\r\n\r\nhello",
        ok + "Content-Length: -1\r\n\r\n",
        ok + "Content-Length: +5\r\n\r\nhello",
        ok + "Content-Length: 0x5\r\n\r\nhello",
        ok + "Content-Length: 5 5\r\n\r\nhello",
        ok + "Content-Length: 18446744073709551616\r\n\r\n",
        ok + "Content-Length: 18446744073709551621\r\n\r\nhello",
        ok + "Content-Length: \r\n\r\n",
        ok + "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
        chunked + "Content-Length: 5\r\n\r\n5\r\nhello\r\n0\r\n\r\n",
        chunked + "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        ok + "Transfer-Encoding: gzip\r\nContent-Length: 5\r\n\r\nhello",
        ok + "Transfer-Encoding: gzip\r\n\r\nhello",
        ok + "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
        ok + "Transfer-Encoding: chunked, gzip\r\n\r\nhello",
        ok + "Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n",
        "HTTP/1.0 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        chunked + "\r\nZZ\r\nhello",
        chunked + "\r\n-5\r\nhello\r\n0\r\n\r\n",
        chunked + "\r\n5hello\r\n0\r\n\r\n",
        chunked + "\r\n5\r\nhelloXX0\r\n\r\n",
        chunked + "\r\n5\nhello\r\n0\r\n\r\n",
        chunked + "\r\n5;\x01=2\r\nhello\r\n0\r\n\r\n",
        chunked + "\r\n0\r\nno trailer\r\n\r\n",
        chunked + "\r\n0\r\nContent-Length: 5\r\n\r\n",
        chunked + "\r\n10000000000000000\r\nhello\r\n0\r\n\r\n",
        chunked + "\r\n10000000000000005\r\nhello\r\n0\r\n\r\n",
        repeated("HTTP/1.1 103 Early Hints\r\n\r\n", 100) + with_length,
    };
    for (const std::string& bytes : broken) {
        for (const std::size_t piece : {std::size_t{1}, bytes.size()}) {
            CAPTURE(bytes);
            CAPTURE(piece);
            const reading got = read(bytes, piece, false);
            CHECK(got.error == errc::malformed_answer);
            CHECK_FALSE(got.whole);
        }
    }
}

TEST_CASE("answers past a bound are too large, whatever they announce and however they are cut") {
    const std::string chunked = ok + "Transfer-Encoding: chunked\r\n\r\n";
    const std::string endless(5000, 'x');
    const std::vector<std::string> large = {
        "HTTP/1.1 200 " + endless,
        ok + "X: " + endless,
        ok + "X" + endless,
        ok + repeated("X: y\r\n", 300),
        ok + "Content-Length: 4097\r\n\r\n",
        ok + "Content-Length: 9223372036854775807\r\n\r\n",
        ok + "Content-Length: 18446744073709551615\r\n\r\n",
        ok + "\r\n" + endless,
        chunked + "1001\r\n",
        chunked + "7fffffffffffffff\r\n",
        chunked + "ffffffffffffffff\r\n",
        chunked + repeated("800\r\n" + std::string(0x800, 'x') + "\r\n", 3),
        chunked + "1;" + endless,
        chunked + "1;a=\"" + endless,
        chunked + std::string(5000, '0'),
        chunked + "0\r\n" + repeated("X: y\r\n", 300),
        chunked + "0\r\nX: " + endless,
        chunked + "0;" + endless,
    };
    for (const std::string& bytes : large) {
        for (const std::size_t piece : {std::size_t{1}, std::size_t{100}, bytes.size()}) {
            CAPTURE(bytes.substr(0, 80));
            CAPTURE(piece);
            const reading got = read(bytes, piece, false);
            CHECK(got.error == errc::answer_too_large);
            CHECK(got.answer.body.size() <= max_body);
        }
    }
}

TEST_CASE("a connection is kept only after an answer whose end is certain and that nothing follows") {
    const auto kept = [](const std::string& bytes) {
        const reading got = read(bytes, bytes.size(), false);
        REQUIRE(got.whole);
        return got.keeps_connection;
    };
    CHECK(kept(with_length));
    CHECK(kept(in_chunks));
    CHECK(kept("HTTP/1.1 204 No Content\r\n\r\n"));
    CHECK(kept("HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nContent-Length: 0\r\n\r\n"));
    CHECK_FALSE(kept(ok + "Connection: close\r\nContent-Length: 0\r\n\r\n"));
    CHECK_FALSE(kept("HTTP/1.0 200 OK\r\nContent-Length: 0\r\n\r\n"));
    CHECK_FALSE(kept(with_length + "x"));
    CHECK_FALSE(kept(with_length + with_length));
    CHECK_FALSE(kept(in_chunks + "\r\n"));
    CHECK_FALSE(kept("HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\n"));
    CHECK_FALSE(kept("HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\nhello"));
    CHECK_FALSE(kept("HTTP/1.1 304 Not Modified\r\nTransfer-Encoding: chunked\r\n\r\n"));
}

TEST_CASE("a parser reads one answer after the other, and a body in the pieces it comes in") {
    answer_parser parser(max_head, max_body);
    const auto put = [&](std::string_view bytes) {
        const auto room = parser.room();
        REQUIRE(room.size() >= bytes.size());
        std::copy(bytes.begin(), bytes.end(), room.begin());
        REQUIRE_FALSE(parser.put(bytes.size()));
    };
    for (int round = 0; round < 3; ++round) {
        parser.begin();
        CHECK_FALSE(parser.begun());
        put(ok + "Transfer-Encoding: chunked\r\n\r\n");
        CHECK(parser.head_is_whole());
        CHECK(parser.answer().fields.size() == 1);
        put("3\r\nabc\r\n");
        std::string body;
        parser.take_body(body);
        CHECK(body == "abc");
        CHECK_FALSE(parser.has_body_bytes());
        put("2\r\nde\r\n0\r\nTrailer: y\r\n\r\n");
        parser.take_body(body);
        CHECK(body == "abcde");
        CHECK(parser.is_whole());
        CHECK(parser.keeps_connection());
    }
}
