#include "decision_log_file.hpp"

#include <chrono>
#include <new>
#include <utility>

#include "batch/write_all.hpp"
#include "cli/exit_code.hpp"
#include "cli/output_file.hpp"

namespace app {
namespace {

// Some ten thousand decisions. There are two such buffers: one fills while the other is written.
constexpr std::size_t buffer_bytes = 1024 * 1024;
// More than any line has, so that a line always fits behind a buffer that is not full yet.
constexpr std::size_t line_bytes = 16 * 1024;
// Written at once from here on; less waits for more, but not for long: who looks on wants to see it.
constexpr std::size_t worth_writing_bytes = 64 * 1024;
constexpr auto longest_wait = std::chrono::milliseconds(100);

boost::system::error_code out_of_memory() {
    return make_error_code(boost::system::errc::not_enough_memory);
}

}  // namespace

decision_log_file::decision_log_file(std::string path) : path_(std::move(path)), file_(open_output(path_)) {
    pending_.reserve(buffer_bytes + line_bytes);
    writer_ = std::thread([this] { write_until_closed(); });
}

decision_log_file::~decision_log_file() {
    close();
}

void decision_log_file::started(const stagger::coordinator_options& options, std::uint64_t seed) {
    const lock held(mutex_);
    lines_.started(options, seed);
}

void decision_log_file::record(const stagger::decision_record& made) noexcept {
    lock held(mutex_);
    written_.wait(held, [this] { return pending_.size() < buffer_bytes || failed_ || closed_; });
    if (failed_ || closed_) return;
    const std::size_t whole = pending_.size();
    try {
        lines_.append(pending_, made);
    } catch (const std::bad_alloc&) {
        pending_.resize(whole);
        failed_ = out_of_memory();
    }
    to_write_.notify_one();
}

void decision_log_file::finish() {
    {
        const lock held(mutex_);
        if (!closed_) lines_.finish(pending_);
    }
    close();
    if (!failed_) return;
    throw failure(exit_code::file_failed, output_name(path_) + ": " + failed_.message() +
                                              ": the decision log is cut off, the results are not");
}

void decision_log_file::close() {
    {
        const lock held(mutex_);
        closed_ = true;
    }
    to_write_.notify_one();
    written_.notify_all();
    if (writer_.joinable()) writer_.join();
    file_ = stagger::batch::file_handle();  // whoever reads a pipe waits for its end
}

void decision_log_file::write_until_closed() {
    std::string writing;
    lock held(mutex_);
    writing.reserve(pending_.capacity());
    for (;;) {
        to_write_.wait(held, [this] { return !pending_.empty() || closed_; });
        to_write_.wait_for(held, longest_wait,
                           [this] { return pending_.size() >= worth_writing_bytes || closed_; });
        if (pending_.empty() && closed_) return;
        writing.swap(pending_);
        held.unlock();
        written_.notify_all();
        const auto failed = write(writing);
        writing.clear();
        held.lock();
        if (!failed) continue;
        failed_ = failed;
        written_.notify_all();
        return;
    }
}

boost::system::error_code decision_log_file::write(const std::string& text) {
    if (!std::exchange(begun_, true)) {
        if (const auto failed = empty_regular_file(path_, file_.get())) return failed;
    }
    return stagger::batch::write_all(file_.get(), text);
}

}  // namespace app
