#pragma once

#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <set>
#include <sstream>
#include <string>
#include <vector>

/// JSON objects, one a line, as a batch writes them.
inline std::vector<boost::json::object> lines_of(const std::string& results) {
    std::vector<boost::json::object> lines;
    std::istringstream input(results);
    for (std::string line; std::getline(input, line);) lines.push_back(boost::json::parse(line).as_object());
    return lines;
}

inline std::multiset<std::string> ids_of(const std::string& results) {
    std::multiset<std::string> ids;
    for (const auto& line : lines_of(results)) ids.emplace(line.at("custom_id").as_string().c_str());
    return ids;
}

/// "line-FROM" to "line-TO".
inline std::multiset<std::string> line_ids(int from, int to) {
    std::multiset<std::string> ids;
    for (int number = from; number <= to; ++number) ids.insert("line-" + std::to_string(number));
    return ids;
}
