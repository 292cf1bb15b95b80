#pragma once

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "redis/reply.hpp"
#include "stagger/fleet.hpp"

namespace app {

/** Asks a store one thing of each key that a pattern finds, and waits for the answers.
 * @param options validated
 * @param command what is asked of a key
 * @return keys and answers, in no order
 * @throws failure endpoint_unusable where the store cannot be used
 */
std::vector<std::pair<std::string, stagger::redis::reply>> walk_keys(
    const stagger::fleet_options& options, const std::string& pattern,
    const std::function<std::vector<std::string>(const std::string& key)>& command);

}  // namespace app
