#pragma once

#include <string>

#include "throttled_server/call.hpp"

namespace stagger::server {

/** Notes every completion request as it arrives, a JSON line each, so that a test can tell what was asked and
 * how often.
 *
 * A line is in the file before the request is decided on.
 */
class request_log {
 public:
    /// @param path empty: nothing is noted
    /// @throws std::system_error if it cannot be written
    explicit request_log(const std::string& path);
    request_log(const request_log&) = delete;
    request_log& operator=(const request_log&) = delete;
    ~request_log();

    void arrived(const call& asked) const;

 private:
    int file_ = -1;
};

}  // namespace stagger::server
