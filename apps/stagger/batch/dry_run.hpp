#pragma once

#include <boost/asio/any_io_executor.hpp>

#include "batch_files.hpp"
#include "cli/exit_code.hpp"
#include "prices/price_list.hpp"
#include "sending/send_options.hpp"

namespace app {

/** Reads the prompts and says how many there are, what they may cost in tokens and, where prices are known,
 * in money, and how long the limits that are known, or remembered, let them take. Sends nothing and writes
 * nothing but that, on standard output.
 *
 * @return some_failed where lines cannot be read
 * @throws failure
 */
exit_code dry_run(const batch_file_options& options, const send_plan& plan, const price_list& prices,
                  console& out);

}  // namespace app
