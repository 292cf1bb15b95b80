#pragma once

#include <string>
#include <vector>

#include "cli/child.hpp"

/// A list of prompts as plain text: "question 1", "question 2", ...
inline std::string numbered_prompts(int count) {
    std::string text;
    for (int number = 1; number <= count; ++number) text += "question " + std::to_string(number) + "\n";
    return text;
}

/// `stagger batch` over a file of prompts.
inline child_setup batch(const std::string& base_url, const std::string& prompts, const std::string& results,
                         const std::vector<std::string>& options = {}, const std::string& model = "m") {
    child_setup setup{STAGGER_COMMAND,
                      {"batch", prompts, "-o", results, "--base-url", base_url, "--model", model}};
    setup.arguments.insert(setup.arguments.end(), options.begin(), options.end());
    return setup;
}
