#include "json/json_writer.hpp"

#include <array>
#include <charconv>
#include <cmath>
#include <cstring>

#include "base/utf8.hpp"

namespace stagger::wire {

namespace {

constexpr std::string_view replacement_character = "\xEF\xBF\xBD";

bool is_plain(unsigned char byte) {
    return byte >= 0x20 && byte < 0x80 && byte != '"' && byte != '\\';
}

/// Eight bytes at once: the top bit of a byte of the sum is set by a byte that is not plain, and perhaps by
/// plain ones behind it.
bool are_plain(const char* eight) {
    constexpr std::uint64_t each = 0x0101010101010101;
    std::uint64_t word = 0;
    std::memcpy(&word, eight, sizeof word);
    const std::uint64_t quote = (word ^ (each * '"')) - each;
    const std::uint64_t backslash = (word ^ (each * '\\')) - each;
    const std::uint64_t control = word - each * 0x20;
    return ((word | quote | backslash | control) & (each * 0x80)) == 0;
}

std::size_t plain_prefix(std::string_view text) {
    std::size_t plain = 0;
    while (plain + 8 <= text.size() && are_plain(text.data() + plain)) plain += 8;
    while (plain < text.size() && is_plain(static_cast<unsigned char>(text[plain]))) ++plain;
    return plain;
}

void append_escaped(std::string& out, char character) {
    switch (character) {
        case '"':
            out += "\\\"";
            return;
        case '\\':
            out += "\\\\";
            return;
        case '\n':
            out += "\\n";
            return;
        case '\r':
            out += "\\r";
            return;
        case '\t':
            out += "\\t";
            return;
        default:
            break;
    }
    constexpr std::string_view digits = "0123456789abcdef";
    const auto value = static_cast<unsigned char>(character);
    out += "\\u00";
    out += digits[value >> 4];
    out += digits[value & 15];
}

}  // namespace

void append_json_string(std::string& out, std::string_view text) {
    out += '"';
    while (!text.empty()) {
        const std::size_t plain = plain_prefix(text);
        out.append(text, 0, plain);
        text.remove_prefix(plain);
        if (text.empty()) break;
        const auto length = utf8_sequence_length(text);
        if (length > 1) {
            out.append(text, 0, length);
        } else if (length == 1) {
            append_escaped(out, text[0]);
        } else {
            out += replacement_character;
        }
        text.remove_prefix(length == 0 ? utf8_broken_length(text) : length);
    }
    out += '"';
}

void append_json_number(std::string& out, double value) {
    if (!std::isfinite(value)) {
        out += "null";
        return;
    }
    std::array<char, 32> digits{};  // the longest double has 24 characters
    const auto end = std::to_chars(digits.data(), digits.data() + digits.size(), value).ptr;
    out.append(digits.data(), end);
}

std::string& object_writer::key(std::string_view name) {
    if (!first_) out_ += ',';
    first_ = false;
    append_json_string(out_, name);
    return out_ += ':';
}

}  // namespace stagger::wire
