#include "console.hpp"

#include <poll.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>

#include "base/visible_text.hpp"
#include "colour.hpp"

namespace app {
namespace {

constexpr console::window usual_window{80, 24};
constexpr auto erase_to_line_end = "\x1b[K";
constexpr auto erase_below = "\x1b[J";

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

console::window console::size() const {
    winsize size{};
    if (::ioctl(STDERR_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0) return usual_window;
    return {size.ws_col, size.ws_row};
}

// The cursor stands behind the last line that was drawn. A window that became narrower has wrapped what no
// longer fits.
std::string console::to_first_row(unsigned columns) const {
    std::size_t rows = 0;
    std::size_t length = 0;
    for (const char each : drawn_ + '\n') {
        if (each != '\n') {
            ++length;
            continue;
        }
        rows += std::max<std::size_t>((length + columns - 1) / columns, 1);
        length = 0;
    }
    return rows > 1 ? "\r\x1b[" + std::to_string(rows - 1) + "A" : "\r";
}

void console::status(std::string text, painter paint) {
    text = stagger::visible_text(text);
    if (!colours_are_wanted()) paint = {};
    const auto columns = size().columns;
    if (!shows_status_ || (text == drawn_ && columns == drawn_for_)) return;
    auto drawing = to_first_row(columns);
    for (const char each : paint ? paint(text) : text) {
        if (each == '\n') drawing += std::string(erase_to_line_end) + '\r';
        drawing += each;
    }
    write_error(drawing + erase_to_line_end + erase_below);
    drawn_ = std::move(text);
    paint_ = std::move(paint);
    drawn_for_ = columns;
}

void console::clear_status() {
    if (drawn_.empty()) return;
    write_error(to_first_row(size().columns) + erase_below);
    drawn_.clear();
}

void console::error(std::string_view message) {
    write_line("stagger: ", message);
    if (told_) told_(weight::error, message);
}

void console::remark(std::string_view message) {
    if (told_) told_(weight::remark, message);
    if (!quiet_) write_line("stagger: ", message);
}

void console::print(std::string_view text) {
    if (told_) told_(weight::remark, text);
    if (!quiet_) write_line("", text);
}

void console::log(std::string_view line) {
    write_line("", line);
}

void console::write_line(std::string_view prefix, std::string_view text) {
    const auto below = drawn_;
    clear_status();
    std::string line(prefix);
    line.append(stagger::visible_text(text));
    if (!line.ends_with('\n')) line.push_back('\n');
    write_error(line);
    if (!below.empty()) status(below, paint_);
}

}  // namespace app
