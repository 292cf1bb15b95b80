#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "cli/exit_code.hpp"
#include "dialect/secrets.hpp"
#include "fleet_choice.hpp"
#include "routes/routes_file.hpp"
#include "stagger/client.hpp"
#include "stagger/completion.hpp"
#include "transport.hpp"

namespace CLI {
class App;
}

namespace app {

class decision_log_file;

/// What every subcommand that sends takes on its command line, as given.
struct send_options {
    bool needs_endpoint = true;  ///< false: nothing is sent from here
    std::string base_url;
    std::string model;
    std::string dialect = "auto";
    std::string api_key_file;
    std::string routes_file;
    std::vector<std::string> routes;  ///< names of those to use; none: all
    std::string policy = "coordinated";
    unsigned max_concurrency = 256;
    std::optional<unsigned> max_attempts;
    stagger::duration timeout = std::chrono::seconds(300);
    std::optional<stagger::duration> deadline;
    stagger::duration max_wait{0};  ///< 0: however long
    double requests_per_minute = 0;
    double tokens_per_minute = 0;
    double probing = stagger::coordinator_options().probing();
    bool no_remember = false;
    std::string ca_file;
    bool ca_only = false;
    std::string client_certificate;
    std::string client_key;
    transport_choice transport;
    std::vector<std::string> resolve;
    std::optional<unsigned> max_tokens;
    std::optional<double> temperature;
    std::vector<std::string> params;
    std::vector<std::string> headers;
    std::uint64_t jitter_seed = 0;
    bool quiet = false;
    std::string log_level = "warn";
    std::string log_file;  ///< empty: standard error
    std::string summary_file;
    std::string decision_log;
    fleet_choice fleet;
};

/// To be thrown for a name that `find_send_policy` does not know.
failure unknown_policy(const std::string& name);

/// Adds the options to a subcommand; `options` must outlive the parsing. The last is all of those that
/// sending prompts takes.
void add_upstream_options(CLI::App& command, send_options& options);
/// Of the pace and of single attempts.
void add_pace_options(CLI::App& command, send_options& options);
void add_endpoint_options(CLI::App& command, send_options& options);
/// Of several endpoints at once.
void add_route_options(CLI::App& command, send_options& options);
void add_request_options(CLI::App& command, send_options& options);
void add_message_options(CLI::App& command, send_options& options);
void add_send_options(CLI::App& command, send_options& options);
/// Of what sends prompts that others made: where, as whom, how fast.
void add_worker_options(CLI::App& command, send_options& options);

/// One of several routes, and what is known of its limit.
struct planned_route {
    described_route about;
    stagger::coordinator_options limits;
    transport way;
};

/// The options, checked and put into the library's terms.
struct send_plan {
    stagger::client_options client;
    stagger::coordinator_options limits;
    stagger::dialect dialect = stagger::dialect::openai_chat;
    std::string policy;
    std::string base_url;               ///< of several routes the first one's, as `dialect` and `secret` are
    std::vector<planned_route> routes;  ///< none: there is one endpoint
    transport way;                      ///< to the one endpoint
    std::string shown_url;              ///< for messages and files, without what may be a key
    std::string secret;                 ///< the API key
    std::string key_variables;          ///< where in the environment it is looked for, for messages
    stagger::wire::secrets hidden;      ///< it, and what headers hold
    std::vector<std::pair<std::string, std::string>> params;
    std::optional<unsigned> max_tokens;
    std::optional<double> temperature;
    std::string answer_schema;  ///< that prompts which are no whole bodies ask for; empty: none
    std::shared_ptr<decision_log_file> decisions;  ///< null without --decision-log
};

/** Fills in what is not given from the environment.
 * @param usual_deadline of a request, where none is given; zero: none
 * @throws failure wrong_usage or file_failed
 */
send_plan make_plan(const send_options& options, stagger::duration usual_deadline);

/// @throws failure wrong_usage, naming the option, its rule and its value
stagger::client make_client(const boost::asio::any_io_executor& executor, const send_plan& plan);

/// What to add to the message of a refusal where the reason may be that no key was sent; else empty.
std::string missing_key(const send_plan& plan, stagger::error_code refused);

/// Adds to a request what the command line says and the request does not.
void apply_defaults(const send_plan& plan, stagger::completion_request& request);

}  // namespace app
