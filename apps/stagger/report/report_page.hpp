#pragma once

#include <string>
#include <vector>

#include "report/labelled_run.hpp"

namespace app {

/** @brief Results as one HTML page that needs nothing else: its charts, its script and its style are in it.
 *
 * Every number is in a table that needs no script. Whatever the results say is text there, never markup; and
 * no script but the page's own may run, which a Content-Security-Policy with their hashes says.
 *
 * @pre at least one run
 */
std::string report_page(const std::vector<named_results>& documents);

}  // namespace app
