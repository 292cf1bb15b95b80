#pragma once

#include <optional>
#include <string>

#include "provider/description.hpp"
#include "throttled_server/server.hpp"

namespace stagger::server {

/// What `throttled_server` exits with; documented in its --help.
enum class exit_code : int { done = 0, wrong_usage = 2, unusable = 3 };

struct arguments {
    provider::scenario scenario;
    options chosen;
};

/** Reads the command line and the files it names, and prints what is to be said about them.
 * @return nothing where the program is to end with `code`
 */
std::optional<arguments> read_arguments(int argc, const char* const* argv, exit_code& code);

}  // namespace stagger::server
