#include "batch/prompt_template.hpp"

#include <algorithm>
#include <stdexcept>

#include "base/utf8.hpp"

namespace stagger::wire {

prompt_template::prompt_template(std::string_view text) {
    if (invalid_utf8_at(text)) throw std::invalid_argument("is not valid UTF-8");
    part open;
    for (std::size_t at = 0; at < text.size(); ++at) {
        const char character = text[at];
        const bool doubled = at + 1 < text.size() && text[at + 1] == character;
        if (character != '{' && character != '}') {
            open.text += character;
        } else if (doubled) {
            open.text += character;
            ++at;
        } else if (character == '}') {
            throw std::invalid_argument("the } at byte " + std::to_string(at) +
                                        " closes nothing; }} stands for a brace");
        } else {
            const auto end = text.find_first_of("{}", at + 1);
            if (end == std::string_view::npos || text[end] == '{') {
                throw std::invalid_argument("the { at byte " + std::to_string(at) +
                                            " is not closed; {{ stands for a brace");
            }
            open.name = text.substr(at + 1, end - at - 1);
            if (open.name.empty())
                throw std::invalid_argument("the place at byte " + std::to_string(at) + " has no name");
            parts_.push_back(std::move(open));
            open = {};
            at = end;
        }
    }
    if (parts_.empty()) throw std::invalid_argument("has no place for what a line says, such as {text}");
    parts_.push_back(std::move(open));
}

bool prompt_template::has_place(std::string_view name) const {
    return std::any_of(parts_.begin(), parts_.end(), [&](const part& each) { return each.name == name; });
}

std::vector<std::string> prompt_template::places() const {
    std::vector<std::string> names;
    for (const auto& each : parts_) {
        if (!each.name.empty()) names.push_back(each.name);
    }
    return names;
}

std::string prompt_template::fill(const std::function<std::string(const std::string&)>& value) const {
    std::string filled;
    for (const auto& each : parts_) {
        filled += each.text;
        if (!each.name.empty()) filled += value(each.name);
    }
    return filled;
}

}  // namespace stagger::wire
