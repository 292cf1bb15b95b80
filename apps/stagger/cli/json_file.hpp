#pragma once

#include <boost/json/value.hpp>
#include <string>

namespace app {

/** @brief Reads a file of JSON in which comments and trailing commas may stand.
 *
 * @throws failure file_failed where it cannot be read, wrong_usage with its line where it is no JSON
 */
boost::json::value read_json_file(const std::string& path);

}  // namespace app
