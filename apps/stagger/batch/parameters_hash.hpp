#pragma once

#include <cstdint>
#include <string>

#include "sending/send_options.hpp"

namespace app {

/** Hash of what decides, beside the prompts, what is asked: so that a run notices that it would continue
 * another one's results with other questions.
 *
 * Where the server is, how fast it is asked and for how long are no part of it.
 *
 * @param reading how prompts are made of rows: the format and the template, as given, and what goes with them
 */
std::uint64_t parameters_hash(const send_plan& plan, const std::string& reading);

/// The options that `parameters_hash` is made of, for messages.
inline constexpr auto hashed_options =
    "--model, --dialect, --max-tokens, --temperature, --param, --system, --format, --separator, --template, "
    "--id-column or --send-columns";

}  // namespace app
