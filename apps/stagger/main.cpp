#include <fcntl.h>
#include <fmt/format.h>
#include <openssl/opensslv.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <boost/version.hpp>
#include <csignal>
#include <cstdlib>
#include <exception>
#include <memory>
#include <sstream>
#include <string>
#include <vector>

#include "base/visible_text.hpp"
#include "batch/write_all.hpp"
#include "cli/arguments.hpp"
#include "cli/commands.hpp"
#include "cli/configurable_options.hpp"
#include "cli/core_dumps.hpp"
#include "cli/edit_distance.hpp"
#include "cli/usage_problem.hpp"
#include "version.hpp"

namespace {

constexpr auto complete_exit_codes =
    "Exit codes: 0 answered; 1 failed; 2 wrong usage or configuration;\n"
    "3 a file cannot be read or written; 4 the endpoint cannot be used; 130 interrupted.";

constexpr auto batch_exit_codes =
    "Exit codes: 0 all done; 1 some prompts failed; 2 wrong usage or configuration;\n"
    "3 a file cannot be read or written; 4 the endpoint cannot be used;\n"
    "5 stopped by --batch-deadline or --max-failures, 130 interrupted: the same command continues.";

constexpr auto bench_exit_codes =
    "Exit codes: 0 measured, whatever became of the requests; 2 wrong usage or configuration;\n"
    "3 a file cannot be read or written; 4 the endpoint cannot be used; 130 interrupted: the figures are of\n"
    "what was measured until then.";

constexpr auto probe_exit_codes =
    "Exit codes: 0 a limit was found, or none in so many requests; 1 everything was refused, or it\n"
    "ended too soon to tell; 2 wrong usage or configuration; 3 a file cannot be written;\n"
    "4 the endpoint cannot be used; 130 interrupted: what was found until then is told.";

constexpr auto replay_exit_codes =
    "Exit codes: 0 every decision is the same; 1 one differs, or the log has no row ID; 2 wrong usage;\n"
    "3 the log cannot be read or is damaged.";

constexpr auto report_exit_codes =
    "Exit codes: 0 done; 2 wrong usage; 3 a file cannot be read or written, or is no results file.";

constexpr auto export_exit_codes =
    "Exit codes: 0 done, whatever became of the rows; 2 wrong usage, or the results are not of these "
    "inputs;\n"
    "3 a file cannot be read or written, or holds no results.";

constexpr auto limits_exit_codes =
    "Exit codes: 0 done; 1 nothing to forget matches; 2 wrong usage; 3 the state file cannot be read or "
    "written.";

constexpr auto routes_exit_codes =
    "Exit codes: 0 it is in order; 2 wrong usage, or something in it is wrong; 3 a file cannot be read.";

constexpr auto serve_exit_codes =
    "Exit codes: 0 ended by a signal, and whoever was being answered has the answer; 2 wrong usage or an\n"
    "address that cannot be used; 3 a file cannot be read or written; 130 ended by a second signal.";

constexpr auto simulate_exit_codes =
    "Exit codes: 0 done; 1 --check or --never-worse found a figure that is missed;\n"
    "2 wrong usage or a wrong scenario; 3 a file cannot be read or written.";

/// What `stagger NAME` does.
struct command_entry {
    const char* name;
    const char* description;
    const char* exit_codes;
    std::unique_ptr<app::command> (*make)(CLI::App& parser);
};

constexpr std::array commands{
    command_entry{"complete", "Answer one prompt on standard output", complete_exit_codes,
                  app::make_complete_command},
    command_entry{"batch", "Answer a list of prompts into a results file", batch_exit_codes,
                  app::make_batch_command},
    command_entry{"bench", "Measure throughput and latency under throttling, policy by policy",
                  bench_exit_codes, app::make_bench_command},
    command_entry{"export", "Write results as a table, beside the rows that they answer", export_exit_codes,
                  app::make_export_command},
    command_entry{"limits", "List or forget what earlier runs learned about limits", limits_exit_codes,
                  app::make_limits_command},
    command_entry{"probe", "Find out what limit a server has, with a bounded number of requests",
                  probe_exit_codes, app::make_probe_command},
    command_entry{"replay", "Make the decisions of a decision log again, and say why requests waited",
                  replay_exit_codes, app::make_replay_command},
    command_entry{"report", "Make one HTML page of what bench measured", report_exit_codes,
                  app::make_report_command},
    command_entry{"routes", "Check a file of several endpoints, without sending anything", routes_exit_codes,
                  app::make_routes_command},
    command_entry{"serve", "Let clients in any language wait in one line before an API", serve_exit_codes,
                  app::make_serve_command},
    command_entry{"simulate", "Run scenarios in virtual time and compare policies", simulate_exit_codes,
                  app::make_simulate_command},
};

std::string version_text() {
    return fmt::format("stagger {} ({} for {}; Boost {}.{}.{}, {}, CLI11 {}, fmt {}.{}.{})", app::version,
                       app::compiler, app::platform, BOOST_VERSION / 100000, BOOST_VERSION / 100 % 1000,
                       BOOST_VERSION % 100, OPENSSL_VERSION_TEXT, CLI11_VERSION, FMT_VERSION / 10000,
                       FMT_VERSION / 100 % 100, FMT_VERSION % 100);
}

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

std::string command_names() {
    std::string all;
    for (const command_entry& each : commands) all.append(all.empty() ? "" : ", ").append(each.name);
    return all;
}

/// A command and the part of the command line that is its own.
struct offered_command {
    CLI::App* parser;
    std::unique_ptr<app::command> does;
};

std::vector<offered_command> offer_commands(CLI::App& parser) {
    std::vector<offered_command> offered;
    for (const command_entry& each : commands) {
        auto& own = *parser.add_subcommand(each.name, each.description);
        own.set_version_flag("--version", version_text())->description("Print the version");
        own.set_help_flag("-h,--help", "Print this help");
        own.footer(each.exit_codes);
        own.fallthrough();  // --config may stand behind the command, too
        offered.push_back({&own, each.make(own)});
        app::let_last_value_win(own);
    }
    return offered;
}

std::string environment(const std::string& name) {
    const char* value = std::getenv(name.c_str());
    return value ? value : "";
}

std::string no_command(const std::string& word) {
    std::vector<std::string> names{"help"};
    for (const command_entry& each : commands) names.emplace_back(each.name);
    const auto meant = app::did_you_mean(word, names);
    return word + " is no command" + (meant.empty() ? ": there are " + command_names() : meant);
}

/// Options that decide where the others are looked for; the command line was searched for them by itself.
void add_program_options(CLI::App& parser, std::string& config, std::string& profile, bool& core_dumps) {
    parser
        .add_option("-c,--config", config,
                    "Options in TOML, in sections for all commands and for each (default "
                    "~/.config/stagger/config.toml)")
        ->type_name("FILE");
    parser.add_option("--profile", profile, "The profile of that file to use, [profile.NAME]")
        ->type_name("NAME");
    parser.add_flag("--allow-core-dumps", core_dumps,
                    "Let a crash write the memory, keys and prompts included, into a core file");
}

void say_remarks(const CLI::App& command, const std::vector<std::string>& remarks) {
    const auto* quiet = app::find_option(command, "quiet");
    if (quiet != nullptr && quiet->count() > 0 && quiet->as<bool>()) return;
    for (const auto& each : remarks) say(app::exit_code::done, each);
}

app::exit_code run(int count, char** arguments, app::no_core_dumps& core_dumps) {
    CLI::App parser("Sends many completion requests to a language-model API without stampeding it.",
                    "stagger");
    parser.set_version_flag("--version", version_text())->description("Print the version");
    parser.set_help_flag("-h,--help", "Print this help");
    parser.require_subcommand(1);
    std::string config;
    std::string profile;
    bool allow_core_dumps = false;
    add_program_options(parser, config, profile, allow_core_dumps);
    app::let_last_value_win(parser);
    parser.footer(
        "stagger help COMMAND explains a command. An option that takes one value, such as --max-tokens, is\n"
        "also read from STAGGER_MAX_TOKENS; the command line goes first, a configuration file last.");
    const auto offered = offer_commands(parser);
    const auto chosen = [&] {
        return std::find_if(offered.begin(), offered.end(),
                            [](const offered_command& each) { return each.parser->parsed(); });
    };
    const app::arguments given = app::all_arguments(parser, {arguments + 1, arguments + count}, environment);
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
        if (count < 2) {
            stagger::batch::write_all(STDERR_FILENO, parser.help());
            return app::exit_code::wrong_usage;
        }
        const std::string first = arguments[1];
        if (!first.starts_with("-") && chosen() == offered.end()) {
            return say(app::exit_code::wrong_usage,
                       no_command(first == "help" && count > 2 ? arguments[2] : first));
        }
        const CLI::App& asked = chosen() == offered.end() ? parser : *chosen()->parser;
        const auto problem = app::placed(app::usage_problem(wrong, parser, asked), given.places);
        return say(app::exit_code::wrong_usage, problem + " (see --help)");
    }
    if (config != given.config || profile != given.profile)
        return say(app::exit_code::wrong_usage, "-c: must be a word of its own");
    if (allow_core_dumps) core_dumps.allow();
    say_remarks(*chosen()->parser, given.remarks);
    try {
        return chosen()->does->run();
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
        code = run(count, arguments, core_dumps);
    } catch (const app::failure& known) {
        code = say(known.code(), known.what());
    } catch (const std::exception& unexpected) {
        code = say(app::exit_code::some_failed, std::string("failed: ") + unexpected.what());
    }
    // Everything is written and closed. A look-up that still blocks a thread of the resolver must not hold
    // the exit.
    std::_Exit(static_cast<int>(code));
}
