#include "base/visible_text.hpp"

#include "base/utf8.hpp"

namespace stagger {
namespace {

constexpr std::string_view replacement = "\xEF\xBF\xBD";

bool is_plain(char byte) {
    return (byte >= ' ' && byte <= '~') || byte == '\n' || byte == '\t';
}

/// The picture of a control character of ASCII: U+2400 and what follows, of DEL U+2421.
void append_picture(std::string& out, unsigned char control) {
    constexpr unsigned char deleted = 0x7f;
    out += "\xE2\x90";
    out += control == deleted ? '\xA1' : static_cast<char>(0x80 + control);
}

bool is_c1(std::string_view sequence) {
    return sequence[0] == '\xC2' && static_cast<unsigned char>(sequence[1]) < 0xA0;
}

}  // namespace

std::string visible_text(std::string_view text) {
    std::string out;
    out.reserve(text.size());
    while (!text.empty()) {
        std::size_t plain = 0;
        while (plain < text.size() && is_plain(text[plain])) ++plain;
        out += text.substr(0, plain);
        text.remove_prefix(plain);
        if (text.empty()) break;
        const std::size_t length = wire::utf8_sequence_length(text);
        if (length > 1) {
            out += is_c1(text) ? replacement : text.substr(0, length);
        } else if (length == 0) {
            out += replacement;
        } else if (!text.starts_with("\r\n")) {
            append_picture(out, static_cast<unsigned char>(text[0]));
        }
        text.remove_prefix(length == 0 ? wire::utf8_broken_length(text) : length);
    }
    return out;
}

std::string visible_line(std::string_view text) {
    std::string line = visible_text(text);
    for (char& each : line) {
        if (each == '\n') each = ' ';
    }
    return line;
}

}  // namespace stagger
