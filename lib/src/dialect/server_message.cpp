#include "dialect/server_message.hpp"

#include <algorithm>

#include "base/decimal.hpp"
#include "base/utf8.hpp"

namespace stagger::wire {

namespace {

/// Long enough for any honest message, short enough for a line of a log.
constexpr std::size_t longest_message_bytes = 300;
/// Of the beginning of something that cannot be read.
constexpr std::size_t shown_bytes = 80;
/// What is looked at of a longer text.
constexpr std::size_t longest_input_bytes = 16384;
/// Characters after "sk-" that make a word a key and not a name.
constexpr std::size_t shortest_key_tail = 16;
constexpr std::string_view mask = "[key]";
constexpr std::string_view ellipsis = "\xE2\x80\xA6";

bool is_word(char character) {
    return (character >= '0' && character <= '9') || (character >= 'A' && character <= 'Z') ||
           (character >= 'a' && character <= 'z') || character == '_' || character == '-' || character == '.';
}

/// A well-formed sequence of two or more bytes that must not reach a terminal: C1 controls, zero-width and
/// text direction marks, line separators.
bool is_invisible(std::string_view sequence) {
    const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(sequence[i]); };
    if (byte(0) == 0xc2) return byte(1) < 0xa0;
    if (byte(0) != 0xe2) return byte(0) == 0xef && byte(1) == 0xbb && byte(2) == 0xbf;
    if (byte(1) == 0x80) return (byte(2) >= 0x8b && byte(2) <= 0x8f) || (byte(2) >= 0xa8 && byte(2) <= 0xae);
    return byte(1) == 0x81 && byte(2) >= 0xa0 && byte(2) <= 0xaf;
}

std::string visible(std::string_view text) {
    std::string out;
    bool space = false;
    while (!text.empty()) {
        const auto length = utf8_sequence_length(text);
        const auto sequence = text.substr(0, std::max<std::size_t>(length, 1));
        text.remove_prefix(sequence.size());
        const auto first = static_cast<unsigned char>(sequence[0]);
        if (length == 1 && (first == ' ' || (first >= '\t' && first <= '\r'))) {
            space = !out.empty();
            continue;
        }
        if (length == 0 || first < 0x20 || first == 0x7f || (length > 1 && is_invisible(sequence))) continue;
        if (space) out += ' ';
        space = false;
        out += sequence;
    }
    return out;
}

/// Masks the words that look like a key although it is not ours: "sk-" and a long tail.
void mask_foreign_keys(std::string& text) {
    constexpr std::string_view prefix = "sk-";
    for (auto at = text.find(prefix); at != std::string::npos; at = text.find(prefix, at + 1)) {
        if (at > 0 && is_word(text[at - 1])) continue;
        auto end = at + prefix.size();
        while (end < text.size() && is_word(text[end])) ++end;
        if (end - at - prefix.size() >= shortest_key_tail) text.replace(at, end - at, mask);
    }
}

/// Position of an HTML tag's name after `<`, without case; npos if there is none.
std::size_t find_tag(std::string_view text, std::string_view tag) {
    for (std::size_t at = text.find('<'); at != std::string_view::npos; at = text.find('<', at + 1)) {
        if (equal_ignoring_case(text.substr(at + 1, tag.size()), tag)) return at;
    }
    return std::string_view::npos;
}

std::string without_tags(std::string_view html) {
    std::string out;
    bool inside = false;
    for (const char character : html) {
        if (character == '<') {
            inside = true;
            out += ' ';
        } else if (character == '>') {
            inside = false;
        } else if (!inside) {
            out += character;
        }
    }
    return out;
}

bool is_html(std::string_view text) {
    const auto first = text.find_first_not_of(" \t\r\n");
    return first != std::string_view::npos && text[first] == '<';
}

std::string text_of_html(std::string_view html) {
    const auto title = find_tag(html, "title>");
    if (title == std::string_view::npos) return without_tags(html);
    const auto text = html.substr(title + std::string_view("<title>").size());
    return std::string(text.substr(0, text.find('<')));
}

void cut(std::string& text) {
    if (text.size() <= longest_message_bytes) return;
    auto end = longest_message_bytes - ellipsis.size();
    while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xc0) == 0x80) --end;
    text.resize(end);
    text += ellipsis;
}

}  // namespace

std::string readable_message(std::string_view text, const secrets& hidden) {
    const bool was_cut = text.size() > longest_input_bytes;
    text = text.substr(0, longest_input_bytes);
    std::string message = visible(is_html(text) ? text_of_html(text) : std::string(text));
    hidden.mask(message);
    if (was_cut) hidden.drop_cut_secret(message);
    mask_foreign_keys(message);
    cut(message);
    return message;
}

std::string shown_beginning(std::string_view text, const secrets& hidden) {
    const std::string_view whole = text.substr(0, longest_input_bytes);
    std::string shown(whole);
    // Before the cut: what is left of a secret that is cut would not be found.
    hidden.mask(shown);
    if (text.size() > whole.size()) hidden.drop_cut_secret(shown);
    shown.resize(std::min(shown.size(), shown_bytes));
    return "it begins with: " + shown;
}

}  // namespace stagger::wire
