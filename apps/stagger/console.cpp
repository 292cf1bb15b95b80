#include "console.hpp"

#include <poll.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>

namespace app {
namespace {

constexpr unsigned usual_width = 80;

bool can_redraw() {
    const char* terminal = std::getenv("TERM");
    return ::isatty(STDERR_FILENO) == 1 && terminal && std::string_view(terminal) != "dumb";
}

void write_error(std::string_view text) {
    constexpr int patience_ms = 1000;
    while (!text.empty()) {
        const auto written = ::write(STDERR_FILENO, text.data(), text.size());
        if (written >= 0) {
            text.remove_prefix(static_cast<std::size_t>(written));
        } else if (errno == EAGAIN) {
            // Somebody else made the terminal non-blocking.
            pollfd wait{STDERR_FILENO, POLLOUT, 0};
            if (::poll(&wait, 1, patience_ms) <= 0) return;
        } else if (errno != EINTR) {
            return;
        }
    }
}

}  // namespace

console::console(bool quiet) : quiet_(quiet), shows_status_(!quiet && can_redraw()) {}

unsigned console::width() const {
    winsize size{};
    if (::ioctl(STDERR_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0) return usual_width;
    return size.ws_col;
}

void console::status(std::string text) {
    if (!shows_status_ || text == drawn_) return;
    write_error("\r" + text + "\x1b[K");
    drawn_ = std::move(text);
}

void console::clear_status() {
    if (drawn_.empty()) return;
    write_error("\r\x1b[K");
    drawn_.clear();
}

void console::error(std::string_view message) {
    write_line("stagger: ", message);
}

void console::remark(std::string_view message) {
    if (!quiet_) write_line("stagger: ", message);
}

void console::print(std::string_view text) {
    if (!quiet_) write_line("", text);
}

void console::log(std::string_view line) {
    write_line("", line);
}

void console::write_line(std::string_view prefix, std::string_view text) {
    const auto below = drawn_;
    clear_status();
    std::string line(prefix);
    line.append(text);
    if (!line.ends_with('\n')) line.push_back('\n');
    write_error(line);
    if (!below.empty()) status(below);
}

}  // namespace app
