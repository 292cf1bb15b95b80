// A thousand exchanges through a gateway, drawn at random: what each side gets is what the other one sent, to
// the byte.

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <map>
#include <mutex>
#include <string>
#include <string_view>
#include <vector>

#include "http/sha256.hpp"
#include "net/running_gateway.hpp"
#include "stagger/random.hpp"

using namespace stagger;
using namespace stagger::test;
using http_server::answer_head;
using http_server::exchange;

namespace {

constexpr int exchanges = 1000;

/// How bytes are cut on their way.
enum class cut { not_at_all, at_random, at_every_byte };

struct message {
    unsigned status = 200;
    std::string lines;
    std::string body;
    cut pieces = cut::not_at_all;
};

std::size_t below(random_source& random, std::size_t bound) {
    return static_cast<std::size_t>(random.uniform() * static_cast<double>(bound));
}

/// Where readers go wrong: characters of several bytes, line ends of all kinds, what looks like framing.
std::string text(random_source& random) {
    constexpr std::array<std::string_view, 12> parts = {"data: ",
                                                        "\r\n",
                                                        "\n\n",
                                                        "\\u4e2d",
                                                        "\xe4\xb8\xad\xe6\x96\x87",
                                                        "\xf0\x9f\x8c\x8d",
                                                        ": comment\r\n",
                                                        "0\r\n\r\n",
                                                        R"("tools":[{"type":"function"}])",
                                                        "id: 7\n",
                                                        "[DONE]",
                                                        "\r"};
    std::string made;
    for (std::size_t count = 1 + below(random, 60); count > 0; --count)
        made += parts[below(random, parts.size())];
    return made;
}

/// As what is compressed looks to who does not unpack it.
std::string packed(random_source& random) {
    std::string made = "\x1f\x8b\x08";
    for (std::size_t count = 1 + below(random, 20'000); count > 0; --count)
        made += static_cast<char>(below(random, 256));
    return made;
}

std::string json(random_source& random) {
    std::string quoted;
    for (const char one : text(random)) {
        if (one == '"') quoted += '\\';
        quoted += one == '\r' ? "\\r" : one == '\n' ? "\\n" : std::string(1, one);
    }
    return "{\"model\": \"m\",\r\n \"messages\":[{\"role\":\"user\",\"content\":\"" + quoted + "\"}]}\r\n";
}

message draw(random_source& random) {
    message made;
    const double kind = random.uniform();
    if (kind < .4) {
        made.lines = "Content-Type: application/json\r\n";
        made.body = json(random);
    } else if (kind < .7) {
        made.lines = "Content-Type: text/event-stream\r\n";
        made.body = text(random);
    } else {
        made.lines = "Content-Type: application/json\r\nContent-Encoding: gzip\r\n";
        made.body = packed(random);
    }
    made.pieces = static_cast<cut>(below(random, 3));
    if (made.pieces == cut::at_every_byte) made.body.resize(std::min<std::size_t>(made.body.size(), 400));
    return made;
}

std::vector<std::string> pieces_of(const message& what, random_source& random) {
    std::vector<std::string> all;
    for (std::size_t at = 0; at < what.body.size();) {
        const std::size_t most = what.pieces == cut::at_every_byte ? 1 : 1 + below(random, 3000);
        all.push_back(what.body.substr(at, most));
        at += all.back().size();
    }
    return all;
}

message asked_by(int number) {
    random_source random(static_cast<std::uint64_t>(number));
    return draw(random);
}

message answer_to(int number) {
    random_source random(static_cast<std::uint64_t>(exchanges + number));
    message made = draw(random);
    constexpr std::array<unsigned, 8> statuses = {200, 200, 200, 201, 400, 404, 422, 500};
    made.status = statuses[below(random, statuses.size())];
    return made;
}

std::string bytes_of_request(int number) {
    const message what = asked_by(number);
    random_source random(static_cast<std::uint64_t>(number));
    std::string bytes =
        "POST /v1/responses HTTP/1.1\r\nHost: localhost\r\nX-Exchange: " + std::to_string(number) + "\r\n" +
        what.lines;
    if (what.pieces == cut::not_at_all)
        return bytes + "Content-Length: " + std::to_string(what.body.size()) + "\r\n\r\n" + what.body;
    bytes += "Transfer-Encoding: chunked\r\n\r\n";
    for (const std::string& piece : pieces_of(what, random)) http_server::append_chunk(bytes, piece);
    return bytes.append(http_server::last_chunk);
}

io_awaitable<void> answer(exchange& with, int number) {
    const message what = answer_to(number);
    random_source random(static_cast<std::uint64_t>(number));
    answer_head head;
    head.status = what.status;
    head.lines = what.lines;
    if (what.pieces == cut::not_at_all) {
        co_await with.whole(head, what.body);
        co_return;
    }
    with.head(head);
    for (const std::string& piece : pieces_of(what, random)) co_await with.write(piece);
    const std::string_view nothing;
    co_await with.finish(nothing);
}

}  // namespace

TEST_CASE("gateway: of a thousand exchanges both bodies arrive as they were sent, by their SHA-256") {
    std::map<int, sha256_digest> received;
    std::mutex received_guard;
    running_gateway gate([&](exchange& with) -> io_awaitable<void> {
        const int number = std::stoi(std::string(http_server::value_of(with.asked(), "x-exchange")));
        {
            const std::lock_guard lock(received_guard);
            received[number] = sha256_of(with.asked().body);
        }
        return answer(with, number);
    });
    auto client = gate.connect();
    for (int number = 0; number < exchanges; ++number) {
        CAPTURE(number);
        const message expected = answer_to(number);
        const auto got = client.ask(bytes_of_request(number));
        CHECK(got.status == expected.status);
        CHECK(sha256_of(got.body) == sha256_of(expected.body));
        const std::lock_guard lock(received_guard);
        CHECK(received[number] == sha256_of(asked_by(number).body));
    }
}
