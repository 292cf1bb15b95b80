#pragma once

#include <string>

#include "batch/file_handle.hpp"
#include "batch/runner.hpp"

namespace app {

/// The figures for people, some lines.
std::string describe(const stagger::batch::run_report& report);

/// The figures for programs, one JSON object with a line end.
std::string to_json(const stagger::batch::run_report& report, const std::string& policy);

/// The file of `--summary`: opened before anything is sent, so that a wrong name shows early.
class summary_file {
 public:
    /// @param path empty: nothing is written
    /// @throws failure file_failed
    explicit summary_file(const std::string& path);

    /// @throws failure file_failed
    void write(const std::string& text);

 private:
    std::string path_;
    stagger::batch::file_handle file_;
};

}  // namespace app
