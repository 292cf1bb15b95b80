#include "output_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>

#include "batch/write_all.hpp"
#include "exit_code.hpp"

namespace app {

stagger::batch::file_handle open_output(const std::string& path, int flags) {
    constexpr mode_t by_umask = 0666;
    stagger::batch::file_handle file(::open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC | flags, by_umask));
    if (!file)
        throw failure(exit_code::file_failed, path + ": " + stagger::batch::system_failure().message());
    return file;
}

boost::system::error_code empty_regular_file(int file) {
    struct stat info {};
    if (::fstat(file, &info) != 0 || !S_ISREG(info.st_mode) || ::ftruncate(file, 0) == 0) return {};
    return stagger::batch::system_failure();
}

void write_standard_output(std::string_view text) {
    if (const auto failed = stagger::batch::write_all(STDOUT_FILENO, text)) {
        throw failure(exit_code::file_failed, "standard output: " + failed.message());
    }
}

output_file::output_file(const std::string& path) : path_(path) {
    if (!path_.empty()) file_ = open_output(path_);
}

void output_file::write(const std::string& text) {
    if (!file_) return;
    auto failed = empty_regular_file(file_.get());
    if (!failed) failed = stagger::batch::write_all(file_.get(), text);
    if (failed) throw failure(exit_code::file_failed, path_ + ": " + failed.message());
}

}  // namespace app
