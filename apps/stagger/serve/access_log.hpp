#pragma once

#include <string>

#include "batch/file_handle.hpp"
#include "gateway/call_record.hpp"
#include "terminal/console.hpp"
#include "terminal/wall_clock.hpp"

namespace app {

/** @brief The file of `--access-log`: a line for each call when it ends, at the end of what is there.
 *
 * A failure to write is told once, and again once it has worked between; calls go on without their lines.
 */
class access_log final : public stagger::gateway::call_observer {
 public:
    /// @param path `-`: standard output
    /// @param out must outlive it
    /// @throws failure file_failed
    access_log(std::string path, wall_clock clock, console& out);

    void ended(const stagger::gateway::call_record& one) noexcept override;
    /// Opens the file anew, for whoever has moved it; where that fails, it goes on with the old one.
    void reopen();

 private:
    void write(const std::string& line);

    const std::string path_;
    const wall_clock clock_;
    console& out_;
    stagger::batch::file_handle file_;
    bool failing_ = false;
};

}  // namespace app
