#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <functional>
#include <string>

#include "progress.hpp"
#include "recent_rate.hpp"
#include "terminal/console.hpp"

namespace CLI {
class App;
}

namespace app {

/// How the progress of a run is shown.
enum class progress_mode {
    fitting,  ///< where standard error is a terminal, redrawn in place: a panel if it has room, else one line
    line,     ///< one line there
    jsonl,    ///< a JSON object a line, once a second and at the end
    heartbeat,  ///< a line of text, every half minute and at the end, wherever standard error goes
    off,
};

/// How often it is shown.
stagger::duration progress_interval(progress_mode mode);

/// --progress, as runs take it that are shown while they go on.
void add_progress_option(CLI::App& command, std::string& name);
/// @throws failure wrong_usage
progress_mode parse_progress_mode(const std::string& name);

/// Shows how a run is getting on, now and then and when asked to.
class progress_display {
 public:
    /// @param look is asked how it stands; all of it but what was answered lately
    progress_display(boost::asio::io_context& context, console& out, progress_mode mode,
                     std::function<progress()> look);

    void start();
    void show();
    /// The last word; nothing is shown any more.
    void finish();

 private:
    bool shows() const;
    bool draws() const;
    void show_later();
    void show_again_after_changes();
    void suspend();
    void draw(const progress& view);

    boost::asio::steady_timer timer_;
    boost::asio::signal_set changes_;
    console& out_;
    progress_mode mode_;
    std::function<progress()> look_;
    recent_rate answers_;
};

}  // namespace app
