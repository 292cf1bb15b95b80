#pragma once

#include <spdlog/logger.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "closing.hpp"
#include "dialect/secrets.hpp"
#include "stall.hpp"
#include "terminal/console.hpp"

namespace app {

/// A closing as progress shows it: from when on the server admits again, and in whose words.
struct closing_view {
    wall_clock::moment opens_at;
    std::string until;  ///< for people: "14:05:12 (13:05:12 UTC)"
    std::string words;
};

/** @brief Tells the user of a run when nothing is admitted for longer than a few seconds: once, in the
 * server's words, and with the time it opens where that is known, as a remark and in the log; what repeats
 * within minutes only in the log. Where nothing is drawn, it goes on telling every half a minute.
 */
class closing_notice {
 public:
    /// @param status of what is sent now; nothing while there is none
    closing_notice(boost::asio::io_context& context, console& out, std::shared_ptr<spdlog::logger> log,
                   std::function<std::optional<stagger::coordinator_status>()> status,
                   wall_clock clock = machine_clock());

    /// What no message may repeat.
    void hide(stagger::wire::secrets hidden) { hidden_ = std::move(hidden); }
    /// A closing that ends the run, which says so itself, is no news. 0 (default): none does.
    void longest_wait(stagger::duration longest) { longest_wait_ = longest; }
    void attempt_ended(const stagger::attempt_events::done& attempt);
    void start();
    void finish() { timer_.cancel(); }

    /// The closing that holds, if one does.
    std::optional<closing_view> current() const;
    /// Why nothing is admitted, where nobody has said until when; empty while something is.
    std::string stalled_by() const;
    /// As closing_watch has it.
    std::optional<stagger::time_point> told_until() const { return watch_.told_until(); }
    /// "until 14:05:12 (13:05:12 UTC), in 59 min"; empty where no attempt was told so long a wait that it is
    /// not over in a few seconds.
    std::string until_told() const;
    /// Why a run ended that was not to wait for longer: until when nothing is admitted, or for how long
    /// nothing was where that is not known.
    std::string gave_up(std::optional<stagger::time_point> opens_at) const;

 private:
    void look_later();
    void look();
    void tell_closing(stagger::time_point now, const std::optional<closing>& current);
    void tell_stall(stagger::time_point now, const stagger::coordinator_status& seen,
                    const std::optional<closing>& current);
    void say(std::string text, bool shown);

    boost::asio::steady_timer timer_;
    console& out_;
    std::shared_ptr<spdlog::logger> log_;
    std::function<std::optional<stagger::coordinator_status>()> status_;
    wall_clock clock_;
    stagger::wire::secrets hidden_;
    stagger::duration longest_wait_{0};
    closing_watch watch_;
    stall_watch stalls_;
    std::optional<stall> stalled_;
};

}  // namespace app
