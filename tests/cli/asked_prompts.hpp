#pragma once

#include <boost/json/parse.hpp>
#include <map>
#include <sstream>
#include <string>

/// How often the server was asked each prompt, by its --request-log.
inline std::map<std::string, int> asked(const std::string& log) {
    std::map<std::string, int> counts;
    std::istringstream lines(log);
    for (std::string line; std::getline(lines, line);) {
        ++counts[boost::json::parse(line).at("prompts").at(0).as_string().c_str()];
    }
    return counts;
}

/// Of a list of `numbered_prompts`.
inline std::string prompt_of(const std::string& custom_id) {
    return "question " + custom_id.substr(std::string("line-").size());
}
