#include "gateway/usage_scanner.hpp"

#include <algorithm>
#include <optional>

#include "dialect/usage.hpp"
#include "json/json_document.hpp"

namespace stagger::gateway {

namespace {

constexpr std::string_view name = "\"usage\"";
// No honest count is longer; what is, is no count.
constexpr std::size_t longest = 4096;

/// How much of the end of a text may be the beginning of the name.
std::size_t begun_name(std::string_view text) {
    for (std::size_t size = std::min(name.size() - 1, text.size()); size > 0; --size) {
        if (text.ends_with(name.substr(0, size))) return size;
    }
    return 0;
}

std::string_view without_space(std::string_view text) {
    const auto first = text.find_first_not_of(" \t\r\n");
    return first == text.npos ? std::string_view() : text.substr(first);
}

/// The size of the object that a text begins with; nothing where it is cut.
std::optional<std::size_t> object_size(std::string_view text) {
    std::size_t depth = 0;
    bool quoted = false;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const char at = text[i];
        if (quoted) {
            if (at == '\\') ++i;
            quoted = at != '"';
        } else if (at == '"') {
            quoted = true;
        } else if (at == '{') {
            ++depth;
        } else if (at == '}' && --depth == 0) {
            return i + 1;
        }
    }
    return std::nullopt;
}

}  // namespace

void usage_scanner::pass(std::string_view piece) {
    if (held_.empty()) {
        held_ = scan(piece);
        return;
    }
    const std::string joined = held_.append(piece);
    held_ = scan(joined);
}

/// Returns what has to be seen again with what follows.
std::string_view usage_scanner::scan(std::string_view text) {
    for (;;) {
        const auto found = text.find(name);
        if (found == text.npos) return text.substr(text.size() - begun_name(text));
        const std::string_view from = text.substr(found);
        text = from.substr(name.size());
        std::string_view value = without_space(text);
        const bool is_member = value.starts_with(':');
        if (is_member) value = without_space(value.substr(1));
        if (value.empty()) return from.size() < longest ? from : std::string_view();
        if (!is_member || value.front() != '{') continue;
        const auto size = object_size(value.substr(0, longest));
        if (size) {
            take(value.substr(0, *size));
            text = value.substr(*size);
        } else if (value.size() < longest) {
            return from;
        }
    }
}

void usage_scanner::take(std::string_view object) {
    const wire::json_document document(object);
    if (!document.object()) return;
    const token_usage told = wire::read_usage(*document.object());
    if (told.prompt_tokens) seen_.prompt_tokens = told.prompt_tokens;
    if (told.completion_tokens) seen_.completion_tokens = told.completion_tokens;
    if (told.cached_tokens) seen_.cached_tokens = told.cached_tokens;
}

}  // namespace stagger::gateway
