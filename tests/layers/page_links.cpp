#include "layers/page_links.hpp"

#include <algorithm>
#include <cctype>
#include <filesystem>
#include <map>
#include <sstream>

namespace layers {
namespace {

/// The lines of a page, with those of fenced blocks and what stands between backticks left empty.
std::vector<std::string> lines_of_text(std::string_view page, bool keep_code) {
    std::vector<std::string> lines;
    std::istringstream input{std::string(page)};
    bool fenced = false;
    for (std::string line; std::getline(input, line);) {
        const bool fence = line.starts_with("```");
        if (fence) fenced = !fenced;
        if (fenced || fence) line.clear();
        bool code = false;
        for (char& each : line) {
            const bool tick = each == '`';
            if (tick) code = !code;
            if ((code || tick) && !keep_code) each = ' ';
        }
        lines.push_back(std::move(line));
    }
    return lines;
}

/// What a heading says without marks: of a link its text only.
std::string plain(const std::string& heading) {
    std::string text;
    for (std::size_t at = 0; at < heading.size(); ++at) {
        if (heading.compare(at, 2, "](") == 0)
            at = std::min(heading.find(')', at), heading.size() - 1);
        else if (heading[at] != '[')
            text += heading[at];
    }
    return text;
}

std::string anchor_of(const std::string& heading) {
    std::string anchor;
    for (const char each : plain(heading)) {
        const auto one = static_cast<unsigned char>(each);
        if (each == ' ')
            anchor += '-';
        else if (std::isalnum(one) != 0 || each == '-' || each == '_' || one >= 0x80)
            anchor += static_cast<char>(std::tolower(one));
    }
    return anchor;
}

bool leads_elsewhere(const std::string& target) {
    return target.find("://") != std::string::npos || target.starts_with("mailto:");
}

/// Relative to the project's folder.
std::string path_from(const std::string& page, const std::string& target) {
    if (target.empty()) return page;
    const auto path = std::filesystem::path(page).parent_path() / target;
    return path.lexically_normal().generic_string();
}

}  // namespace

std::vector<page_link> links_of(std::string_view page) {
    std::vector<page_link> links;
    const auto lines = lines_of_text(page, false);
    for (std::size_t line = 0; line < lines.size(); ++line) {
        const std::string& text = lines[line];
        for (auto at = text.find("]("); at != std::string::npos; at = text.find("](", at + 1)) {
            const auto end = text.find(')', at);
            if (end == std::string::npos) break;
            std::string target = text.substr(at + 2, end - at - 2);
            if (!leads_elsewhere(target)) links.push_back({std::move(target), line + 1});
        }
    }
    return links;
}

std::vector<std::string> anchors_of(std::string_view page) {
    std::vector<std::string> anchors;
    std::map<std::string, int> seen;
    for (const std::string& line : lines_of_text(page, true)) {
        const auto text = line.find_first_not_of('#');
        if (text == 0 || text == std::string::npos || line[text] != ' ') continue;
        const std::string anchor = anchor_of(line.substr(text + 1));
        const int before = seen[anchor]++;
        anchors.push_back(before == 0 ? anchor : anchor + "-" + std::to_string(before));
    }
    return anchors;
}

std::vector<violation> broken_links(const source_file& page, const page_lookup& find) {
    std::vector<violation> broken;
    for (const page_link& link : links_of(page.text)) {
        const auto hash = link.target.find('#');
        const std::string path = path_from(page.path, link.target.substr(0, hash));
        const auto text = path == page.path ? std::optional(page.text) : find(path);
        if (!text) {
            broken.push_back({page.path, link.line, "there is no " + link.target});
            continue;
        }
        if (hash == std::string::npos) continue;
        const auto anchors = anchors_of(*text);
        if (std::find(anchors.begin(), anchors.end(), link.target.substr(hash + 1)) == anchors.end())
            broken.push_back({page.path, link.line, "no heading is " + link.target});
    }
    return broken;
}

}  // namespace layers
