#include "program.hpp"

#include <fmt/format.h>
#include <openssl/opensslv.h>

#include <algorithm>
#include <array>
#include <boost/version.hpp>

#include "configurable_options.hpp"
#include "edit_distance.hpp"
#include "version.hpp"

namespace app {
namespace {

constexpr auto complete_exit_codes =
    "Exit codes: 0 answered; 1 failed; 2 wrong usage or configuration;\n"
    "3 a file cannot be read or written; 4 the endpoint cannot be used; 6 ended by --max-wait;\n"
    "130 interrupted.";

constexpr auto batch_exit_codes =
    "Exit codes: 0 all done; 1 some prompts failed; 2 wrong usage or configuration;\n"
    "3 a file cannot be read or written; 4 the endpoint cannot be used;\n"
    "5 stopped by --batch-deadline, --max-failures, --max-cost or --max-cost-per-day, 6 by\n"
    "--max-wait, 130 interrupted: the same command continues.";

constexpr auto bench_exit_codes =
    "Exit codes: 0 measured, whatever became of the requests; 2 wrong usage or configuration;\n"
    "3 a file cannot be read or written; 4 the endpoint cannot be used; 6 ended by --max-wait, 130\n"
    "interrupted: the figures are of what was measured until then.";

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

constexpr auto fleet_exit_codes =
    "Exit codes: 0 done; 2 wrong usage; 3 a file cannot be read; 4 the store cannot be used.";

constexpr auto routes_exit_codes =
    "Exit codes: 0 it is in order; 2 wrong usage, or something in it is wrong; 3 a file cannot be read.";

constexpr auto serve_exit_codes =
    "Exit codes: 0 ended by a signal, and whoever was being answered has the answer; 2 wrong usage or an\n"
    "address that cannot be used; 3 a file cannot be read or written; 130 ended by a second signal.";

constexpr auto simulate_exit_codes =
    "Exit codes: 0 done; 1 --check or --never-worse found a figure that is missed;\n"
    "2 wrong usage or a wrong scenario; 3 a file cannot be read or written.";

constexpr auto worker_exit_codes =
    "Exit codes: 0 the job is done; 2 wrong usage, or a job in another dialect; 3 a file cannot be read or "
    "written;\n"
    "4 the endpoint or the store cannot be used; 6 nothing is admitted, for longer than --max-wait;\n"
    "130 interrupted: what it had is finished or given back.";

/// What `stagger NAME` does.
struct command_entry {
    const char* name;
    const char* description;
    const char* exit_codes;
    std::unique_ptr<command> (*make)(CLI::App& parser);
};

constexpr std::array commands{
    command_entry{"complete", "Answer one prompt on standard output", complete_exit_codes,
                  make_complete_command},
    command_entry{"batch", "Answer a list of prompts into a results file", batch_exit_codes,
                  make_batch_command},
    command_entry{"bench", "Measure throughput and latency under throttling, policy by policy",
                  bench_exit_codes, make_bench_command},
    command_entry{"export", "Write results as a table, beside the rows that they answer", export_exit_codes,
                  make_export_command},
    command_entry{"fleet", "Show what processes that share a limit or a list over a Redis are at",
                  fleet_exit_codes, make_fleet_command},
    command_entry{"limits", "List or forget what earlier runs learned about limits", limits_exit_codes,
                  make_limits_command},
    command_entry{"probe", "Find out what limit a server has, with a bounded number of requests",
                  probe_exit_codes, make_probe_command},
    command_entry{"replay", "Make the decisions of a decision log again, and say why requests waited",
                  replay_exit_codes, make_replay_command},
    command_entry{"report", "Make one HTML page of what bench measured", report_exit_codes,
                  make_report_command},
    command_entry{"routes", "Check a file of several endpoints, without sending anything", routes_exit_codes,
                  make_routes_command},
    command_entry{"serve", "Let clients in any language wait in one line before an API", serve_exit_codes,
                  make_serve_command},
    command_entry{"simulate", "Run scenarios in virtual time and compare policies", simulate_exit_codes,
                  make_simulate_command},
    command_entry{"worker", "Answer prompts of a job that stagger batch --job feeds", worker_exit_codes,
                  make_worker_command},
};

std::string command_names() {
    std::string all;
    for (const command_entry& each : commands) all.append(all.empty() ? "" : ", ").append(each.name);
    return all;
}

std::vector<offered_command> offer_commands(CLI::App& parser) {
    std::vector<offered_command> offered;
    for (const command_entry& each : commands) {
        auto& own = *parser.add_subcommand(each.name, each.description);
        own.set_version_flag("--version", version_text())->description("Print the version");
        own.set_help_flag("-h,--help", "Print this help");
        own.footer(each.exit_codes);
        own.fallthrough();  // --config may stand behind the command, too
        offered.push_back({&own, each.make(own)});
        let_last_value_win(own);
    }
    return offered;
}

}  // namespace

program::program()
    : parser_("Sends many completion requests to a language-model API without stampeding it.", "stagger") {
    parser_.set_version_flag("--version", version_text())->description("Print the version");
    parser_.set_help_flag("-h,--help", "Print this help");
    parser_.require_subcommand(1);
    parser_
        .add_option("-c,--config", config_,
                    "Options in TOML, in sections for all commands and for each (default "
                    "~/.config/stagger/config.toml)")
        ->type_name("FILE");
    parser_.add_option("--profile", profile_, "The profile of that file to use, [profile.NAME]")
        ->type_name("NAME");
    parser_.add_flag("--allow-core-dumps", allows_core_dumps_,
                     "Let a crash write the memory, keys and prompts included, into a core file");
    let_last_value_win(parser_);
    parser_.footer(
        "stagger help COMMAND explains a command. An option that takes one value, such as --max-tokens, is\n"
        "also read from STAGGER_MAX_TOKENS; the command line goes first, a configuration file last.");
    commands_ = offer_commands(parser_);
}

const offered_command* program::chosen() const {
    const auto found = std::find_if(commands_.begin(), commands_.end(),
                                    [](const offered_command& each) { return each.parser->parsed(); });
    return found == commands_.end() ? nullptr : &*found;
}

std::string version_text() {
    return fmt::format("stagger {} ({} for {}; Boost {}.{}.{}, {}, CLI11 {}, fmt {}.{}.{})", version,
                       compiler, platform, BOOST_VERSION / 100000, BOOST_VERSION / 100 % 1000,
                       BOOST_VERSION % 100, OPENSSL_VERSION_TEXT, CLI11_VERSION, FMT_VERSION / 10000,
                       FMT_VERSION / 100 % 100, FMT_VERSION % 100);
}

std::string no_command(const std::string& word) {
    std::vector<std::string> names{"help"};
    for (const command_entry& each : commands) names.emplace_back(each.name);
    const auto meant = did_you_mean(word, names);
    return word + " is no command" + (meant.empty() ? ": there are " + command_names() : meant);
}

}  // namespace app
