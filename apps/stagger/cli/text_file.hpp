#pragma once

#include <string>

namespace app {

/** The text of a file that an option names, without one line end at its end.
 * @throws failure file_failed where it cannot be read, wrong_usage where it has more than 16 MiB
 */
std::string read_text_file(const std::string& path);

}  // namespace app
