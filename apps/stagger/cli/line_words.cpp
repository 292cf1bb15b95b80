#include "line_words.hpp"

namespace app {
namespace {

/// What stands in the same word behind the name; nothing where the word does not name the option.
std::optional<std::string> value_beside(const std::string& word, const std::string& name) {
    if (!word.starts_with(name)) return std::nullopt;
    const auto rest = word.substr(name.size());
    if (rest.starts_with('=')) return rest.substr(1);
    const bool is_short = !name.starts_with("--");
    return is_short && !rest.empty() ? std::optional(rest) : std::nullopt;
}

}  // namespace

std::optional<std::string> last_value(const std::vector<std::string>& words,
                                      const std::vector<std::string>& names) {
    std::optional<std::string> found;
    for (std::size_t index = 0; index < words.size() && words[index] != "--"; ++index) {
        for (const auto& name : names) {
            if (words[index] == name) {
                found = index + 1 < words.size() ? words[index + 1] : "";
            } else if (auto beside = value_beside(words[index], name)) {
                found = std::move(beside);
            }
        }
    }
    return found;
}

}  // namespace app
