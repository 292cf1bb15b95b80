#pragma once

#include <functional>
#include <string>
#include <string_view>

namespace app {

/** Standard error as the user sees it: messages, and below them a line or a few that are redrawn in place.
 *
 * They are there only on a terminal that can redraw; messages are whole lines in every case. What a message
 * repeats of a server or a file is shown and never obeyed (`visible_text`). Failures to write are ignored:
 * there is nobody left to tell.
 */
class console {
 public:
    /// @param quiet no status line, no remarks; errors are still shown
    explicit console(bool quiet);
    ~console() { clear_status(); }
    console(const console&) = delete;
    console& operator=(const console&) = delete;

    bool shows_status() const { return shows_status_; }
    struct window {
        unsigned columns;
        unsigned rows;
    };
    /// Of the terminal, asked for anew, since windows change.
    window size() const;

    /// Adds what colours a text and takes no room.
    using painter = std::function<std::string(std::string_view)>;
    /// @param text lines, each shorter than the window is wide
    /// @param paint if there is any, and the user has nothing against colour
    void status(std::string text, painter paint = {});
    void clear_status();
    /// Always shown, with the program's name.
    void error(std::string_view message);
    /// Shown unless quiet, with the program's name.
    void remark(std::string_view message);
    /// Shown unless quiet, as it is.
    void print(std::string_view text);
    /// A whole log line, as it is.
    void log(std::string_view line);

    /// Whether a message is of something that went wrong.
    enum class weight { remark, error };
    /// `told` hears every message from now on, those that `quiet` leaves out, too; not log lines.
    void also_tell(std::function<void(weight, std::string_view message)> told) { told_ = std::move(told); }

 private:
    void write_line(std::string_view prefix, std::string_view text);
    std::string to_first_row(unsigned columns) const;

    std::function<void(weight, std::string_view)> told_;
    bool quiet_;
    bool shows_status_;
    std::string drawn_;  // without colour
    painter paint_;
    unsigned drawn_for_ = 0;  // columns
};

}  // namespace app
