#include <algorithm>
#include <string>

#include "fuzz/fuzz_input.hpp"
#include "fuzz/property.hpp"
#include "fuzz/targets.hpp"
#include "http/answer_parser.hpp"

// An answer of HTTP is the same however its bytes are cut.

namespace stagger::fuzz {
namespace {

struct bounds {
    std::size_t head;
    std::size_t body;
};

/// What came of one way to read the bytes.
struct reading {
    error_code error;
    bool head_is_whole = false;
    bool is_whole = false;
    bool keeps_connection = false;
    wire::response answer;
    std::string body;
};

reading read(answer_parser& parser, std::string_view bytes, const std::string& pieces, bool stream_ends,
             bool takes_early) {
    reading got;
    std::size_t piece = 0;
    while (!bytes.empty() && !got.error && !parser.is_whole()) {
        const auto room = parser.room();
        require(!room.empty(), "there is room for more");
        const std::size_t wanted =
            static_cast<unsigned char>(pieces[piece++ % pieces.size()]) + std::size_t{1};
        const std::size_t count = std::min(
            {pieces.size() == 1 && pieces[0] == '\xff' ? room.size() : wanted, room.size(), bytes.size()});
        std::copy_n(bytes.begin(), count, room.begin());
        bytes.remove_prefix(count);
        got.error = parser.put(count);
        if (takes_early && parser.head_is_whole()) parser.take_body(got.body);
    }
    if (!got.error && stream_ends && !parser.is_whole()) got.error = parser.put_end();
    got.head_is_whole = parser.head_is_whole();
    got.is_whole = parser.is_whole() && !got.error;
    // Whether bytes follow that belong to no answer shows only once they are read.
    got.keeps_connection = got.is_whole && bytes.empty() && parser.keeps_connection();
    if (got.head_is_whole) {
        parser.take_body(got.body);
        got.answer = parser.answer();
    }
    return got;
}

void require_same(const reading& one, const reading& other, bool stream_ends) {
    if (!one.head_is_whole || !other.head_is_whole) return;  // an unfinished head is judged at other points
    if (!stream_ends && (!one.is_whole || !other.is_whole)) return;  // and so is an unfinished body
    require(!one.error == !other.error, "the verdict does not depend on the pieces",
            one.error.message() + " and " + other.error.message());
    if (one.error) return;
    require(one.is_whole == other.is_whole, "the end does not depend on the pieces");
    require(one.answer.status == other.answer.status, "the status does not depend on the pieces");
    require(one.answer.ends_with_connection == other.answer.ends_with_connection,
            "the framing does not depend on the pieces");
    require(one.answer.fields.size() == other.answer.fields.size(), "the fields do not depend on the pieces");
    for (std::size_t i = 0; i < one.answer.fields.size(); ++i) {
        require(one.answer.fields[i].name == other.answer.fields[i].name &&
                    one.answer.fields[i].value == other.answer.fields[i].value,
                "the fields do not depend on the pieces", one.answer.fields[i].name);
    }
    if (one.is_whole) require(one.body == other.body, "the body does not depend on the pieces", one.body);
}

void require_sound(const reading& got, const bounds& most) {
    if (!got.is_whole) return;
    require(got.body.size() <= most.body, "the body keeps its bound");
    for (const wire::field& each : got.answer.fields) {
        require(each.value.find('\n') == std::string::npos && each.value.find('\0') == std::string::npos,
                "no field has a line end or a zero", each.name);
    }
}

}  // namespace

void fuzz_answer(std::string_view bytes) {
    fuzz_input input(bytes);
    const std::uint8_t choices = input.byte();
    const bool stream_ends = (choices & 1) != 0;
    const bounds most{(choices & 2) != 0 ? 256u : 8192u, (choices & 4) != 0 ? 64u : 65536u};
    const std::string pieces(input.take(input.byte() % 6 + std::size_t{1}));
    if (pieces.empty()) return;
    const std::string_view answer = input.rest();
    const auto read_anew = [&](const std::string& sizes, bool takes_early) {
        answer_parser parser(most.head, most.body);
        reading got = read(parser, answer, sizes, stream_ends, takes_early);
        require_sound(got, most);
        return got;
    };
    const reading at_once = read_anew("\xff", false);
    require_same(at_once, read_anew(pieces, false), stream_ends);
    require_same(at_once, read_anew(std::string(1, '\0'), false), stream_ends);
    require_same(at_once, read_anew(pieces, true), stream_ends);

    answer_parser used(most.head, most.body);
    constexpr std::string_view before = "HTTP/1.1 200 OK\r\nX-A: b\r\nContent-Length: 3\r\n\r\nabc";
    require(read(used, before, "\x06", false, false).is_whole, "an ordinary answer is whole");
    used.begin();
    require_same(at_once, read(used, answer, pieces, stream_ends, false), stream_ends);
}

}  // namespace stagger::fuzz
