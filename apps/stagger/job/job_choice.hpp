#pragma once

#include <string>

#include "sending/fleet_choice.hpp"

namespace app {

/** Makes sure that a job is named by what can be a name, and that there is a store to have it.
 * @param option for messages
 * @throws failure wrong_usage
 */
void check_job(const std::string& option, const std::string& name, const fleet_choice& fleet);

/// Tells a results file from any other, on this machine and on others, without saying what it is called.
/// Standard output is another one each time.
std::string name_of_results(const std::string& path);

}  // namespace app
