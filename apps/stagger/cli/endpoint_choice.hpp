#pragma once

#include <string>
#include <vector>

#include "option_setting.hpp"

namespace app {

/** @brief Decides which endpoint a run uses where several are named, and that no key goes to another.
 *
 * Base URLs: the command line, a profile that it names, the environment (STAGGER_BASE_URL, then the variable
 * of the dialect, such as OPENAI_BASE_URL), the configuration file. A key, or a header
 * that carries one, that stands beside a base URL in the file is for that one alone. Where it goes with the
 * base URL that is taken, it comes before the provider's variable, such as OPENAI_API_KEY; one that stands
 * beside none comes after.
 *
 * @param settings what is not to be used is taken out
 * @param line the words behind the command
 * @return what the user is to know of it
 */
std::vector<std::string> choose_endpoint(std::vector<option_setting>& settings,
                                         const std::vector<std::string>& line,
                                         const environment_reader& environment);

}  // namespace app
