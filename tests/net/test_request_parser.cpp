#include <doctest/doctest.h>

#include <algorithm>
#include <string>
#include <string_view>

#include "server/request_parser.hpp"

using namespace stagger;
using namespace stagger::http_server;
using namespace std::chrono_literals;

namespace {

bounds small() {
    bounds allowed;
    allowed.head_bytes = 512;
    allowed.body_bytes = 4096;
    return allowed;
}

struct reading {
    unsigned refused = 0;
    bool whole = false;
    std::size_t ahead = 0;
    request got;
};

/// Feeds `bytes` in pieces of `piece` bytes until the request is whole, or refused.
reading read(std::string_view bytes, std::size_t piece) {
    const bounds allowed = small();
    request_parser parser(allowed);
    reading done;
    while (!bytes.empty() && done.refused == 0 && !parser.is_whole()) {
        const auto room = parser.room();
        const std::size_t count = std::min({piece, room.size(), bytes.size()});
        std::copy_n(bytes.begin(), count, room.begin());
        bytes.remove_prefix(count);
        parser.received(count);
        done.refused = parser.parse();
    }
    done.whole = parser.is_whole();
    done.ahead = parser.ahead();
    done.got = parser.current();
    return done;
}

const std::string with_length =
    "POST /v1/chat/completions?a=b HTTP/1.1\r\nHost: here\r\nX-One: 1\r\nx-one: 2\r\nContent-Length: "
    "5\r\n\r\nhello";
const std::string in_chunks =
    "POST /v1/chat/completions?a=b HTTP/1.1\r\nHost: here\r\nX-One: 1\r\nx-one: 2\r\nTransfer-Encoding: "
    "chunked\r\n\r\n2;name=value\r\nhe\r\n3\r\nllo\r\n0\r\nTrailer: x\r\n\r\n";

}  // namespace

TEST_CASE("a request reads the same in pieces of any size") {
    for (const std::string& bytes : {with_length, in_chunks}) {
        for (std::size_t piece = 1; piece <= bytes.size(); ++piece) {
            CAPTURE(piece);
            const reading done = read(bytes, piece);
            REQUIRE(done.refused == 0);
            REQUIRE(done.whole);
            REQUIRE(done.got.method == "POST");
            REQUIRE(done.got.target == "/v1/chat/completions?a=b");
            REQUIRE(done.got.body == "hello");
            REQUIRE(done.got.http_1_1);
            REQUIRE(done.got.keeps_connection);
            REQUIRE(done.got.fields.size() == 4);
            REQUIRE(done.got.fields[1].name == "X-One");
            REQUIRE(done.got.fields[2].name == "x-one");
            REQUIRE(value_of(done.got, "x-ONE") == "1");
        }
    }
}

TEST_CASE("what stands behind a request is the beginning of the next one") {
    const bounds allowed = small();
    request_parser parser(allowed);
    const std::string both = with_length + "GET /next HTTP/1.0\r\n\r\n";
    std::copy(both.begin(), both.end(), parser.room().begin());
    parser.received(both.size());
    REQUIRE(parser.parse() == 0);
    REQUIRE(parser.is_whole());
    CHECK(parser.ahead() == both.size() - with_length.size());
    parser.begin();
    CHECK(parser.begun());
    REQUIRE(parser.parse() == 0);
    REQUIRE(parser.is_whole());
    CHECK(parser.current().target == "/next");
    CHECK_FALSE(parser.current().http_1_1);
    CHECK_FALSE(parser.current().keeps_connection);
    CHECK(parser.ahead() == 0);
}

TEST_CASE("what breaks a bound or the protocol is refused with the status that says so") {
    const std::string begin = "POST / HTTP/1.1\r\nHost: x\r\n";
    const auto status = [](const std::string& bytes) { return read(bytes, 4096).refused; };
    CHECK(status(begin + "X: " + std::string(600, 'x') + "\r\n\r\n") == 431);
    CHECK(status(begin + "X: " + std::string(600, 'x')) == 431);
    CHECK(status(begin + "Content-Length: 4097\r\n\r\n") == 413);
    CHECK(status(begin + "Transfer-Encoding: chunked\r\n\r\n1001\r\n" + std::string(4097, 'x')) == 413);
    CHECK(status("nonsense\r\n\r\n") == 400);
    CHECK(status(begin + "Content-Length: 5, 6\r\n\r\nhello") == 400);
    CHECK(status(begin + "Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello") == 400);
    CHECK(status(begin + "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n") == 400);
    CHECK(status(begin + "Transfer-Encoding: chunked\r\n\r\nzz\r\n") == 400);
    CHECK(status(begin + "Bad Name: x\r\n\r\n") == 400);
}

TEST_CASE("what another reader would see the end of elsewhere is refused") {
    const std::string begin = "POST / HTTP/1.1\r\nHost: x\r\n";
    const auto status = [](const std::string& bytes) { return read(bytes, 4096).refused; };
    for (const std::string framing : {
             "Transfer-Encoding: xchunked\r\nContent-Length: 3\r\n\r\nabc",
             "Transfer-Encoding: identity\r\nContent-Length: 3\r\n\r\nabc",
             "Transfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
             "Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n",
             "Transfer-Encoding:\r\nContent-Length: 3\r\n\r\nabc",
             "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
             "Transfer-Encoding: chunked\r\nContent-Length: 3\r\n\r\n0\r\n\r\n",
             "Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n",
             "Content-Length : 3\r\n\r\nabc",
             "Content-Length: +3\r\n\r\nabc",
             "Content-Length: 0x3\r\n\r\nabc",
             "Content-Length: 3\nX: y\r\n\r\nabc",
             "Transfer-Encoding: chunked\r\n\r\n-1\r\n",
             "Transfer-Encoding: chunked\r\n\r\nffffffffffffffff1\r\n",
             "Transfer-Encoding: chunked\r\n\r\n3\r\nabcd\r\n0\r\n\r\n",
         }) {
        CAPTURE(framing);
        CHECK(status(begin + framing) == 400);
    }
    CHECK(status("POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n") == 400);
    CHECK(status(begin + "Transfer-Encoding:  Chunked \r\n\r\n0\r\n\r\n") == 0);
}

TEST_CASE("each phase of a request has its own time, and what has come of a body buys more") {
    bounds allowed;
    request_progress so_far;
    so_far.awaited = time_point(100s);
    CHECK(request_limit(allowed, so_far) == time_point(175s));
    so_far.begun = time_point(150s);
    CHECK(request_limit(allowed, so_far) == time_point(160s));
    so_far.head_ended = time_point(155s);
    CHECK(request_limit(allowed, so_far) == time_point(165s));
    so_far.body_bytes = 20 * 1024;
    CHECK(request_limit(allowed, so_far) == time_point(185s));
    allowed.body_bytes_per_s = 0;
    CHECK(request_limit(allowed, so_far) == never);
    allowed.whole_time = 70s;
    CHECK(request_limit(allowed, so_far) == time_point(170s));
}
