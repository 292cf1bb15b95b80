#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "cli/option_setting.hpp"
#include "sending/transport.hpp"
#include "stagger/dialect.hpp"

namespace app {

/// One route of a routes file, with its key as it was found.
struct described_route {
    std::string name;
    std::string base_url;
    std::string model;  ///< empty: what a prompt or --model names
    stagger::dialect dialect = stagger::dialect::openai_chat;
    std::string secret;         ///< the API key; empty: none is sent
    std::string key_variables;  ///< where in the environment it was looked for, for messages
    std::map<std::string, std::string> headers;
    std::string account;  ///< routes of the same one share their limit; empty: it has its own
    transport_choice way;
    unsigned tier = 0;
    double weight = 1;
    stagger::duration fallback_after = stagger::duration::max();
    double requests_per_minute = 0;  ///< 0: measured
    double tokens_per_minute = 0;    ///< 0: measured
};

/** @brief Reads a file of routes: JSON, in which comments and trailing commas may stand.
 *
 * The format is in docs/routes.md and docs/routes.schema.json. Keys stand in files or in the environment,
 * never in the file itself.
 *
 * @param path of the file; paths in it are relative to its folder
 * @throws failure file_failed where a file cannot be read, wrong_usage for whatever is wrong in it: the
 * message names the file, the line or the member's path, the rule and the value
 */
std::vector<described_route> read_routes(const std::string& path, const environment_reader& environment);

/// Those of the names, in the order of the file. @throws failure wrong_usage for a name that none has
std::vector<described_route> pick_routes(std::vector<described_route> all,
                                         const std::vector<std::string>& names);

}  // namespace app
