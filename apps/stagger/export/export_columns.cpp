#include "export_columns.hpp"

#include <algorithm>

#include "cli/exit_code.hpp"

namespace app {
namespace {

bool has(const std::vector<std::string>& names, const std::string& name) {
    return std::find(names.begin(), names.end(), name) != names.end();
}

std::string free_name(std::string name, const std::string& prefix, const std::vector<std::string>& taken) {
    while (has(taken, name)) name.insert(0, prefix);
    return name;
}

}  // namespace

void name_list::add(const std::string& name) {
    const auto place = std::lower_bound(sorted_.begin(), sorted_.end(), name);
    if (place != sorted_.end() && *place == name) return;
    if (names_.size() == most)
        throw failure(exit_code::wrong_usage,
                      "more than " + std::to_string(most) + " columns: \"" + name + "\"");
    sorted_.insert(place, name);
    names_.push_back(name);
}

std::vector<std::string> export_columns::all() const {
    auto names = input;
    names.insert(names.end(), own.begin(), own.end());
    names.insert(names.end(), answer.begin(), answer.end());
    return names;
}

export_columns make_export_columns(std::vector<std::string> input, std::vector<std::string> answer_members) {
    export_columns made;
    made.input = std::move(input);
    for (const auto& each : own_columns) made.own.push_back(free_name(each, "stagger_", made.all()));
    made.answer_members = std::move(answer_members);
    for (const auto& each : made.answer_members)
        made.answer.push_back(free_name(each, "answer_", made.all()));
    return made;
}

}  // namespace app
