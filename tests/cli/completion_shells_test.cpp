// What the shells make of it: each is run, where it is installed.

#include <doctest/doctest.h>

#include <unistd.h>

#include <algorithm>
#include <filesystem>
#include <sstream>

#include "cli/child.hpp"

namespace {

using words = std::vector<std::string>;

/// Runs a script in a folder with two files, with the built command in front of any other.
outcome in_shell(const std::string& shell, const words& options, const std::string& script) {
    const temporary_folder folder;
    folder.write("list.csv", "");
    folder.write("notes.xyz", "");
    folder.write("config.toml", "[profile.night]\n");
    const auto programs = std::filesystem::path(STAGGER_COMMAND).parent_path().string();
    child_setup setup{shell, options};
    setup.arguments.push_back("cd '" + folder.path("") + "'\n" + script);
    setup.environment = {{"PATH", programs + ":/usr/local/bin:/usr/bin:/bin"},
                         {"HOME", folder.path("")},
                         {"SCRIPT", COMPLETIONS},
                         {"STAGGER_CONFIG", folder.path("config.toml")}};
    return run(setup);
}

words sorted_lines(const std::string& text) {
    words all;
    std::istringstream input(text);
    for (std::string line; std::getline(input, line);) {
        if (!line.empty()) all.push_back(line);
    }
    std::sort(all.begin(), all.end());
    return all;
}

std::string installed(const std::string& shell) {
    for (const auto* folder : {"/usr/bin/", "/bin/", "/usr/local/bin/"}) {
        if (::access((folder + shell).c_str(), X_OK) == 0) return folder + shell;
    }
    return {};
}

/// What bash offers where the words stand on its command line.
words bash_offers(const std::string& words_on_line) {
    const auto got = in_shell(installed("bash"), {"--norc", "-c"},
                              ". \"$SCRIPT/stagger\"\nCOMP_WORDS=(" + words_on_line +
                                  ")\nCOMP_CWORD=$((${#COMP_WORDS[@]} - 1))\n_stagger stagger\n"
                                  "printf '%s\\n' \"${COMPREPLY[@]}\"\n");
    CHECK_MESSAGE(got.err.empty(), got.err);
    return sorted_lines(got.out);
}

/// The same in zsh: what it is told to show, by stand-ins for the functions of its own that show it.
words zsh_offers(const std::string& shell, const std::string& words_on_line, const std::string& prefix) {
    const auto got = in_shell(shell, {"-f", "-c"},
                              "compset() { :; }\n_files() { print -rl -- \"files $*\"; }\n"
                              "_describe() { print -rl -- \"${(@P)2}\"; }\n"
                              "words=(" +
                                  words_on_line + ")\nCURRENT=${#words}\nPREFIX='" + prefix +
                                  "'\n. \"$SCRIPT/_stagger\"\n");
    CHECK_MESSAGE(got.err.empty(), got.err);
    return sorted_lines(got.out);
}

/// The same in fish, with the part in front of a tab.
words fish_offers(const std::string& shell, const std::string& line) {
    const auto got = in_shell(shell, {"--no-config", "-c"},
                              "source \"$SCRIPT/stagger.fish\"\ncomplete -C '" + line + "'\n");
    CHECK_MESSAGE(got.err.empty(), got.err);
    auto all = sorted_lines(got.out);
    for (auto& each : all) each.erase(std::min(each.find('\t'), each.size()));
    return all;
}

bool has(const words& all, const std::string& word) {
    return std::find(all.begin(), all.end(), word) != all.end();
}

}  // namespace

TEST_CASE("bash completes commands, options and values") {
    if (installed("bash").empty()) return;
    CHECK(bash_offers("stagger ba") == words{"batch"});
    CHECK(bash_offers("stagger batch --max-to") == words{"--max-tokens"});
    CHECK(bash_offers("stagger batch --log-level w") == words{"warn"});
    CHECK(bash_offers("stagger batch --log-level = w") == words{"warn"});
    CHECK(bash_offers("stagger batch --log-level =") ==
          words{"debug", "error", "info", "off", "trace", "warn"});
    CHECK(bash_offers("stagger --profile ''") == words{"night"});
    CHECK(bash_offers("stagger batch --base-url http : //x/v1 --fsync al") == words{"always"});
    CHECK(bash_offers("stagger bench --policy coordinated,ten").front() == "coordinated,tenacity");
}

TEST_CASE("bash completes files by kind") {
    if (installed("bash").empty()) return;
    CHECK(bash_offers("stagger batch ''") == words{"list.csv"});
    CHECK(bash_offers("stagger batch list.csv -c ''") == words{"config.toml"});
    CHECK(bash_offers("stagger batch --config = co") == words{"config.toml"});
    CHECK(bash_offers("stagger batch --system-file n") == words{"notes.xyz"});
    CHECK(bash_offers("stagger complete ''").empty());
}

TEST_CASE("zsh completes the same") {
    const auto zsh = installed("zsh");
    if (zsh.empty()) return;
    CHECK(zsh_offers(zsh, "stagger ba", "ba") == words{"batch:Answer a list of prompts into a results file"});
    CHECK(zsh_offers(zsh, "stagger batch --log-level w", "w") == words{"warn"});
    CHECK(zsh_offers(zsh, "stagger batch --log-level=w", "--log-level=w") == words{"--log-level=warn"});
    CHECK(zsh_offers(zsh, "stagger --profile ''", "") == words{"night"});
    CHECK(zsh_offers(zsh, "stagger batch --schema ''", "") == words{"files -g *.(json)(-.)"});
    CHECK(zsh_offers(zsh, "stagger batch --system-file ''", "") == words{"files "});
    CHECK(zsh_offers(zsh, "stagger simulate --write-suite ''", "") == words{"files -/"});
}

TEST_CASE("fish completes the same") {
    const auto fish = installed("fish");
    if (fish.empty()) return;
    CHECK(fish_offers(fish, "stagger ba") == words{"batch"});
    CHECK(fish_offers(fish, "stagger batch --log-level w") == words{"warn"});
    CHECK(fish_offers(fish, "stagger batch --log-level=w") == words{"--log-level=warn"});
    CHECK(fish_offers(fish, "stagger --profile ") == words{"night"});
    CHECK(has(fish_offers(fish, "stagger batch "), "list.csv"));
    CHECK(has(fish_offers(fish, "stagger batch --system-file n"), "notes.xyz"));
}
