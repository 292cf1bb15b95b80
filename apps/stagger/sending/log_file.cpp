#include "log_file.hpp"

#include <fcntl.h>
#include <spdlog/details/null_mutex.h>
#include <spdlog/sinks/base_sink.h>

#include <utility>

#include "base/visible_text.hpp"
#include "batch/file_handle.hpp"
#include "batch/write_all.hpp"
#include "cli/output_file.hpp"

namespace app {
namespace {

class file_sink final : public spdlog::sinks::base_sink<spdlog::details::null_mutex> {
 public:
    file_sink(const std::string& path, console& out)
        : path_(path), file_(open_output(path, O_APPEND)), out_(out) {}

 private:
    void sink_it_(const spdlog::details::log_msg& message) override {
        if (failed_) return;
        spdlog::memory_buf_t formatted;
        formatter_->format(message, formatted);
        std::string line({formatted.data(), formatted.size()});
        line = stagger::visible_text(line);
        const auto failed = stagger::batch::write_all(file_.get(), line);
        if (!failed) return;
        failed_ = true;  // first, since what is told is logged, too
        out_.error(output_name(path_) + ": " + failed.message() + ": the log ends here");
    }
    void flush_() override {}

    const std::string path_;
    stagger::batch::file_handle file_;
    console& out_;
    bool failed_ = false;
};

}  // namespace

std::shared_ptr<spdlog::sinks::sink> open_log_file(const std::string& path, console& out) {
    return std::make_shared<file_sink>(path, out);
}

}  // namespace app
