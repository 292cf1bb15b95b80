#pragma once

#include <chrono>
#include <string>

#include "batch/file_handle.hpp"

namespace app {

/** @brief What answers have cost on this day, in a file that outlives the process.
 *
 * A day is one of UTC. Several processes may use one file at once, each of which counts what all of them
 * spent; every sum is written when it is known, so that a process that is killed forgets only what was still
 * under way. Of a file whose day is the one behind the day that is asked for, that later day counts: another
 * process's clock is ahead. A file of a day beyond is refused. Distinct objects may be used by several
 * threads at a time.
 */
class daily_spending {
 public:
    /// Opens the file, or makes it, with its folder, for its owner alone (0600).
    /// @throws failure file_failed where it cannot be used, or is another kind of file
    explicit daily_spending(std::string path);

    /// What the day has cost.
    /// @throws failure file_failed
    double spent(std::chrono::sys_days today) { return add(today, 0); }
    /// The same with so much more, which is kept.
    /// @throws failure file_failed; what could not be written is written with the next word of that day
    double add(std::chrono::sys_days today, double cost);
    /// What was added on the last day that was asked for, and is not in the file.
    double unwritten() const { return unwritten_.cost; }

    const std::string& path() const { return path_; }

 private:
    struct record {
        std::chrono::sys_days day;
        double cost = 0;
    };
    record read() const;
    void write(const record& what) const;

    std::string path_;
    record unwritten_;
    stagger::batch::file_handle file_;
};

/// spending.json in the user's state folder, beside limits.json.
/// @throws failure wrong_usage where there is no such folder
std::string usual_spending_path();

}  // namespace app
