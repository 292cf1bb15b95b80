// The manual pages beside the help that they have to agree with.

#include <doctest/doctest.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <fstream>
#include <iterator>

#include "cli/child.hpp"
#include "cli/program.hpp"
#include "manual/manual_page.hpp"

namespace {

std::string text_of(const std::string& path) {
    std::ifstream page(path);
    std::string text((std::istreambuf_iterator<char>(page)), std::istreambuf_iterator<char>());
    REQUIRE_MESSAGE(!text.empty(), path);
    return text;
}

/// As a reader sees it.
std::string without_escapes(std::string page) {
    page.erase(std::remove(page.begin(), page.end(), '\\'), page.end());
    return page;
}

std::vector<std::string> options_in(const std::string& help) {
    std::vector<std::string> found;
    for (auto at = help.find("--"); at != std::string::npos; at = help.find("--", at + 2)) {
        const auto end = help.find_first_not_of("abcdefghijklmnopqrstuvwxyz-", at + 2);
        found.push_back(help.substr(at, end - at));
    }
    return found;
}

}  // namespace

TEST_CASE("each command has a manual page, which names every option of its help") {
    const app::program all;
    const auto overview = without_escapes(text_of(MANUAL_PAGE));
    for (const auto& each : all.commands()) {
        const auto& name = each.parser->get_name();
        const auto page = without_escapes(text_of(std::string(MANUAL_PAGES) + "/stagger-" + name + ".1"));
        CHECK(page.starts_with(".TH STAGGER-"));
        for (const auto* section : {".SH NAME\nstagger-", ".SH SYNOPSIS\n", ".SH DESCRIPTION\n",
                                    ".SH EXAMPLES\n", ".SH OPTIONS\n", ".SH EXIT STATUS\n", ".SH SEE ALSO\n"})
            CHECK_MESSAGE(page.find(section) != std::string::npos, (name + ": " + section));
        const auto help = run({STAGGER_COMMAND, {name, "--help"}}).out;
        const auto options = options_in(help);
        CHECK(options.size() >= 2);
        for (const auto& option : options)
            CHECK_MESSAGE(page.find(option) != std::string::npos, (name + ": " + option));
        CHECK_MESSAGE(overview.find(".BR stagger-" + name + " (1)") != std::string::npos, name);
    }
}

TEST_CASE("the overview names the options of the program itself") {
    const auto overview = without_escapes(text_of(MANUAL_PAGE));
    for (const auto& option : options_in(run({STAGGER_COMMAND, {"--help"}}).out)) {
        if (option != "--max-tokens")  // an example
            CHECK_MESSAGE(overview.find(option) != std::string::npos, option);
    }
}

TEST_CASE("what roff would obey is text in a manual page") {
    CHECK(app::roff_text("a-b") == "a\\-b");
    CHECK(app::roff_text(".TH x") == "\\&.TH x");
    CHECK(app::roff_text("x\n'y") == "x\n\\&'y");
    CHECK(app::roff_text("\\n") == "\\en");
    CHECK(app::roff_text("1.5").find('&') == std::string::npos);
}

TEST_CASE("a manual page is made of what the parser knows") {
    CLI::App program("", "tool");
    auto& command = *program.add_subcommand("make", "Make something");
    std::string value;
    std::vector<std::string> many;
    command.add_option("FILES", many, "What it is made of")->required();
    command.add_option("-o,--output", value, "Where it goes")->type_name("FILE")->group("Out");
    bool dry = false;
    command.add_flag("--dry", dry, "Only say it");
    command.footer("Exit codes: 0 made;\n1 not.");
    auto& inner = *command.add_subcommand("undo", "Take it back");
    inner.add_flag("--all", dry, "All of it");
    program.add_subcommand("other", "Something else");
    const auto page = app::manual_page(program, command, ".SH DESCRIPTION\nBy hand.\n");
    const auto has = [&](const std::string& text) { return page.find(text) != std::string::npos; };
    CHECK(page.starts_with(
        ".TH TOOL\\-MAKE 1 \"\" \"tool\" \"User Commands\"\n.SH NAME\ntool\\-make \\- make something\n"));
    CHECK(has("\\fBtool make\\fR [\\fIOPTIONS\\fR] \\fIFILES\\fR...\n"));
    CHECK(has("\\fBtool make undo\\fR [\\fIOPTIONS\\fR]\n"));
    CHECK(has(".SH DESCRIPTION\nBy hand.\n"));
    CHECK(has(".SH ARGUMENTS\n.TP\n\\fIFILES\\fR\nWhat it is made of.\n"));
    CHECK(has(".SS Out\n.TP\n\\fB\\-o, \\-\\-output\\fR \\fIFILE\\fR\nWhere it goes.\n"));
    CHECK(has("\\fB\\-\\-dry\\fR\nOnly say it.\n"));
    CHECK(has(".SS undo: take it back\n"));
    CHECK(has("\\fB\\-\\-all\\fR\nAll of it.\n"));
    CHECK(has(".SH EXIT STATUS\n0 made;\n1 not.\n"));
    CHECK(has("\n.BR tool\\-other (1)\n"));
}
