#include "shell_completion.hpp"

#include <algorithm>
#include <utility>

#include "cli/arguments.hpp"
#include "cli/exit_code.hpp"
#include "offered_words.hpp"
#include "sending/limits_file.hpp"

namespace app {
namespace {

constexpr auto question = "__complete";

known_names find_names(const std::vector<std::string>& line, const environment_reader& environment) {
    known_names known;
    try {
        const auto file = configuration_of(line, environment);
        known.profiles = file.profiles();
        known.models = file.values_of("model");
    } catch (const failure&) {
        // Whoever runs the command is told what is wrong with the file.
    }
    if (const auto path = usual_limits_path()) {
        for (const auto& [key, limits] : limits_file(*path).read().limits) {
            if (!key.model.empty()) known.models.push_back(key.model);
        }
    }
    std::sort(known.models.begin(), known.models.end());
    known.models.erase(std::unique(known.models.begin(), known.models.end()), known.models.end());
    return known;
}

/// A word that would be two lines, or none, or that a terminal would obey, is not offered.
bool fits_line(const std::string& text) {
    return !text.empty() && text.front() != ':' &&
           std::none_of(text.begin(), text.end(), [](unsigned char c) { return c < 32 || c == 127; });
}

}  // namespace

bool asks_for_completion(const std::vector<std::string>& line) {
    return !line.empty() && line.front() == question;
}

std::string completion_text(const CLI::App& program, const std::vector<std::string>& line,
                            const environment_reader& environment) {
    const std::vector<std::string> words(line.begin() + 1, line.end());
    const auto offered = words_to_offer(program, words, find_names(words, environment));
    std::string text;
    for (const auto& [word, about] : offered.words) {
        if (!fits_line(word)) continue;
        text.append(word);
        if (!about.empty()) text.append("\t").append(about);
        text.append("\n");
    }
    if (offered.paths == value_choices::on_disk::folders) text += ":folders\n";
    if (offered.paths == value_choices::on_disk::files) {
        text += ":files";
        for (const auto& ending : offered.endings) text += " " + ending;
        text += "\n";
    }
    return text;
}

}  // namespace app
