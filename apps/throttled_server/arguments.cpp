#include "throttled_server/arguments.hpp"

#include <CLI/CLI.hpp>
#include <boost/asio/ip/address.hpp>
#include <exception>
#include <iostream>

#include "scenario/scenario_file.hpp"
#include "throttled_server/api_key.hpp"
#include "throttled_server/default_scenario.hpp"
#include "throttled_server/version.hpp"

namespace stagger::server {
namespace {

constexpr std::uint16_t default_port = 8080;

struct command_line {
    std::string scenario_file;
    std::string key_file;
    std::string request_log;
    bool repeatable = false;
    std::string host = "127.0.0.1";
    std::uint16_t port = default_port;
    std::uint64_t seed = 0;
};

void describe(CLI::App& app, command_line& given) {
    app.add_option("--scenario", given.scenario_file,
                   "Scenario file whose provider is served (default: 20 requests a second, burst 20)")
        ->type_name("FILE");
    app.add_option("--port", given.port, "Port to listen on; 0 picks a free one")->capture_default_str();
    app.add_option("--host", given.host, "IP address to listen on")->capture_default_str();
    app.add_option("--seed", given.seed, "Seed of everything random (default: the scenario's)");
    app.add_option("--api-key-file", given.key_file,
                   "File with the API key to demand (default: none is asked for)")
        ->type_name("FILE");
    app.add_option("--request-log", given.request_log,
                   "Note every completion request there as it arrives, a JSON line each")
        ->type_name("FILE");
    app.add_flag("--repeatable", given.repeatable,
                 "Give the same answer, byte for byte, to the same question");
    app.set_version_flag("--version", std::string("throttled_server ") + version);
    app.footer(
        "Answers POST .../chat/completions, .../completions, .../responses, .../embeddings, "
        ".../v1/messages,\n"
        ".../models/NAME:generateContent and .../v1/llm/completions-sync, whatever base path precedes them. "
        "GET /stats tells what was accepted and rejected, POST /stats/reset counts anew.\n"
        "Prints \"listening on ADDRESS:PORT\" when it is ready. SIGINT and SIGTERM end it.\n"
        "Exit status: 0 ended by a signal, 2 wrong arguments, 3 a file or the port cannot be used.");
}

std::optional<arguments> fail(exit_code& code, exit_code with, const std::string& message) {
    std::cerr << "throttled_server: " << message << "\n";
    code = with;
    return std::nullopt;
}

std::optional<arguments> read_files(const command_line& given, exit_code& code) {
    arguments read;
    try {
        read.scenario = given.scenario_file.empty()
                            ? wire::parse_scenario(default_scenario, wire::clients_member::optional)
                            : wire::load_scenario(given.scenario_file, wire::clients_member::optional);
        if (!given.key_file.empty()) read.chosen.api_key = read_key_file(given.key_file);
    } catch (const std::exception& unusable) {
        return fail(code, exit_code::unusable, unusable.what());
    }
    return read;
}

}  // namespace

std::optional<arguments> read_arguments(int argc, const char* const* argv, exit_code& code) {
    CLI::App app("A provider that throttles, behind real sockets.", "throttled_server");
    command_line given;
    describe(app, given);
    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError& ended) {
        if (ended.get_exit_code() != 0) return fail(code, exit_code::wrong_usage, ended.what());
        code = exit_code::done;
        app.exit(ended);  // --help or --version
        return std::nullopt;
    }
    if (given.host == "localhost") given.host = "127.0.0.1";
    boost::system::error_code no_address;
    boost::asio::ip::make_address(given.host, no_address);
    if (no_address) {
        return fail(code, exit_code::wrong_usage, "--host: must be an IP address, is \"" + given.host + "\"");
    }
    auto read = read_files(given, code);
    if (!read) return read;
    read->chosen.host = given.host;
    read->chosen.port = given.port;
    read->chosen.request_log = given.request_log;
    read->chosen.repeatable = given.repeatable;
    if (app.count("--seed") > 0) read->chosen.seed = given.seed;
    return read;
}

}  // namespace stagger::server
