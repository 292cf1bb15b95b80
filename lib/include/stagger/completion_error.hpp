#pragma once

#include <boost/system/system_error.hpp>
#include <memory>

#include "stagger/completion.hpp"
#include "stagger/error.hpp"

namespace stagger {

/** @brief Thrown for a completion that failed, where a completion token turns errors into exceptions.
 *
 * It is the boost::system::system_error that Asio would throw, with the same code, and knows what
 * `completion::info` would have said. `what` begins with the server's words, or what the transport met.
 *
 * @par Thread safety
 * Distinct objects: safe, copies included. Shared objects: const members are safe.
 */
class completion_error : public boost::system::system_error {
 public:
    completion_error(error_code why, diagnostic info);

    /// How the request came to its end: the server's message, attempts, rejections, time in line.
    const diagnostic& info() const noexcept { return *info_; }

 private:
    std::shared_ptr<const diagnostic> info_;  // shared: an exception is copied without throwing
};

}  // namespace stagger
