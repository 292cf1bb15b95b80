#pragma once

#include <boost/json/value.hpp>
#include <memory>
#include <string>

#include "gateway/client_directory.hpp"

namespace app {

/** @brief Reads who may call a gateway, and what each tenant gets: the file of `--clients`.
 *
 * JSON, in which comments and trailing commas may stand; docs/serve.md has its members. Keys stand in it as
 * their SHA-256 only.
 *
 * @throws failure file_failed where it cannot be read, wrong_usage for whatever is wrong in it: the message
 * names the file, the member's path, the rule and the value, except of what may be a key
 */
std::shared_ptr<const stagger::gateway::client_directory> read_clients(const std::string& path);

/// The same of a file that is JSON already. @throws std::invalid_argument "tenants[0].name: must ..."
stagger::gateway::client_directory parse_clients(const boost::json::value& file);

}  // namespace app
