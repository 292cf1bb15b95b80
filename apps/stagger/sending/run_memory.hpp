#pragma once

#include <spdlog/logger.h>

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "limits_file.hpp"
#include "send_options.hpp"

namespace app {

/// Scheme, host, port and path of a base URL, each of which tells endpoints apart, spelled in one way.
/// @throws std::invalid_argument for what is no base URL
std::string endpoint_name(const std::string& base_url);

/** @brief What one run takes from the state file at its beginning, and gives to it at its end.
 *
 * A file that is unusable never keeps anything from being sent: it is warned of, once, and the run starts and
 * ends without it. Nothing is taken or given with `--no-remember`, and by policies that measure nothing; what
 * is configured with `--rpm` needs nothing to be taken.
 */
class run_memory {
 public:
    /// @param plan so far; what is remembered is put into its limits
    /// @throws failure wrong_usage for a base URL that is none
    run_memory(const send_options& options, send_plan& plan, std::shared_ptr<spdlog::logger> log);

    /// "started at 47.5/s, remembered from 2 hours ago"; nothing after a cold start.
    std::optional<std::string> remark() const { return remark_; }

    /// At the run's end, what each gate has learned, in the order of the plan's routes. Nothing learned
    /// leaves the file alone.
    void keep(const std::vector<stagger::gate>& gates);

 private:
    void take(send_plan& plan);
    void warn(const std::string& problem);

    std::optional<limits_file> file_;              ///< none: neither taken nor given
    std::vector<stagger::wire::limits_key> keys_;  ///< of the one endpoint, or of every route
    std::shared_ptr<spdlog::logger> log_;
    std::optional<std::string> remark_;
    bool warned_ = false;
};

}  // namespace app
