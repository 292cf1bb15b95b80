#include <fcntl.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <csignal>
#include <cstdlib>
#include <exception>
#include <sstream>
#include <string>
#include <vector>

#include "base/visible_text.hpp"
#include "batch/write_all.hpp"
#include "cli/arguments.hpp"
#include "cli/configurable_options.hpp"
#include "cli/core_dumps.hpp"
#include "cli/exit_code.hpp"
#include "cli/program.hpp"
#include "cli/usage_problem.hpp"
#include "completions/shell_completion.hpp"

namespace {

// A program started with a standard stream closed would open its own files in that place and write messages
// into them. What is opened here instead refuses the wrong direction, so that a missing stream is an error
// where it is used.
void occupy_standard_streams() {
    for (const int stream : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) {
        if (::fcntl(stream, F_GETFD) != -1) continue;
        const int opened = ::open("/dev/null", stream == STDIN_FILENO ? O_WRONLY : O_RDONLY);
        if (opened != stream) std::_Exit(static_cast<int>(app::exit_code::file_failed));
    }
}

app::exit_code say(app::exit_code code, const std::string& message) {
    stagger::batch::write_all(STDERR_FILENO, "stagger: " + stagger::visible_text(message) + "\n");
    return code;
}

void say_remarks(const CLI::App& command, const std::vector<std::string>& remarks) {
    const auto* quiet = app::find_option(command, "quiet");
    if (quiet != nullptr && quiet->count() > 0 && quiet->as<bool>()) return;
    for (const auto& each : remarks) say(app::exit_code::done, each);
}

app::exit_code run(const std::vector<std::string>& line, app::no_core_dumps& core_dumps) {
    app::program program;
    auto& parser = program.parser();
    if (app::asks_for_completion(line)) {
        const auto offered = app::completion_text(program.parser(), line, app::process_environment);
        stagger::batch::write_all(STDOUT_FILENO, offered);
        return app::exit_code::done;
    }
    const app::arguments given = app::all_arguments(parser, line, app::process_environment);
    try {
        // In reverse, as the parser takes them.
        parser.parse(std::vector<std::string>(given.words.rbegin(), given.words.rend()));
    } catch (const CLI::Success& asked) {
        // Help or version: whoever closed the pipe has read enough.
        std::ostringstream text;
        std::ostringstream none;
        parser.exit(asked, text, none);
        stagger::batch::write_all(STDOUT_FILENO, text.str());
        return app::exit_code::done;
    } catch (const CLI::ParseError& wrong) {
        if (line.empty()) {
            stagger::batch::write_all(STDERR_FILENO, parser.help());
            return app::exit_code::wrong_usage;
        }
        const auto* chosen = program.chosen();
        const std::string& first = line.front();
        if (!first.starts_with("-") && chosen == nullptr) {
            return say(app::exit_code::wrong_usage,
                       app::no_command(first == "help" && line.size() > 1 ? line[1] : first));
        }
        const CLI::App& asked = chosen == nullptr ? parser : *chosen->parser;
        const auto problem = app::placed(app::usage_problem(wrong, parser, asked), given.places);
        return say(app::exit_code::wrong_usage, problem + " (see --help)");
    }
    if (program.config() != given.config || program.profile() != given.profile)
        return say(app::exit_code::wrong_usage, "-c: must be a word of its own");
    if (program.allows_core_dumps()) core_dumps.allow();
    const auto& chosen = *program.chosen();
    say_remarks(*chosen.parser, given.remarks);
    try {
        return chosen.does->run();
    } catch (const app::failure& known) {
        throw app::failure(known.code(), app::placed(known.what(), given.places));
    }
}

}  // namespace

int main(int count, char** arguments) {
    app::no_core_dumps core_dumps;
    occupy_standard_streams();
    std::signal(SIGPIPE, SIG_IGN);
    std::signal(SIGXFSZ, SIG_IGN);  // a file that may not grow is an error of the write
    auto code = app::exit_code::done;
    try {
        code = run({arguments + 1, arguments + count}, core_dumps);
    } catch (const app::failure& known) {
        code = say(known.code(), known.what());
    } catch (const std::exception& unexpected) {
        code = say(app::exit_code::some_failed, std::string("failed: ") + unexpected.what());
    }
    // Everything is written and closed. A look-up that still blocks a thread of the resolver must not hold
    // the exit.
    std::_Exit(static_cast<int>(code));
}
