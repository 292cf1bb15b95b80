#include "column_check.hpp"

#include <algorithm>

#include "base/utf8.hpp"
#include "cli/edit_distance.hpp"
#include "cli/exit_code.hpp"

namespace app {
namespace {

constexpr std::size_t names_shown = 40;

[[noreturn]] void refuse(const std::string& name, const std::string& problem) {
    throw failure(exit_code::wrong_usage, name + ": " + problem);
}

std::size_t times(const std::vector<std::string>& names, const std::string& wanted) {
    return static_cast<std::size_t>(std::count(names.begin(), names.end(), wanted));
}

/// Which names are asked for, and by what.
std::vector<std::pair<std::string, std::string>> wanted_names(const stagger::wire::line_reading& how) {
    std::vector<std::pair<std::string, std::string>> wanted;
    if (how.form) {
        for (const auto& place : how.form->places())
            wanted.emplace_back(place, "the template's {" + place + "}");
    }
    if (!how.id_name.empty()) wanted.emplace_back(how.id_name, "--id-column " + how.id_name);
    return wanted;
}

}  // namespace

std::string listed_names(const std::vector<std::string>& names) {
    std::string all;
    for (std::size_t index = 0; index < std::min(names.size(), names_shown); ++index)
        all += (index > 0 ? ", " : "") + names[index];
    if (names.size() > names_shown) all += " and " + std::to_string(names.size() - names_shown) + " more";
    return all;
}

void check_columns(const std::string& name, const std::vector<std::string>& columns,
                   const stagger::wire::line_reading& how) {
    for (const auto& each : columns) {
        if (stagger::wire::invalid_utf8_at(each))
            refuse(name,
                   "its columns' names are not valid UTF-8: iconv -f LATIN1 -t UTF-8 converts what Western "
                   "spreadsheets write");
    }
    for (const auto& [wanted, by] : wanted_names(how)) {
        const auto found = times(columns, wanted);
        if (found == 0)
            refuse(name, by + " is no column" + or_there_are(wanted, columns, listed_names(columns)));
        if (found > 1) refuse(name, by + " is the name of " + std::to_string(found) + " columns");
    }
    if (!how.form && times(columns, "prompt") == 0) {
        refuse(name, "has no column \"prompt\"; --template makes prompts of the columns there are: " +
                         listed_names(columns));
    }
    if (!how.send_columns) return;
    for (const auto& each : columns) {
        if (times(columns, each) > 1) refuse(name, each + ": two columns of one name cannot be sent");
        const bool asks = each == "prompt" || each == "messages" || each == "body";
        const bool used = how.form ? how.form->has_place(each) : each == "prompt";
        if (asks && !used)
            refuse(name, each + ": cannot be sent beside the prompt that the rows are made into");
    }
}

void check_text(const std::string& name, const stagger::wire::line_reading& how) {
    for (const auto& [wanted, by] : wanted_names(how)) {
        if (wanted == stagger::wire::prompt_template::whole_line && how.id_name != wanted) continue;
        refuse(name,
               by + " is nothing that lines of plain text have, which are {text}; --format says otherwise");
    }
}

void check_members(const std::string& name, const std::vector<std::string>& members,
                   const stagger::wire::line_reading& how) {
    for (const auto& [wanted, by] : wanted_names(how)) {
        if (times(members, wanted) == 0)
            refuse(name, by + " is a member of none of the first lines" +
                             or_there_are(wanted, members, listed_names(members)));
    }
}

}  // namespace app
