// docs/messages.md: each command of it is run, and says what stands there.

#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "cli/child.hpp"

namespace {

constexpr std::string_view command_mark = "$ ";

struct example {
    std::string config;  ///< a configuration file that stands in front of it; may be empty
    std::string command;
    std::string message;
    int code = 0;
};

struct page {
    std::vector<std::pair<std::string, std::string>> files;  ///< name and text
    std::vector<example> examples;
};

/// "## … (exit code 2)"
int exit_code_of(const std::string& heading) {
    const auto at = heading.find("(exit code ");
    return at == std::string::npos ? 0 : heading[at + std::string("(exit code ").size()] - '0';
}

/** Reads the page. Under "The files" a name in a line of its own, "`people.csv`:", stands before a block.
 * Elsewhere a `toml` block is the configuration of the commands until the next one, and a `console` block has
 * commands, each followed by what it says.
 */
page read_page() {
    std::ifstream in(MESSAGES);
    REQUIRE(in.is_open());
    page found;
    std::string language;
    std::string named;
    std::string config;
    int code = 0;
    for (std::string line; std::getline(in, line);) {
        if (line.starts_with("```")) {
            language = language.empty() ? line.substr(3) : "";
            if (language == "toml") config.clear();
            if (language == "text") found.files.emplace_back(named, "");
        } else if (language == "toml") {
            config += line + "\n";
        } else if (language == "text") {
            found.files.back().second += line + "\n";
        } else if (language == "console") {
            if (line.starts_with(command_mark))
                found.examples.push_back({config, line.substr(command_mark.size()), "", code});
            else
                found.examples.back().message += line + "\n";
        } else if (line.starts_with("## ")) {
            code = exit_code_of(line);
            config.clear();
        } else if (line.starts_with("`") && line.ends_with("`:")) {
            named = line.substr(1, line.size() - 3);
        }
    }
    return found;
}

}  // namespace

TEST_CASE("ten wrong configurations and thirty wrong command lines say what docs/messages.md has") {
    const page all = read_page();
    const temporary_folder folder;
    for (const auto& [name, text] : all.files) folder.write(name, text);
    const auto programs = std::filesystem::path(STAGGER_COMMAND).parent_path().string();
    std::size_t configurations = 0;
    for (const example& each : all.examples) {
        configurations += !each.config.empty();
        std::filesystem::remove(folder.path("config.toml"));
        if (!each.config.empty()) folder.write("config.toml", each.config);
        child_setup shell{"/bin/sh", {"-c", "cd \"$FOLDER\" && " + each.command}};
        shell.environment = {{"PATH", programs + ":/usr/bin:/bin"},
                             {"FOLDER", folder.path("")},
                             {"OPENAI_BASE_URL", "http://127.0.0.1:1/v1"},
                             {"STAGGER_MODEL", "m"}};
        const auto got = run(shell);
        CAPTURE(each.command);
        CHECK(got.code == each.code);
        CHECK(got.out == "");
        CHECK(got.err == each.message);
        CHECK_FALSE(std::filesystem::exists(folder.path("answers.jsonl")));
    }
    CHECK(configurations >= 10);
    CHECK(all.examples.size() - configurations >= 30);
}
