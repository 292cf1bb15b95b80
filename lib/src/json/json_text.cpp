#include "json/json_text.hpp"

#include <boost/json/basic_parser_impl.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>
#include <charconv>
#include <cmath>
#include <limits>

#include "json/lenient_json.hpp"

namespace stagger::wire {

namespace json = boost::json;

namespace {

/// Takes every event of the parser and keeps nothing.
struct ignore_everything {
    using code = boost::system::error_code;
    static constexpr std::size_t max_array_size = std::numeric_limits<std::size_t>::max();
    static constexpr std::size_t max_object_size = max_array_size;
    static constexpr std::size_t max_string_size = max_array_size;
    static constexpr std::size_t max_key_size = max_array_size;

    bool on_document_begin(code&) { return true; }
    bool on_document_end(code&) { return true; }
    bool on_array_begin(code&) { return true; }
    bool on_array_end(std::size_t, code&) { return true; }
    bool on_object_begin(code&) { return true; }
    bool on_object_end(std::size_t, code&) { return true; }
    bool on_string_part(json::string_view, std::size_t, code&) { return true; }
    bool on_string(json::string_view, std::size_t, code&) { return true; }
    bool on_key_part(json::string_view, std::size_t, code&) { return true; }
    bool on_key(json::string_view, std::size_t, code&) { return true; }
    bool on_number_part(json::string_view, code&) { return true; }
    bool on_int64(std::int64_t, json::string_view, code&) { return true; }
    bool on_uint64(std::uint64_t, json::string_view, code&) { return true; }
    bool on_double(double, json::string_view, code&) { return true; }
    bool on_bool(bool, code&) { return true; }
    bool on_null(code&) { return true; }
    bool on_comment_part(json::string_view, code&) { return true; }
    bool on_comment(json::string_view, code&) { return true; }
};

constexpr std::string_view white_space = " \t\r\n";

/// The end of the string whose opening quote is at `at`. Quotes are looked for, since most strings have no
/// backslash.
std::size_t end_of_string(std::string_view text, std::size_t at) {
    for (auto quote = text.find('"', at + 1); quote != std::string_view::npos;
         quote = text.find('"', quote + 1)) {
        auto first = quote;  // of the backslashes in front of the quote
        while (text[first - 1] == '\\') --first;
        if ((quote - first) % 2 == 0) return quote + 1;
    }
    return text.size();
}

/// The end of the value that begins at `at`: the comma or bracket that follows it at the same level.
std::size_t end_of_value(std::string_view text, std::size_t at) {
    std::size_t open = 0;
    while (at < text.size()) {
        const char character = text[at];
        if (character == '"') {
            at = end_of_string(text, at);
            continue;
        }
        if (open == 0 && (character == ',' || character == '}' || character == ']')) return at;
        if (character == '{' || character == '[') ++open;
        if (character == '}' || character == ']') --open;
        ++at;
    }
    return at;
}

}  // namespace

std::string_view json_trimmed(std::string_view text) {
    const auto first = text.find_first_not_of(white_space);
    if (first == std::string_view::npos) return {};
    return text.substr(first, text.find_last_not_of(white_space) - first + 1);
}

double json_number_value(std::string_view checked) {
    const auto text = json_trimmed(checked);
    double value = 0;
    const auto read = std::from_chars(text.data(), text.data() + text.size(), value);
    if (read.ec != std::errc::result_out_of_range) return value;
    // from_chars leaves the value alone then; the exponent's sign tells which end it ran over.
    if (text.find("e-") != std::string_view::npos || text.find("E-") != std::string_view::npos) return 0;
    return text.front() == '-' ? -HUGE_VAL : HUGE_VAL;
}

namespace {

std::optional<std::string> parser_problem(std::string_view text, std::size_t max_depth) {
    json::parse_options options;
    options.max_depth = max_depth;
    json::basic_parser<ignore_everything> parser(options);
    boost::system::error_code error;
    const auto consumed = parser.write_some(false, text.data(), text.size(), error);
    if (!error && consumed == text.size()) return std::nullopt;
    return (error ? error.message() : "extra data") + " at byte " + std::to_string(consumed);
}

}  // namespace

// The parser refuses half of a surrogate pair, which the grammar allows (RFC 8259, 8.2).
std::optional<std::string> json_problem(std::string_view text, std::size_t max_depth) {
    auto problem = parser_problem(text, max_depth);
    if (!problem) return problem;
    const auto whole = with_whole_surrogates(text);
    return whole ? parser_problem(*whole, max_depth) : problem;
}

std::optional<std::vector<json_member>> json_members(std::string_view checked) {
    const auto text = json_trimmed(checked);
    if (text.empty() || text.front() != '{') return std::nullopt;
    std::vector<json_member> members;
    for (std::size_t at = text.find_first_of("\"}", 1); at < text.size() && text[at] == '"';) {
        const auto name_end = end_of_string(text, at);
        auto name = json_string_value(text.substr(at, name_end - at));
        const auto value = text.find(':', name_end) + 1;
        const auto value_end = end_of_value(text, value);
        members.push_back(
            {std::move(name).value_or(std::string()), json_trimmed(text.substr(value, value_end - value))});
        at = text.find_first_of("\"}", value_end);
    }
    return members;
}

std::optional<std::vector<std::string_view>> json_elements(std::string_view checked) {
    const auto text = json_trimmed(checked);
    if (text.empty() || text.front() != '[') return std::nullopt;
    std::vector<std::string_view> elements;
    for (std::size_t at = 1; at < text.size();) {
        const auto end = end_of_value(text, at);
        const auto element = json_trimmed(text.substr(at, end - at));
        if (element.empty()) break;  // of an empty array
        elements.push_back(element);
        at = end + 1;
    }
    return elements;
}

const json_member* find_member(const std::vector<json_member>& members, std::string_view name) {
    const json_member* found = nullptr;
    for (const auto& member : members) {
        if (member.name == name) found = &member;
    }
    return found;
}

std::optional<std::string> json_string_value(std::string_view checked) {
    const auto text = json_trimmed(checked);
    if (text.size() < 2 || text.front() != '"') return std::nullopt;
    if (text.find('\\') == std::string_view::npos) return std::string(text.substr(1, text.size() - 2));
    boost::system::error_code error;
    auto value = json::parse(json::string_view(text.data(), text.size()), error);
    if (error) {
        if (const auto whole = with_whole_surrogates(text)) value = json::parse(*whole, error);
    }
    if (error || !value.is_string()) return std::nullopt;
    return std::string(value.get_string().data(), value.get_string().size());
}

}  // namespace stagger::wire
