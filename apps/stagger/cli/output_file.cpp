#include "output_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/visible_text.hpp"
#include "batch/write_all.hpp"
#include "exit_code.hpp"

namespace app {

std::string output_name(const std::string& path) {
    return path == "-" ? "standard output" : path;
}

stagger::batch::file_handle open_output(const std::string& path, int flags) {
    constexpr mode_t by_umask = 0666;
    const int opened = path == "-" ? ::fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 0)
                                   : ::open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC | flags, by_umask);
    stagger::batch::file_handle file(opened);
    if (!file)
        throw failure(exit_code::file_failed,
                      output_name(path) + ": " + stagger::batch::system_failure().message());
    return file;
}

boost::system::error_code empty_regular_file(const std::string& path, int file) {
    struct stat info {};
    if (path == "-" || ::fstat(file, &info) != 0 || !S_ISREG(info.st_mode)) return {};
    if (::ftruncate(file, 0) == 0) return {};
    return stagger::batch::system_failure();
}

namespace {

/// A pipe and a file get the bytes as they are, a terminal what it may show.
boost::system::error_code write_for_reader(int file, std::string_view text) {
    if (::isatty(file) == 1) return stagger::batch::write_all(file, stagger::visible_text(text));
    return stagger::batch::write_all(file, text);
}

}  // namespace

void write_standard_output(std::string_view text) {
    if (const auto failed = write_for_reader(STDOUT_FILENO, text)) {
        throw failure(exit_code::file_failed, output_name("-") + ": " + failed.message());
    }
}

output_file::output_file(const std::string& path) : path_(path) {
    if (!path_.empty()) file_ = open_output(path_);
}

void output_file::write(const std::string& text) {
    if (!file_) return;
    auto failed = empty_regular_file(path_, file_.get());
    if (!failed) failed = write_for_reader(file_.get(), text);
    if (failed) throw failure(exit_code::file_failed, output_name(path_) + ": " + failed.message());
}

}  // namespace app
