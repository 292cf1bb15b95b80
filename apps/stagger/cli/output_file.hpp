#pragma once

#include <string>
#include <string_view>

#include "batch/file_handle.hpp"

namespace app {

/// What messages call a file to be written; `-` is standard output.
std::string output_name(const std::string& path);

/// Opens a file to be written, and makes it if need be; `-` is standard output.
/// @param flags of open(2) beside those, such as O_TRUNC
/// @throws failure file_failed
stagger::batch::file_handle open_output(const std::string& path, int flags = 0);

/// Empties a file that was opened without O_TRUNC; what is no regular file has nothing to be emptied, and
/// what standard output goes into is not ours to empty.
boost::system::error_code empty_regular_file(const std::string& path, int file);

/// @throws failure file_failed
void write_standard_output(std::string_view text);

/// A file that is written once, at the end: opened before the work begins, so that a wrong name shows early.
/// What it holds stays until then.
class output_file {
 public:
    /// @param path empty: nothing is written; `-`: standard output
    /// @throws failure file_failed
    explicit output_file(const std::string& path);

    /// @throws failure file_failed
    void write(const std::string& text);

 private:
    std::string path_;
    stagger::batch::file_handle file_;
};

}  // namespace app
