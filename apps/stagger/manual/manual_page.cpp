#include "manual_page.hpp"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cctype>
#include <vector>

#include "cli/subcommands.hpp"

namespace app {
namespace {

/// What CLI11 adds behind a value's name: what it has to be.
std::string value_name(const CLI::Option& option) {
    auto name = option.get_type_name();
    for (const auto* added : {":{", ":UINT", ":INT"}) name = name.substr(0, name.find(added));
    return name;
}

bool is_repeatable_argument(const CLI::Option& option) {
    return option.get_items_expected_max() > 1;
}

/// "-o, --output".
std::string option_names(const CLI::Option& option) {
    std::string names;
    for (const auto& name : option.get_snames()) names += (names.empty() ? "-" : ", -") + name;
    for (const auto& name : option.get_lnames()) names += (names.empty() ? "--" : ", --") + name;
    return names;
}

void add_option(std::string& page, const CLI::Option& option) {
    page += ".TP\n\\fB" + roff_text(option_names(option)) + "\\fR";
    if (option.get_items_expected_max() > 0) page += " \\fI" + roff_text(value_name(option)) + "\\fR";
    page += "\n" + roff_text(option.get_description()) + ".\n";
}

std::vector<const CLI::Option*> options_of(const CLI::App& command, const std::string& group) {
    std::vector<const CLI::Option*> found;
    for (const auto* each : command.get_options()) {
        if (each->nonpositional() && each->get_group() == group) found.push_back(each);
    }
    return found;
}

void add_options(std::string& page, const CLI::App& command) {
    for (const auto& group : command.get_groups()) {
        const auto options = options_of(command, group);
        if (options.empty()) continue;
        if (group != "Options") page += ".SS " + roff_text(group) + "\n";
        for (const auto* each : options) add_option(page, *each);
    }
}

std::vector<const CLI::Option*> arguments_of(const CLI::App& command) {
    std::vector<const CLI::Option*> found;
    for (const auto* each : command.get_options()) {
        if (each->get_positional()) found.push_back(each);
    }
    return found;
}

std::string synopsis(const CLI::App& program, const CLI::App& command) {
    std::string line =
        "\\fB" + roff_text(program.get_name() + " " + command.get_name()) + "\\fR [\\fIOPTIONS\\fR]";
    for (const auto* each : arguments_of(command)) {
        const auto name =
            "\\fI" + roff_text(each->get_name(true)) + "\\fR" + (is_repeatable_argument(*each) ? "..." : "");
        line += each->get_required() ? " " + name : " [" + name + "]";
    }
    return line;
}

std::string in_lower_case(std::string text) {
    if (!text.empty())
        text.front() = static_cast<char>(std::tolower(static_cast<unsigned char>(text.front())));
    return text;
}

/// The footer of a help says the exit codes, one behind the other.
std::string exit_status(std::string_view footer) {
    constexpr std::string_view begin = "Exit codes: ";
    if (footer.starts_with(begin)) footer.remove_prefix(begin.size());
    return roff_text(footer);
}

void add_see_also(std::string& page, const CLI::App& program, const CLI::App& command) {
    page += ".SH SEE ALSO\n.BR " + roff_text(program.get_name()) + " (1)";
    for (const auto* each : subcommands_of(program)) {
        if (each != &command)
            page += ",\n.BR " + roff_text(program.get_name() + "-" + each->get_name()) + " (1)";
    }
    page += "\n";
}

}  // namespace

std::string roff_text(std::string_view text) {
    std::string made;
    bool begins_line = true;
    for (const char letter : text) {
        if (begins_line && (letter == '.' || letter == '\'')) made += "\\&";
        if (letter == '\\') {
            made += "\\e";
        } else if (letter == '-') {
            made += "\\-";
        } else {
            made += letter;
        }
        begins_line = letter == '\n';
    }
    return made;
}

std::string manual_page(const CLI::App& program, const CLI::App& command, std::string_view description) {
    auto title = program.get_name() + "-" + command.get_name();
    const auto name = roff_text(title);
    std::transform(title.begin(), title.end(), title.begin(),
                   [](unsigned char letter) { return static_cast<char>(std::toupper(letter)); });
    std::string page =
        ".TH " + roff_text(title) + " 1 \"\" \"" + program.get_name() + "\" \"User Commands\"\n";
    page += ".SH NAME\n" + name + " \\- " + roff_text(in_lower_case(command.get_description())) + "\n";
    page += ".SH SYNOPSIS\n" + synopsis(program, command) + "\n";
    for (const auto* each : subcommands_of(command))
        page += ".br\n\\fB" +
                roff_text(program.get_name() + " " + command.get_name() + " " + each->get_name()) +
                "\\fR [\\fIOPTIONS\\fR]\n";
    page += description;
    const auto arguments = arguments_of(command);
    if (!arguments.empty()) page += ".SH ARGUMENTS\n";
    for (const auto* each : arguments) {
        page += ".TP\n\\fI" + roff_text(each->get_name(true)) + "\\fR\n" +
                roff_text(each->get_description()) + ".\n";
    }
    page += ".SH OPTIONS\n";
    add_options(page, command);
    for (const auto* each : subcommands_of(command)) {
        page += ".SS " + roff_text(each->get_name() + ": " + in_lower_case(each->get_description())) + "\n";
        for (const auto* option : options_of(*each, "Options")) add_option(page, *option);
    }
    page += ".SS Of every command\n";
    for (const auto* option : options_of(program, "Options")) {
        if (command.get_option_no_throw(option->get_name()) == nullptr) add_option(page, *option);
    }
    page += ".SH EXIT STATUS\n" + exit_status(command.get_footer()) + "\n";
    page +=
        ".SH ENVIRONMENT AND FILES\nSee\n.BR stagger (1):\nan option that takes one value is also read "
        "from a variable of its name, and from the configuration file. NO_COLOR leaves colours out.\n";
    add_see_also(page, program, command);
    return page;
}

}  // namespace app
