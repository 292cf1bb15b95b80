#pragma once

#include <sys/types.h>

#include <functional>
#include <optional>
#include <string>

namespace app {

/** @brief The socket to listen on that whoever started this process has opened and passed (sd_listen_fds(3)).
 *
 * Told by `LISTEN_FDS`, for the process that `LISTEN_PID` names alone. Programs that this one starts do not
 * get the socket.
 *
 * @param variable a variable of the environment; nothing where it is not set
 * @param self this process
 * @return its descriptor; nothing where none was passed
 * @throws failure wrong_usage where more than one was passed, or one that does not listen for TCP
 */
std::optional<int> find_passed_socket(const std::function<std::optional<std::string>(const char*)>& variable,
                                      pid_t self);

}  // namespace app
