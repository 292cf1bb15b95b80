#include "layers/readme_snippets.hpp"

#include <algorithm>
#include <sstream>

namespace layers {

namespace {

std::vector<std::string> lines_of(const std::string& text) {
    std::vector<std::string> lines;
    std::istringstream in(text);
    for (std::string line; std::getline(in, line);) lines.push_back(line);
    return lines;
}

std::string trimmed(const std::string& line) {
    std::size_t from = line.find_first_not_of(" \t");
    return from == line.npos ? std::string() : line.substr(from, line.find_last_not_of(" \t\r") - from + 1);
}

std::size_t shared_indentation(const std::vector<std::string>& lines) {
    std::size_t shared = std::string::npos;
    for (const std::string& line : lines) shared = std::min(shared, line.find_first_not_of(' '));
    return shared == std::string::npos ? 0 : shared;
}

}  // namespace

std::vector<snippet> snippets_of(const std::string& markdown) {
    const std::string opening = "<!-- snippet: ";
    const std::string closing = " -->";
    const std::string fence = "```";
    const std::vector<std::string> lines = lines_of(markdown);
    std::vector<snippet> found;
    for (std::size_t at = 0; at < lines.size(); ++at) {
        if (!lines[at].starts_with(opening) || !lines[at].ends_with(closing)) continue;
        snippet one{
            lines[at].substr(opening.size(), lines[at].size() - opening.size() - closing.size()), {}, at + 1};
        if (at + 1 < lines.size() && lines[at + 1].starts_with(fence)) {
            for (at += 2; at < lines.size() && !lines[at].starts_with(fence); ++at)
                one.code += lines[at] + "\n";
        }
        found.push_back(std::move(one));
    }
    return found;
}

std::optional<std::string> marked_region(const std::string& example) {
    const std::vector<std::string> lines = lines_of(example);
    auto is = [](const char* mark) {
        return [mark](const std::string& line) { return trimmed(line) == mark; };
    };
    auto begin = std::ranges::find_if(lines, is("// snippet begin"));
    auto end = std::find_if(begin, lines.end(), is("// snippet end"));
    if (end == lines.end()) return std::nullopt;
    const std::vector<std::string> region(begin + 1, end);
    const std::size_t indentation = shared_indentation(region);
    std::string code;
    for (const std::string& line : region) code += line.substr(std::min(indentation, line.size())) + "\n";
    return code;
}

}  // namespace layers
