#pragma once

#include <stdexcept>
#include <string>

namespace app {

/// What the command answers to its caller; documented in docs/cli.md.
enum class exit_code : int {
    done = 0,
    some_failed = 1,
    wrong_usage = 2,
    file_failed = 3,
    endpoint_unusable = 4,
    stopped_early = 5,     // by a limit that the command line sets
    nothing_admitted = 6,  // for longer than the command line lets it wait
    interrupted = 130,     // 128 + SIGINT, as shells count
};

/// Ends a command before or instead of its work, with one message for the user.
class failure : public std::runtime_error {
 public:
    failure(exit_code code, const std::string& message) : std::runtime_error(message), code_(code) {}

    exit_code code() const { return code_; }

 private:
    exit_code code_;
};

}  // namespace app
