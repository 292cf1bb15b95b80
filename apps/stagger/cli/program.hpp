#pragma once

#include <CLI/CLI.hpp>
#include <memory>
#include <string>
#include <vector>

#include "commands.hpp"

namespace app {

/// A command and the part of the command line that is its own.
struct offered_command {
    CLI::App* parser = nullptr;
    std::unique_ptr<command> does;
};

/// `stagger` as its command line sees it: every command with its options, and those of the program itself.
class program {
 public:
    program();

    CLI::App& parser() { return parser_; }
    const CLI::App& parser() const { return parser_; }
    const std::vector<offered_command>& commands() const { return commands_; }
    /// The command that was parsed; null before, and where none was named.
    const offered_command* chosen() const;

    // Options that decide where the others are looked for.
    const std::string& config() const { return config_; }
    const std::string& profile() const { return profile_; }
    bool allows_core_dumps() const { return allows_core_dumps_; }

 private:
    CLI::App parser_;
    std::string config_;
    std::string profile_;
    bool allows_core_dumps_ = false;
    std::vector<offered_command> commands_;
};

/// What `--version` prints.
std::string version_text();

/// Why a word that is no command is refused, and what was probably meant.
std::string no_command(const std::string& word);

}  // namespace app
