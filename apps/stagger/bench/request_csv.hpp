#pragma once

#include <boost/system/error_code.hpp>
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
    /// After a failure to write, which `finish` reports, there is no further line.
    void add(const std::string& policy, stagger::time_point start,
             const stagger::load::request_record& record);
    bool failed() const { return failed_.failed(); }
    /// Writes what is still held.
    /// @throws failure file_failed, if not every line was written
    void finish();

 private:
    void write_held();

    std::string path_;
    stagger::batch::file_handle file_;
    std::string held_;
    boost::system::error_code failed_;
};

}  // namespace app
