#include <doctest/doctest.h>

#include <algorithm>
#include <boost/asio/post.hpp>
#include <optional>
#include <string>
#include <vector>

#include "support/completing.hpp"
#include "support/raw_peer.hpp"
#include "support/scripted_peer.hpp"

namespace asio = boost::asio;
using namespace stagger;
using namespace stagger::test;

namespace {

const std::string text = "\xc3\xa4n answer";

std::string body_of(const std::string& answer) {
    return answer.substr(answer.find("\r\n\r\n") + 4);
}

/// In chunks of nine bytes, so that cuts lie in and beside the heads of many.
std::string in_chunks(const std::string& body, const std::string& type) {
    std::string bytes = "HTTP/1.1 200 OK\r\nContent-Type: " + type + "\r\nTransfer-Encoding: chunked\r\n\r\n";
    for (std::size_t at = 0; at < body.size(); at += 9) {
        const std::string piece = body.substr(at, 9);
        bytes.append(std::to_string(piece.size())).append("\r\n").append(piece).append("\r\n");
    }
    return bytes + "0\r\n\r\n";
}

std::string until_end(const std::string& body, const std::string& type) {
    return "HTTP/1.1 200 OK\r\nContent-Type: " + type + "\r\n\r\n" + body;
}

std::string llm_engine_answer() {
    return answer(200, R"({"request_id":"r","output":{"text":")" + text + R"(","num_completion_tokens":2}})");
}

/// What LLM Engine streams: an event for each of two pieces, the second one the last.
std::string llm_engine_events() {
    const auto event = [](const std::string& piece, const char* finished) {
        return R"(data: {"request_id":"r","output":{"text":")" + piece + R"(","finished":)" + finished +
               R"(,"num_completion_tokens":1}})" + "\n\n";
    };
    return event("\xc3\xa4n ", "false") + event("answer", "true");
}

std::string chat_events() {
    std::string events;
    for (const std::string& document : chat_documents({"\xc3\xa4n ", "answer"}))
        events.append("data: ").append(document).append("\n\n");
    return events;
}

struct shape {
    stagger::dialect dialect;
    std::string bytes;
    bool ends_with_connection;
    std::string events{};  ///< of a stream: what its body says
};

std::vector<shape> whole_answers(stagger::dialect dialect) {
    const std::string said = dialect == dialect::llm_engine ? llm_engine_answer() : chat_answer(text);
    return {{dialect, said, false},
            {dialect, in_chunks(body_of(said), "application/json"), false},
            {dialect, until_end(body_of(said), "application/json"), true}};
}

std::vector<shape> streams(stagger::dialect dialect) {
    const std::string events = dialect == dialect::llm_engine ? llm_engine_events() : chat_events();
    return {{dialect, in_chunks(events, "text/event-stream"), false, events},
            {dialect, until_end(events, "text/event-stream"), true, events}};
}

client_options once(const std::string& url, stagger::dialect dialect) {
    return options_for(url).dialect(dialect).retry(retry_policy().max_attempts(1));
}

coordinator_options quick() {
    return coordinator_options().initial_rate(1e6);
}

/// How a stream ended, or did not open.
struct streamed {
    bool opened = false;
    error_code error;
    std::string taken;  ///< from the pieces
    completion result;
    bool ended = false;
};

void take_on(completion_stream& stream, streamed& out) {
    stream.async_next([&](error_code error, const std::optional<completion_delta>& delta) {
        if (!error && delta) {
            out.taken += delta->text;
            return take_on(stream, out);
        }
        out.error = error;
        out.result = stream.result();
        out.ended = true;
    });
}

streamed stream_whole(asio::io_context& context, const client& llm) {
    streamed out;
    completion_stream kept;
    llm.async_stream(completion_request("a"), [&](error_code error, completion_stream stream) {
        kept = std::move(stream);
        out.opened = !error;
        if (out.opened) return take_on(kept, out);
        out.error = error;
        out.result = kept.result();
        out.ended = true;
    });
    while (!out.ended && context.run_one() != 0) continue;
    REQUIRE(out.ended);
    return out;
}

/// How much of what a stream says has been said by the first `count` bytes of it.
std::size_t said_by(const shape& what, std::size_t count) {
    const std::size_t head = what.bytes.find("\r\n\r\n") + 4;
    if (count <= head) return 0;
    if (what.ends_with_connection) return count - head;
    std::size_t said = 0;
    for (std::size_t at = head; at + 3 < count && said < what.events.size();) {
        const std::size_t size = what.bytes[at] - '0';
        said += std::min(size, count - at - 3);
        at += 3 + size + 2;
    }
    return said;
}

/// What the events say that are complete in the first `said` bytes, of two pieces.
std::string text_of(const shape& what, std::size_t said) {
    const std::string first = "\xc3\xa4n ";
    const std::size_t first_end = what.events.find("\n\n") + 2;
    if (said < first_end) return "";
    return said < what.events.find("\n\n", first_end) + 2 ? first : text;
}

void check_cut_stream(const shape& what, std::size_t cut, bool by_reset) {
    asio::io_context context;
    const turn said{what.bytes.substr(0, cut), by_reset ? turn::reset : turn::close};
    scripted_peer peer(context, {{said}});
    client llm(context.get_executor(), once(peer.base_url(), what.dialect), quick());
    const streamed got = stream_whole(context, llm);
    const std::size_t events = said_by(what, cut);
    const std::string end_marker = "[DONE]\n\n";
    const bool whole = what.dialect == dialect::llm_engine
                           ? events == what.events.size()
                           : events >= what.events.find(end_marker) + end_marker.size();
    // A body that HTTP lets end anywhere is whole, too, behind the event that gives the reason of its end.
    const bool may_be_whole = what.ends_with_connection && what.dialect != dialect::llm_engine && !by_reset &&
                              events >= what.events.find("\n\n", what.events.find(R"("stop")")) + 2;
    CAPTURE(got.error.message());
    CHECK(got.result.text == got.taken);
    CHECK(llm.gate().status().in_flight == 0);
    if (got.error) {
        CHECK(got.error == condition::retryable);
        CHECK_FALSE(got.result.info.message.empty());
        CHECK(text_of(what, events).starts_with(got.taken));
    } else {
        CHECK(got.taken == text);
    }
    // A reset may overtake bytes that have been sent, and a success needs all of them.
    if (by_reset) {
        CHECK((got.error || whole));
    } else {
        CHECK(got.error.failed() == !(whole || may_be_whole));
        CHECK(got.taken == text_of(what, events));
        if (got.opened && got.error) CHECK(got.error == errc::answer_truncated);
    }
}

/// Says the answer in two pieces that the client reads apart.
raw_peer::behaviour in_two_pieces(std::string first, std::string second, bool closes) {
    return [=](raw_peer::socket& one, std::size_t) -> asio::awaitable<void> {
        std::string unread;
        co_await read_request(one, unread);
        co_await say(one, first);
        // What the client can do now, it does in these turns.
        for (int turns = 0; turns < 8; ++turns) co_await asio::post(one.get_executor(), asio::deferred);
        co_await say(one, second);
        if (closes) one.close();
    };
}

}  // namespace

TEST_CASE("an answer of LLM Engine that is cut at any byte is never a success") {
    for (const shape& what : whole_answers(dialect::llm_engine)) {
        for (const bool by_reset : {false, true}) {
            for (std::size_t cut = 0; cut < what.bytes.size(); ++cut) {
                CAPTURE(cut);
                asio::io_context context;
                const turn said{what.bytes.substr(0, cut), by_reset ? turn::reset : turn::close};
                scripted_peer peer(context, {{said}});
                client llm(context.get_executor(), once(peer.base_url(), what.dialect), quick());
                const outcome ended = complete(context, llm, completion_request("a"));
                REQUIRE(ended.error == condition::retryable);
                REQUIRE(ended.result.text.empty());
                REQUIRE_FALSE(ended.result.info.message.empty());
                REQUIRE(llm.gate().status().in_flight == 0);
            }
        }
    }
}

TEST_CASE("a stream that is cut at any byte is whole only if its last event came, and keeps its text") {
    for (const auto dialect : {dialect::openai_chat, dialect::llm_engine}) {
        CAPTURE(static_cast<int>(dialect));
        for (const shape& what : streams(dialect)) {
            for (const bool by_reset : {false, true}) {
                CAPTURE(by_reset);
                CAPTURE(what.ends_with_connection);
                for (std::size_t cut = 0; cut <= what.bytes.size(); ++cut) {
                    CAPTURE(cut);
                    check_cut_stream(what, cut, by_reset);
                }
            }
        }
    }
}

TEST_CASE("an answer that comes in two pieces is whole wherever it is parted") {
    for (const auto dialect : {dialect::openai_chat, dialect::llm_engine}) {
        std::vector<shape> all = whole_answers(dialect);
        for (shape& one : streams(dialect)) all.push_back(std::move(one));
        for (const shape& what : all) {
            for (std::size_t cut = 1; cut < what.bytes.size(); ++cut) {
                CAPTURE(cut);
                CAPTURE(what.bytes);
                asio::io_context context;
                raw_peer peer(context, in_two_pieces(what.bytes.substr(0, cut), what.bytes.substr(cut),
                                                     what.ends_with_connection));
                client llm(context.get_executor(), once(peer.url(), dialect), quick());
                const std::string got = what.events.empty()
                                            ? complete(context, llm, completion_request("a")).result.text
                                            : stream_whole(context, llm).taken;
                REQUIRE(got == text);
                REQUIRE(llm.gate().status().in_flight == 0);
            }
        }
    }
}
