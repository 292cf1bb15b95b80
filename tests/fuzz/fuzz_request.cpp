#include <algorithm>
#include <string>
#include <vector>

#include "fuzz/fuzz_input.hpp"
#include "fuzz/property.hpp"
#include "fuzz/targets.hpp"
#include "server/request_parser.hpp"

// Requests that a server reads are the same however their bytes are cut, so that nothing can be smuggled in.

namespace stagger::fuzz {
namespace {

/// What one way to cut the bytes made of them.
struct reading {
    std::vector<http_server::request> whole;
    unsigned refused = 0;
    std::size_t ahead = 0;
};

// Ten are more than one connection needs to be led astray.
constexpr std::size_t most_requests = 10;

reading read(const http_server::bounds& allowed, std::string_view bytes, std::string_view pieces) {
    http_server::request_parser parser(allowed);
    reading got;
    std::size_t piece = 0;
    const auto take_whole = [&] {
        while (got.whole.size() < most_requests && parser.is_whole()) {
            got.whole.push_back(parser.current());
            parser.begin();
            got.refused = parser.parse();
        }
    };
    while (!bytes.empty() && got.refused == 0 && got.whole.size() < most_requests) {
        const auto room = parser.room();
        require(!room.empty(), "there is room for more");
        const std::size_t wanted =
            pieces.empty() ? room.size()
                           : static_cast<unsigned char>(pieces[piece++ % pieces.size()]) + std::size_t{1};
        const std::size_t count = std::min({wanted, room.size(), bytes.size()});
        std::copy_n(bytes.begin(), count, room.begin());
        bytes.remove_prefix(count);
        parser.received(count);
        got.refused = parser.parse();
        take_whole();
    }
    got.ahead = parser.ahead();
    return got;
}

void require_sound(const http_server::request& got, const http_server::bounds& allowed) {
    require(got.body.size() <= allowed.body_bytes, "the body keeps its bound");
    require(!got.method.empty() && !got.target.empty(), "a request has a method and a target");
    for (const wire::field& each : got.fields) {
        require(each.value.find('\n') == std::string::npos && each.value.find('\0') == std::string::npos,
                "no field has a line end or a zero", each.name);
        require(each.name.find_first_of(" \t:") == std::string::npos, "a name is a token", each.name);
    }
}

// That lengths and chunks contradict each other is what makes two readers see different requests.
void require_one_framing(const http_server::request& got) {
    const auto count = [&](std::string_view name) {
        return std::count_if(got.fields.begin(), got.fields.end(), [&](const wire::field& each) {
            return http_server::same_name(each.name, name);
        });
    };
    require(count("content-length") == 0 || count("transfer-encoding") == 0, "there is one framing");
}

void require_same(const http_server::request& one, const http_server::request& other) {
    require(one.method == other.method && one.target == other.target, "the pieces do not change the target");
    require(one.body == other.body, "the pieces do not change the body", other.body);
    require(one.http_1_1 == other.http_1_1 && one.keeps_connection == other.keeps_connection,
            "the pieces do not change the connection");
    require(std::equal(one.fields.begin(), one.fields.end(), other.fields.begin(), other.fields.end(),
                       [](const wire::field& a, const wire::field& b) {
                           return a.name == b.name && a.value == b.value;
                       }),
            "the pieces do not change the fields");
}

}  // namespace

void fuzz_request(std::string_view bytes) {
    fuzz_input input(bytes);
    const std::uint8_t choices = input.byte();
    http_server::bounds allowed;
    allowed.head_bytes = (choices & 1) != 0 ? 256u : 8192u;
    allowed.body_bytes = (choices & 2) != 0 ? 64u : 65536u;
    const std::string_view pieces = input.take(input.byte() % 6 + std::size_t{1});
    const std::string_view sent = input.rest();
    const reading at_once = read(allowed, sent, {});
    for (const http_server::request& each : at_once.whole) {
        require_sound(each, allowed);
        require_one_framing(each);
    }
    for (const std::string_view cut : {pieces, std::string_view("\0", 1)}) {
        const reading in_pieces = read(allowed, sent, cut);
        // A head that is not whole is judged as soon as its bytes are there, and refused sooner or later.
        const std::size_t both = std::min(at_once.whole.size(), in_pieces.whole.size());
        require(at_once.refused != 0 || in_pieces.whole.size() == at_once.whole.size(),
                "the pieces do not change the number of requests");
        for (std::size_t i = 0; i < both; ++i) require_same(at_once.whole[i], in_pieces.whole[i]);
    }
}

}  // namespace stagger::fuzz
