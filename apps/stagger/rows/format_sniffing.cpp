#include "format_sniffing.hpp"

#include <algorithm>

#include "base/utf8.hpp"
#include "cli/exit_code.hpp"
#include "json/json_text.hpp"

namespace app {
namespace {

using namespace std::string_view_literals;

constexpr auto spaces = " \t\r\n"sv;

[[noreturn]] void refuse(const std::string& problem) {
    throw failure(exit_code::wrong_usage, problem);
}

std::string_view without_mark(std::string_view head) {
    if (head.starts_with(stagger::wire::byte_order_mark))
        head.remove_prefix(stagger::wire::byte_order_mark.size());
    return head;
}

/// From its first character that is no space on.
std::string_view content_of(std::string_view head) {
    head = without_mark(head);
    const auto begin = head.find_first_not_of(spaces);
    return begin == std::string_view::npos ? std::string_view() : head.substr(begin);
}

/// An array of what prompts can be, and no text that happens to begin with a bracket.
bool begins_like_an_array(std::string_view content) {
    if (!content.starts_with('[')) return false;
    const auto next = content.find_first_not_of(spaces, 1);
    return next != std::string_view::npos && (content[next] == '{' || content[next] == '"');
}

void refuse_utf16(std::string_view head) {
    const bool marked = head.starts_with("\xff\xfe"sv) || head.starts_with("\xfe\xff"sv);
    // Latin letters have a zero in every other byte.
    const bool unmarked =
        head.size() >= 4 && (head[0] == 0) != (head[1] == 0) && (head[2] == 0) != (head[3] == 0);
    if (marked || unmarked)
        refuse("looks like UTF-16, and UTF-8 is read: iconv -f UTF-16 -t UTF-8 makes it that");
}

/// A line of JSONL that is a prompt, and no text that happens to be an object.
bool begins_like_prompt_lines(std::string_view content) {
    if (!content.starts_with('{')) return false;
    const auto name = content.find_first_not_of(spaces, 1);
    if (name == std::string_view::npos) return false;
    const auto first = content.substr(name);
    return first.starts_with("\"prompt\""sv) || first.starts_with("\"messages\""sv) ||
           first.starts_with("\"custom_id\""sv);
}

/// A file whose name alone says that it is plain text.
sniffed_format as_named_text(std::string_view content) {
    constexpr auto named = "is named as plain text: give --format "sv;
    constexpr auto otherwise = ", or --format text if each line is a prompt"sv;
    if (begins_like_an_array(content))
        refuse(
            std::string("begins like one JSON array, and ").append(named).append("json").append(otherwise));
    if (begins_like_prompt_lines(content))
        refuse(std::string("begins like an object a line, and ")
                   .append(named)
                   .append("jsonl")
                   .append(otherwise));
    return {row_format::text};
}

sniffed_format as_jsonl(std::string_view content) {
    if (begins_like_an_array(content) || content.starts_with("[\n"sv) || content.starts_with("[\r"sv))
        refuse("begins like one JSON array, and is read as JSONL: give --format json");
    return {row_format::jsonl};
}

sniffed_format as_array(std::string_view content) {
    if (content.starts_with('{'))
        refuse("begins like an object a line, and is read as an array: give --format jsonl");
    if (!content.empty() && !content.starts_with('['))
        refuse("is read as a JSON array, and does not begin with [");
    return {row_format::json};
}

/// A file named .json: an array, or JSONL after all.
sniffed_format as_named_json(std::string_view content) {
    if (!content.starts_with('{')) return as_array(content);
    const auto line = content.substr(0, content.find('\n'));
    if (line.size() < content.size() && stagger::wire::json_problem(line)) {
        refuse(
            "is one JSON object over several lines, which is neither an array nor an object a line; "
            "jq -c . makes a line of each");
    }
    return {row_format::jsonl};
}

sniffed_format as_table(const row_reading& how, row_format format, std::string_view content,
                        std::string_view head) {
    const char usual = format == row_format::tsv ? '\t' : ',';
    if (content.starts_with("{\""sv)) {
        refuse("begins like an object a line, and is read as a table: give --format jsonl");
    }
    if (begins_like_an_array(content))
        refuse("begins like a JSON array, and is read as a table: give --format json");
    if (how.separator) return {format, *how.separator};
    const auto names = head.substr(0, head.find('\n'));
    if (names.find(usual) != std::string_view::npos) return {format, usual};
    for (const char other : {';', '\t', ',', '|'}) {
        if (names.find(other) == std::string_view::npos) continue;
        const auto shown = separator_text(other);
        const char* const quote = other == ';' || other == '|' ? "'" : "";
        std::string problem = "has ";
        problem += other == '\t' ? "tabs" : '"' + shown + '"';
        problem.append(" in its first line and no ").append(usual == '\t' ? "tab" : "comma");
        problem.append(": give --separator ").append(quote).append(shown).append(quote);
        problem.append(", or --separator ").append(separator_text(usual)).append(" if it has one column");
        refuse(problem);
    }
    return {format, usual};
}

}  // namespace

bool enough_to_tell(std::string_view head) {
    if (head.size() >= longest_head) return true;
    head = without_mark(head);
    const auto begin = head.find_first_not_of(spaces);
    if (begin == std::string_view::npos) return false;
    const auto content = head.substr(begin);
    // What follows the bracket tells an array of objects from a text.
    if (content.front() == '[' && content.find_first_not_of(spaces, 1) == std::string_view::npos)
        return false;
    return content.find('\n') != std::string_view::npos;
}

sniffed_format sniff_format(const row_reading& how, row_format by_name, std::string_view head) {
    refuse_utf16(head);
    const auto content = content_of(head);
    if (how.format == row_format::automatic && how.separator && by_name == row_format::automatic)
        return as_table(how, row_format::csv, content, without_mark(head));
    switch (how.format == row_format::automatic ? by_name : how.format) {
        case row_format::text:
            return how.format == row_format::text ? sniffed_format{row_format::text} : as_named_text(content);
        case row_format::jsonl:
            return as_jsonl(content);
        case row_format::csv:
            return as_table(how, row_format::csv, content, without_mark(head));
        case row_format::tsv:
            return as_table(how, row_format::tsv, content, without_mark(head));
        case row_format::json:
            return how.format == row_format::json ? as_array(content) : as_named_json(content);
        case row_format::automatic:
            break;
    }
    if (begins_like_an_array(content)) return {row_format::json};
    return {content.starts_with('{') ? row_format::jsonl : row_format::text};
}

}  // namespace app
