#include "dialect/secrets.hpp"

#include <algorithm>
#include <array>
#include <boost/url/encode.hpp>
#include <boost/url/parse_query.hpp>
#include <boost/url/rfc/unreserved_chars.hpp>

#include "base/decimal.hpp"
#include "dialect/authorization.hpp"

namespace stagger::wire {

namespace {

constexpr std::size_t shortest_secret_bytes = 6;
constexpr std::string_view mask_text = "[key]";

bool names_a_secret(std::string_view name) {
    constexpr std::array<std::string_view, 9> parts = {"auth",   "key",      "token",      "secret", "cookie",
                                                       "passwd", "password", "credential", "session"};
    std::string lower(name);
    std::transform(lower.begin(), lower.end(), lower.begin(),
                   [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; });
    return std::any_of(parts.begin(), parts.end(),
                       [&](std::string_view part) { return lower.find(part) != std::string::npos; });
}

/// The word with a backslash before each of these characters.
std::string escaped(std::string_view word, std::string_view characters) {
    std::string out;
    out.reserve(word.size());
    for (const char each : word) {
        if (characters.find(each) != std::string_view::npos) out += '\\';
        out += each;
    }
    return out;
}

/// As the query of a URL has it, which a redirect repeats.
std::string percent_encoded(std::string_view word) {
    namespace urls = boost::urls;
    return urls::encode(word, urls::unreserved_chars);
}

}  // namespace

void secrets::add(std::string_view word) {
    if (word.size() < shortest_secret_bytes) return;
    const std::array forms{std::string(word), base64(std::string(word) + ':'), escaped(word, "\"\\"),
                           escaped(word, "\"\\/"), percent_encoded(word)};
    for (const std::string& form : forms) {
        if (std::find(words_.begin(), words_.end(), form) == words_.end()) words_.push_back(form);
    }
    std::stable_sort(words_.begin(), words_.end(), [](const std::string& left, const std::string& right) {
        return left.size() > right.size();
    });
}

void secrets::add_header(std::string_view name, std::string_view value) {
    if (!names_a_secret(name)) return;
    add(value);
    // "Bearer KEY", "name=KEY; other=KEY": a server repeats the key without what is around it.
    constexpr std::string_view separators = " \t;,";
    while (!value.empty()) {
        const std::size_t end = std::min(value.find_first_of(separators), value.size());
        const std::string_view word = value.substr(0, end);
        // The one scheme that is as long as a secret: "Bearer token is missing" should be readable.
        if (!equal_ignoring_case(word, "bearer")) {
            add(word);
            add(word.substr(std::min(word.find('=') + 1, word.size())));
        }
        value.remove_prefix(std::min(end + 1, value.size()));
    }
}

void secrets::add_query(std::string_view query) {
    const auto parsed = boost::urls::parse_query(query);
    if (parsed.has_error()) return;
    for (const auto& param : *parsed) {
        if (!names_a_secret(std::string_view(param.key))) continue;
        add(std::string_view(param.value));
        const auto decoded = param.value.decode();
        add(decoded);
    }
}

void secrets::mask(std::string& text) const {
    for (const std::string& word : words_) {
        for (auto at = text.find(word); at != std::string::npos;
             at = text.find(word, at + mask_text.size())) {
            text.replace(at, word.size(), mask_text);
        }
    }
}

void secrets::drop_cut_secret(std::string& text) const {
    std::size_t longest = 0;
    for (const std::string& word : words_) {
        std::size_t kept = std::min(word.size() - 1, text.size());
        while (kept > longest && !text.ends_with(std::string_view(word).substr(0, kept))) --kept;
        longest = std::max(longest, kept);
    }
    text.resize(text.size() - longest);
}

secrets secrets_of(std::string_view api_key,
                   const std::vector<std::pair<std::string, std::string>>& headers) {
    secrets all(api_key);
    for (const auto& header : headers) all.add_header(header.first, header.second);
    return all;
}

}  // namespace stagger::wire
