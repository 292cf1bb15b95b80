#pragma once

#include <string>

#include "batch/file_handle.hpp"
#include "load/run_records.hpp"

namespace app {

/// A line for every request that has ended, written as they come; docs/cli.md explains the columns.
class request_csv {
 public:
    /// @param path empty: nothing is written; `-`: standard output
    /// @throws failure file_failed
    explicit request_csv(const std::string& path);

    /// @param start of the policy's turn, from which times count
    void add(const std::string& policy, stagger::time_point start,
             const stagger::load::request_record& record);
    /// Writes what is still held.
    /// @throws failure file_failed
    void finish();

 private:
    void write_held();

    std::string path_;
    stagger::batch::file_handle file_;
    std::string held_;
};

}  // namespace app
