#include "access_log.hpp"

#include <fcntl.h>

#include <new>
#include <utility>

#include "batch/write_all.hpp"
#include "cli/exit_code.hpp"
#include "cli/output_file.hpp"
#include "gateway/access_log_line.hpp"

namespace app {

access_log::access_log(std::string path, wall_clock clock, console& out)
    : path_(std::move(path)), clock_(std::move(clock)), out_(out), file_(open_output(path_, O_APPEND)) {}

void access_log::ended(const stagger::gateway::call_record& one) noexcept {
    try {
        const auto now = std::chrono::floor<std::chrono::milliseconds>(clock_.now());
        write(stagger::gateway::access_log_line(one, now));
    } catch (const std::bad_alloc&) {
    }
}

void access_log::write(const std::string& line) {
    const auto failed = stagger::batch::write_all(file_.get(), line);
    const bool is_new = failed && !failing_;
    failing_ = static_cast<bool>(failed);
    if (is_new)
        out_.error(output_name(path_) + ": " + failed.message() + ": calls are missing in the access log");
}

void access_log::reopen() {
    if (path_ == "-") return;
    try {
        file_ = open_output(path_, O_APPEND);
    } catch (const failure& wrong) {
        out_.error(std::string(wrong.what()) + ": the access log goes on where it was");
    }
}

}  // namespace app
