#pragma once

#include <boost/system/error_code.hpp>
#include <condition_variable>
#include <mutex>
#include <string>
#include <thread>

#include "batch/file_handle.hpp"
#include "records/decision_log.hpp"
#include "stagger/decision_log.hpp"

namespace app {

/** @brief The file of `--decision-log`, written while the command runs.
 *
 * Decisions arrive under the gate's lock, so they are only turned into text there; a thread of its own
 * writes. Memory is bounded: whoever decides waits for the disk when a whole buffer is still to be written.
 * Lines are never left out; after a failure to write, which `finish` reports, the log ends.
 *
 * @par Thread safety
 * Safe.
 */
class decision_log_file final : public stagger::decision_recorder {
 public:
    /// Opens the file; what it holds goes with the first decision.
    /// @throws failure file_failed
    explicit decision_log_file(std::string path);
    /// Writes what was told; without `finish`, failures go unreported.
    ~decision_log_file() override;

    void started(const stagger::coordinator_options& options, std::uint64_t seed) override;
    void record(const stagger::decision_record& made) noexcept override;

    /// Ends the log; what is told afterwards is not part of it.
    /// @throws failure file_failed, if the log is not whole
    void finish();

 private:
    using lock = std::unique_lock<std::mutex>;

    void write_until_closed();
    boost::system::error_code write(const std::string& text);
    void close();

    const std::string path_;
    stagger::batch::file_handle file_;
    bool begun_ = false;  // of the writing thread

    std::mutex mutex_;  // guards everything below
    std::condition_variable to_write_;
    std::condition_variable written_;
    stagger::wire::decision_log_writer lines_;
    std::string pending_;
    boost::system::error_code failed_;
    bool closed_ = false;
    std::thread writer_;
};

}  // namespace app
