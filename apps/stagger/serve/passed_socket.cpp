#include "passed_socket.hpp"

#include <fcntl.h>
#include <sys/socket.h>

#include "cli/exit_code.hpp"
#include "cli/option_values.hpp"

namespace app {
namespace {

constexpr int first_passed = 3;  // SD_LISTEN_FDS_START

int option_of(int socket, int name) {
    int value = 0;
    socklen_t length = sizeof(value);
    return getsockopt(socket, SOL_SOCKET, name, &value, &length) == 0 ? value : -1;
}

bool listens_for_tcp(int socket) {
    const int domain = option_of(socket, SO_DOMAIN);
    return option_of(socket, SO_TYPE) == SOCK_STREAM && option_of(socket, SO_ACCEPTCONN) == 1 &&
           (domain == AF_INET || domain == AF_INET6);
}

}  // namespace

std::optional<int> find_passed_socket(const std::function<std::optional<std::string>(const char*)>& variable,
                                      pid_t self) {
    const auto count = variable("LISTEN_FDS");
    const auto meant = variable("LISTEN_PID");
    if (!count || !meant || parse_number<pid_t>(*meant) != self) return std::nullopt;
    if (*count != "1")
        throw failure(exit_code::wrong_usage, "LISTEN_FDS: must pass one socket, is \"" + *count + "\"");
    if (!listens_for_tcp(first_passed))
        throw failure(exit_code::wrong_usage, "LISTEN_FDS: the passed socket does not listen for TCP");
    fcntl(first_passed, F_SETFD, FD_CLOEXEC);
    return first_passed;
}

}  // namespace app
