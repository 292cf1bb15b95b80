#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "batch/runner.hpp"
#include "cli/output_file.hpp"
#include "load/run_results.hpp"
#include "prices/cost_counter.hpp"
#include "sending/request_watch.hpp"

namespace app {

/// The figures of a batch in the form of a benchmark's.
/// @param measured of its requests
/// @param report has the last word where prompts failed that became no request
/// @param costs nothing where no prices are known
stagger::load::run_results batch_results(stagger::load::run_results measured,
                                         const stagger::batch::run_report& report,
                                         const std::optional<cost_counts>& costs);

/// What `stagger batch --report` writes: measures a run while it goes on. Without a path it does nothing.
class batch_report {
 public:
    /// @throws failure file_failed
    batch_report(boost::asio::io_context& context, const std::string& path)
        : timer_(context), wanted_(!path.empty()), page_(path) {}

    /// What the client is to tell of its attempts to, in the place of `next`.
    /// @param status as in request_watch
    std::shared_ptr<stagger::attempt_observer> watch(std::function<stagger::coordinator_status()> status,
                                                     std::shared_ptr<stagger::attempt_observer> next);
    /// The run begins.
    void start();
    /// The run is over: writes the page.
    /// @param about all but the runs
    /// @throws failure file_failed
    void finish(const stagger::batch::run_report& report, const std::string& policy,
                const std::optional<cost_counts>& costs, stagger::load::results_document about);

 private:
    void step();

    boost::asio::steady_timer timer_;
    bool wanted_;
    output_file page_;
    std::shared_ptr<request_watch> watch_;
};

}  // namespace app
