#include "base/utf8.hpp"

#include <cstdint>
#include <cstring>

namespace stagger::wire {

namespace {

/// Range of the second byte, by the first one (Unicode 15, table 3-7): rules out overlong forms, surrogates
/// and what lies above U+10FFFF.
struct sequence {
    std::size_t length;
    unsigned char second_low;
    unsigned char second_high;
};

sequence sequence_of(unsigned char first) {
    if (first < 0x80) return {1, 0, 0};
    if (first < 0xc2) return {0, 0, 0};
    if (first < 0xe0) return {2, 0x80, 0xbf};
    if (first == 0xe0) return {3, 0xa0, 0xbf};
    if (first == 0xed) return {3, 0x80, 0x9f};
    if (first < 0xf0) return {3, 0x80, 0xbf};
    if (first == 0xf0) return {4, 0x90, 0xbf};
    if (first < 0xf4) return {4, 0x80, 0xbf};
    if (first == 0xf4) return {4, 0x80, 0x8f};
    return {0, 0, 0};
}

std::size_t ascii_prefix(std::string_view text) {
    constexpr std::uint64_t high_bits = 0x8080808080808080U;
    std::size_t at = 0;
    for (std::uint64_t word = 0; at + sizeof word <= text.size(); at += sizeof word) {
        std::memcpy(&word, text.data() + at, sizeof word);
        if (word & high_bits) break;
    }
    while (at < text.size() && static_cast<unsigned char>(text[at]) < 0x80) ++at;
    return at;
}

}  // namespace

std::size_t utf8_sequence_length(std::string_view text) {
    if (text.empty()) return 0;
    const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
    const auto [length, low, high] = sequence_of(byte(0));
    if (length < 2) return length;
    if (text.size() < length || byte(1) < low || byte(1) > high) return 0;
    for (std::size_t i = 2; i < length; ++i) {
        if ((byte(i) & 0xc0) != 0x80) return 0;
    }
    return length;
}

std::size_t utf8_broken_length(std::string_view text) {
    const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
    const auto [length, low, high] = sequence_of(byte(0));
    if (length < 2 || text.size() < 2 || byte(1) < low || byte(1) > high) return 1;
    std::size_t valid = 2;
    while (valid < text.size() && valid < length && (byte(valid) & 0xc0) == 0x80) ++valid;
    return valid;
}

std::optional<std::size_t> invalid_utf8_at(std::string_view text) {
    std::size_t at = 0;
    while ((at += ascii_prefix(text.substr(at))) < text.size()) {
        const auto length = utf8_sequence_length(text.substr(at));
        if (length == 0) return at;
        at += length;
    }
    return std::nullopt;
}

void append_as_utf8(std::string& out, std::string_view text) {
    for (auto broken = invalid_utf8_at(text); broken; broken = invalid_utf8_at(text)) {
        out += text.substr(0, *broken);
        out += "\xEF\xBF\xBD";
        text.remove_prefix(*broken);
        text.remove_prefix(utf8_broken_length(text));
    }
    out += text;
}

}  // namespace stagger::wire
