#include "layers/source_tree.hpp"

#include <algorithm>
#include <cctype>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <stdexcept>

namespace layers {

namespace fs = std::filesystem;

namespace {

const fs::path root = STAGGER_SOURCE_DIR;

std::string read(const fs::path& path) {
    std::ifstream in(path, std::ios::binary);
    if (!in) throw std::runtime_error("cannot read " + path.string());
    return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

bool ends_with_any(const std::string& name, const std::vector<std::string>& endings) {
    return std::ranges::any_of(endings, [&](const std::string& ending) { return name.ends_with(ending); });
}

bool is_word(char c) {
    return std::isalnum(static_cast<unsigned char>(c)) || c == '_';
}

// Offset behind the literal that opens at `at` with `quote`.
std::size_t behind_quoted(std::string_view text, std::size_t at, char quote) {
    std::size_t end = at + 1;
    while (end < text.size() && text[end] != quote && text[end] != '\n') end += text[end] == '\\' ? 2 : 1;
    return std::min(end + 1, text.size());
}

// Offset behind the raw string whose opening quotation mark is at `at`.
std::size_t behind_raw_string(std::string_view text, std::size_t at) {
    std::size_t open = text.find('(', at);
    if (open == text.npos) return text.size();
    std::string close = ")" + std::string(text.substr(at + 1, open - at - 1)) + "\"";
    std::size_t end = text.find(close, open);
    return end == text.npos ? text.size() : end + close.size();
}

std::size_t behind_comment(std::string_view text, std::size_t at) {
    bool whole_line = text[at + 1] == '/';
    std::size_t end = text.find(whole_line ? "\n" : "*/", at + 2);
    if (end == text.npos) return text.size();
    return whole_line ? end : end + 2;
}

void blank(std::string& text, std::size_t from, std::size_t to) {
    std::replace_if(
        text.begin() + static_cast<std::ptrdiff_t>(from), text.begin() + static_cast<std::ptrdiff_t>(to),
        [](char c) { return c != '\n'; }, ' ');
}

}  // namespace

std::string to_string(const std::vector<violation>& all) {
    std::string text;
    for (const violation& one : all)
        text += one.path + ":" + std::to_string(one.line) + ": " + one.what + "\n";
    return text;
}

std::vector<source_file> read_sources(const std::vector<std::string>& folders,
                                      const std::vector<std::string>& endings) {
    std::vector<source_file> files;
    for (const std::string& folder : folders) {
        if (!fs::exists(root / folder)) continue;
        for (const fs::directory_entry& entry : fs::recursive_directory_iterator(root / folder)) {
            if (!entry.is_regular_file() || !ends_with_any(entry.path().filename().string(), endings))
                continue;
            files.push_back({fs::relative(entry.path(), root).generic_string(), read(entry.path())});
        }
    }
    std::ranges::sort(files, {}, &source_file::path);
    return files;
}

source_file read_source(const std::string& path) {
    return {path, read(root / path)};
}

bool source_exists(const std::string& path) {
    return fs::exists(root / path);
}

std::string strip(std::string_view text, keep what) {
    std::string result(text);
    std::size_t at = 0;
    while (at < text.size()) {
        char c = text[at];
        char before = at > 0 ? text[at - 1] : ' ';
        std::size_t end = at + 1;
        bool literal = true;
        if (c == '/' && at + 1 < text.size() && (text[at + 1] == '/' || text[at + 1] == '*')) {
            end = behind_comment(text, at);
            literal = false;
        } else if (c == '"') {
            end = before == 'R' ? behind_raw_string(text, at) : behind_quoted(text, at, c);
        } else if (c == '\'' && !is_word(before)) {  // not the separator in 1'000
            end = behind_quoted(text, at, c);
        } else {
            ++at;
            continue;
        }
        if (!literal) {
            blank(result, at, end);
        } else if (what == keep::code_only) {
            blank(result, at + 1, end - 1);  // the quotation marks stay: something is there
        }
        at = end;
    }
    return result;
}

std::size_t line_of(std::string_view text, std::size_t offset) {
    return 1 + static_cast<std::size_t>(std::ranges::count(text.substr(0, offset), '\n'));
}

}  // namespace layers
