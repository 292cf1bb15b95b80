#include "progress_display.hpp"

#include <utility>

#include "exit_code.hpp"
#include "stagger/error.hpp"

namespace app {
namespace {

constexpr auto redraw_interval = std::chrono::milliseconds(200);
constexpr auto line_interval = std::chrono::seconds(1);

}  // namespace

progress_mode parse_progress_mode(const std::string& name) {
    if (name == "line") return progress_mode::line;
    if (name == "jsonl") return progress_mode::jsonl;
    if (name == "off") return progress_mode::off;
    throw failure(exit_code::wrong_usage, "--progress: must be line, jsonl or off, is \"" + name + "\"");
}

progress_display::progress_display(boost::asio::io_context& context, console& out, progress_mode mode,
                                   std::function<progress()> look)
    : timer_(context), out_(out), mode_(mode), look_(std::move(look)) {}

bool progress_display::shows() const {
    return mode_ == progress_mode::jsonl || (mode_ == progress_mode::line && out_.shows_status());
}

void progress_display::start() {
    if (!shows()) return;
    answers_.add(std::chrono::steady_clock::now(), 0);
    show_later();
}

void progress_display::show_later() {
    if (mode_ == progress_mode::jsonl) {
        timer_.expires_after(line_interval);
    } else {
        timer_.expires_after(redraw_interval);
    }
    timer_.async_wait([this](stagger::error_code error) {
        if (error) return;
        show();
        show_later();
    });
}

void progress_display::show() {
    if (!shows()) return;
    progress view = look_();
    answers_.add(std::chrono::steady_clock::now(), view.done + view.failed);
    view.results_per_s = answers_.per_s();
    if (mode_ == progress_mode::jsonl) {
        out_.log(progress_json(view));
    } else {
        out_.status(format_progress(view, out_.width()));
    }
}

void progress_display::finish() {
    timer_.cancel();
    if (mode_ == progress_mode::jsonl) show();
    out_.clear_status();
}

}  // namespace app
