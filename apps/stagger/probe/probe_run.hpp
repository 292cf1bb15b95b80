#pragma once

#include <spdlog/logger.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <memory>
#include <optional>
#include <string>

#include "cli/stop_signals.hpp"
#include "probe/probe_findings.hpp"
#include "probe/probe_plan.hpp"
#include "sending/send_options.hpp"
#include "stagger/client.hpp"
#include "terminal/console.hpp"

namespace app {

/// A probe over a client: sends what its plan says, one attempt each, and tells it what becomes of them.
class probe_run {
 public:
    /// @throws failure wrong_usage, naming the option, its rule and its value
    probe_run(send_plan plan, const stagger::probe::probe_bounds& bounds, console& out,
              std::shared_ptr<spdlog::logger> log);
    ~probe_run();

    /// Ends with the plan, or when it is asked to end.
    stagger::probe::probe_findings run(const stagger::completion_request& request);

    const send_plan& plan() const { return plan_; }
    bool interrupted() const { return interrupted_; }
    /// Of the last attempt that was no answer: what it ended with, and in whose words.
    stagger::error_code last_error() const { return last_error_; }
    const std::string& last_problem() const { return last_problem_; }

 private:
    class watcher;

    void go_on();
    void warn_of_bounds();
    void wait_until(stagger::time_point at);
    void sent(std::uint64_t request);
    void ended(const stagger::attempt_events::done& attempt);
    void stop();
    void show() const;

    send_plan plan_;
    console& out_;
    std::shared_ptr<watcher> watcher_;
    boost::asio::io_context context_{1};
    stop_signals signals_;
    boost::asio::steady_timer timer_;
    std::optional<stagger::client> client_;
    std::optional<stagger::completion_request> request_;
    stagger::probe::probe_bounds bounds_;
    stagger::probe::probe_plan probe_;
    stagger::time_point started_;
    stagger::error_code last_error_;
    std::string last_problem_;
    bool warned_ = false;
    bool interrupted_ = false;
    bool over_ = false;
};

}  // namespace app
