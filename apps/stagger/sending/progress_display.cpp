#include "progress_display.hpp"

#include <CLI/CLI.hpp>
#include <csignal>
#include <utility>

#include "cli/exit_code.hpp"
#include "panel_colours.hpp"
#include "progress_panel.hpp"
#include "stagger/error.hpp"

namespace app {
namespace {

constexpr auto redraw_interval = std::chrono::milliseconds(200);
constexpr auto line_interval = std::chrono::seconds(1);
constexpr auto heartbeat_interval = std::chrono::seconds(30);

}  // namespace

stagger::duration progress_interval(progress_mode mode) {
    switch (mode) {
        case progress_mode::jsonl:
            return line_interval;
        case progress_mode::heartbeat:
            return heartbeat_interval;
        case progress_mode::fitting:
        case progress_mode::line:
        case progress_mode::off:
            break;
    }
    return redraw_interval;
}

void add_progress_option(CLI::App& command, std::string& name) {
    command
        .add_option(
            "--progress", name,
            "On standard error: auto (redrawn on terminals, a panel where there is room, else a line), "
            "line (never a panel), jsonl (an object a second), heartbeat (a line every 30 s) or off (default "
            "auto)")
        ->type_name("HOW");
}

progress_mode parse_progress_mode(const std::string& name) {
    if (name == "auto") return progress_mode::fitting;
    if (name == "line") return progress_mode::line;
    if (name == "jsonl") return progress_mode::jsonl;
    if (name == "heartbeat") return progress_mode::heartbeat;
    if (name == "off") return progress_mode::off;
    throw failure(exit_code::wrong_usage,
                  "--progress: must be auto, line, jsonl, heartbeat or off, is \"" + name + "\"");
}

progress_display::progress_display(boost::asio::io_context& context, console& out, progress_mode mode,
                                   std::function<progress()> look)
    : timer_(context), changes_(context), out_(out), mode_(mode), look_(std::move(look)) {}

bool progress_display::draws() const {
    return mode_ == progress_mode::fitting || mode_ == progress_mode::line;
}

bool progress_display::shows() const {
    if (mode_ == progress_mode::off) return false;
    return !draws() || out_.shows_status();
}

void progress_display::start() {
    if (!shows()) return;
    answers_.add(std::chrono::steady_clock::now(), 0);
    show_later();
    if (!draws()) return;
    changes_.add(SIGWINCH);
    changes_.add(SIGTSTP);
    show_again_after_changes();
}

void progress_display::show_again_after_changes() {
    changes_.async_wait([this](stagger::error_code error, int signal) {
        if (error) return;
        if (signal == SIGTSTP) suspend();
        show();
        show_again_after_changes();
    });
}

// The shell gets a clean terminal, and on what it leaves there nothing is drawn.
void progress_display::suspend() {
    out_.clear_status();
    changes_.remove(SIGTSTP);  // back to what the system does then
    ::raise(SIGTSTP);
    changes_.add(SIGTSTP);
}

void progress_display::show_later() {
    timer_.expires_after(progress_interval(mode_));
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
    } else if (mode_ == progress_mode::heartbeat) {
        out_.remark(heartbeat_text(view));
    } else {
        draw(view);
    }
}

void progress_display::draw(const progress& view) {
    const auto window = out_.size();
    const bool roomy = window.rows >= least_panel_height && window.columns >= least_panel_width;
    if (mode_ == progress_mode::fitting && roomy)
        out_.status(format_panel(view, window.columns), coloured_panel);
    else
        out_.status(format_progress(view, window.columns));
}

void progress_display::finish() {
    timer_.cancel();
    changes_.cancel();
    if (!draws()) show();
    out_.clear_status();
}

}  // namespace app
