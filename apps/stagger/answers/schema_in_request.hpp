#pragma once

#include <string>

#include "sending/send_options.hpp"

namespace app {

/** Lets servers know what answers have to fit, in the words of the plan's dialect: where it has none,
 * nothing, and where the command line or a prompt says something else there, that.
 *
 * OpenAI's dialects are not asked to be strict: they refuse most schemas then.
 * @param schema JSON Schema; empty: none
 */
void ask_for_schema(send_plan& plan, const std::string& schema);

}  // namespace app
