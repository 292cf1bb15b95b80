#include "batch/result_file.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>

#include <algorithm>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <cstdlib>

#include "base/visible_text.hpp"
#include "batch/batch_line.hpp"
#include "batch/existing_results.hpp"
#include "batch/write_all.hpp"

namespace asio = boost::asio;

namespace stagger::batch {
namespace {

bool is_regular(int file) {
    struct stat info {};
    return ::fstat(file, &info) == 0 && S_ISREG(info.st_mode);
}

file_handle open_standard_output() {
    struct stat info {};
    if (::fstat(STDOUT_FILENO, &info) != 0) return {};
    // What stands in the place of one that was closed can be looked at, and not be written to.
    const int flags = ::fcntl(STDOUT_FILENO, F_GETFL);
    if (flags < 0 || (flags & O_PATH) != 0 || (flags & O_ACCMODE) == O_RDONLY) {
        errno = EBADF;
        return {};
    }
    // A descriptor of our own for what may block: see open_standard_input.
    if (S_ISFIFO(info.st_mode) || S_ISCHR(info.st_mode)) {
        file_handle own(::open("/dev/stdout", O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC));
        if (own) return own;
    }
    return file_handle(::fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, STDERR_FILENO + 1));
}

file_handle open_output(const std::string& path) {
    if (path == "-") return open_standard_output();
    struct stat info {};
    const bool exists = ::stat(path.c_str(), &info) == 0;
    // Reading back is for files only: a pipe whose reading end we held ourselves would never report its
    // reader gone.
    if (exists && !S_ISREG(info.st_mode))
        return file_handle(::open(path.c_str(), O_WRONLY | O_NOCTTY | O_CLOEXEC));
    constexpr mode_t by_umask = 0666;
    return file_handle(::open(path.c_str(), O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC, by_umask));
}

std::string resolved(const std::string& path) {
    const std::unique_ptr<char, decltype(&std::free)> real(::realpath(path.c_str(), nullptr), &std::free);
    return real ? std::string(real.get()) : path;
}

bool lock(int file, std::string& problem) {
    if (::flock(file, LOCK_EX | LOCK_NB) == 0) return true;
    // File systems without locks are used without one.
    if (errno == ENOLCK || errno == ENOTSUP || errno == EINVAL) return true;
    problem = errno == EWOULDBLOCK ? "another run is writing it" : system_failure().message();
    return false;
}

bool is_at(const std::string& path, int file) {
    struct stat named {};
    struct stat opened {};
    return ::stat(path.c_str(), &named) == 0 && ::fstat(file, &opened) == 0 &&
           named.st_dev == opened.st_dev && named.st_ino == opened.st_ino;
}

// A new name is durable once its folder is. Where that cannot be had, the file is not worse off than any
// other.
void sync_folder_of(const std::string& path) {
    const auto slash = path.rfind('/');
    const auto folder = slash == std::string::npos ? std::string(".") : path.substr(0, slash + 1);
    const file_handle opened(::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (opened) ::fsync(opened.get());
}

error_code sync_now(int file) {
    if (::fdatasync(file) == 0 || errno == EINVAL || errno == EROFS) return {};
    return system_failure();
}

// Line ends are far apart: looking for them is faster than looking at each byte.
std::size_t count_lines(std::string_view text) {
    std::size_t count = 0;
    for (auto end = text.find('\n'); end != std::string_view::npos; end = text.find('\n', end + 1)) ++count;
    return count;
}

}  // namespace

std::unique_ptr<result_file> result_file::open(const asio::any_io_executor& executor, const std::string& path,
                                               const result_file_options& options, std::string& problem) {
    for (;;) {
        auto file = open_output(path);
        if (!file) {
            problem = system_failure().message();
            return nullptr;
        }
        std::unique_ptr<result_file> opened(new result_file(std::move(file)));
        opened->parameters_ = options.parameters;
        opened->format_ = options.format;
        opened->separator_ = options.separator;
        opened->fsync_ = options.fsync;
        if (!is_regular(opened->descriptor_)) {
            opened->is_terminal_ = ::isatty(opened->descriptor_) == 1;
            opened->watch(executor);
            return opened;
        }
        opened->regular_ = true;
        if (path == "-") {
            opened->size_ = ::lseek(opened->descriptor_, 0, SEEK_END);
            return opened;
        }
        if (!lock(opened->descriptor_, problem)) return nullptr;
        // Another run may have put a new file in its place between the opening and the lock.
        if (!is_at(path, opened->descriptor_)) continue;
        if (!opened->prepare(path, options, problem)) return nullptr;
        return opened;
    }
}

bool result_file::prepare(const std::string& path, const result_file_options& options, std::string& problem) {
    path_ = resolved(path);
    if (options.mode != if_results_exist::overwrite) {
        if (!resume(options, problem)) return false;
    } else if (::ftruncate(descriptor_, 0) != 0) {
        problem = system_failure().message();
        return false;
    }
    size_ = ::lseek(descriptor_, 0, SEEK_END);
    if (fsync_ != fsync_policy::never) sync_folder_of(path_);
    return true;
}

bool result_file::resume(const result_file_options& options, std::string& problem) {
    reading_results how;
    how.by_id = options.by_id;
    how.failed_are_recorded = options.mode != if_results_exist::retry_failed;
    how.parameters = options.parameters;
    auto found = read_existing_results(descriptor_, how, problem);
    if (!found) return false;
    recorded_ = std::move(found->recorded);
    failed_before_ = found->failed;
    other_parameters_ = found->other_parameters;
    torn_line_cut_ = found->torn_at.has_value();
    if (found->torn_at && ::ftruncate(descriptor_, static_cast<off_t>(*found->torn_at)) != 0) {
        problem = system_failure().message();
        return false;
    }
    if (found->lacks_line_end) {
        if (const auto failed = write_all(descriptor_, "\n")) {
            problem = failed.message();
            return false;
        }
    }
    return true;
}

std::vector<std::optional<std::uint64_t>> result_file::line_hashes(const line_sums::range& lines) const {
    return recorded_hashes(descriptor_, lines);
}

// A new file takes the old one's place at once, so that no moment exists at which answers are lost.
bool result_file::take_out_failed(std::string& problem) {
    // Of a name that nobody has: what stands there is not ours, and may lead elsewhere.
    std::string beside = path_ + ".rewrite-XXXXXX";
    struct stat info {};
    ::fstat(descriptor_, &info);
    file_handle fresh(::mkostemp(beside.data(), O_APPEND | O_CLOEXEC));
    if (!fresh) {
        problem = "cannot write " + beside + ": " + system_failure().message();
        return false;
    }
    ::fchmod(fresh.get(), info.st_mode & 0777);
    bool done = copy_answered(descriptor_, fresh.get(), problem);
    if (done && (::fsync(fresh.get()) != 0 || ::flock(fresh.get(), LOCK_EX | LOCK_NB) != 0 ||
                 ::rename(beside.c_str(), path_.c_str()) != 0)) {
        problem = "cannot replace it: " + system_failure().message();
        done = false;
    }
    if (!done) {
        ::unlink(beside.c_str());
        return false;
    }
    if (fsync_ != fsync_policy::never) sync_folder_of(path_);
    file_ = std::move(fresh);
    descriptor_ = file_.get();
    size_ = ::lseek(descriptor_, 0, SEEK_END);
    return true;
}

// Devices that are always ready (/dev/null, /dev/full) cannot be watched; they are written like files.
void result_file::watch(const asio::any_io_executor& executor) {
    error_code refused;
    stream_.emplace(executor);
    stream_->assign(descriptor_, refused);
    if (refused) {
        stream_.reset();
    } else {
        file_.release();
    }
}

result_file::written result_file::append(const std::string& lines) {
    std::size_t taken = 0;
    written done;
    done.error = write_all(descriptor_, lines, taken);
    std::string_view kept(lines.data(), taken);
    kept = kept.substr(0, kept.rfind('\n') + 1);
    done.lines = count_lines(kept);
    if (!regular_) return done;
    size_ += static_cast<off_t>(kept.size());
    unsynced_ = true;
    // Where cutting fails, too, the piece stays until the run is resumed; the first failure is the one to
    // report.
    if (kept.size() < taken) [[maybe_unused]]
        const int cut = ::ftruncate(descriptor_, size_);
    if (done.error || fsync_ != fsync_policy::always) return done;
    unsynced_ = false;
    done.error = sync_now(descriptor_);
    if (done.error) done.lines = 0;
    return done;
}

std::string result_file::line_of(const batch_result& result) const {
    const wire::result_origin origin{result.position, result.hash, parameters_, format_, separator_};
    if (result.error == errc::invalid_request)
        return wire::format_input_error_line(result.custom_id, result.answer.info.message, origin);
    return wire::format_result_line(result.custom_id, result.error, result.answer, origin);
}

void result_file::note_written(std::size_t lines) {
    lines_written_ += lines;
    // Where nothing is promised beyond that, it is kept.
    if (!regular_ || fsync_ != fsync_policy::interval) lines_kept_ = lines_written_;
}

asio::awaitable<result_file::written> result_file::write_lines(std::string lines) {
    if (is_terminal_) lines = visible_text(lines);
    if (!stream_) {
        const written done = append(lines);
        note_written(done.lines);
        co_return done;
    }
    const auto bytes = asio::buffer(lines);
    constexpr auto token = asio::as_tuple(asio::use_awaitable);
    const auto [failed, taken] = co_await asio::async_write(*stream_, bytes, token);
    written done;
    done.error = failed;
    done.lines = count_lines(std::string_view(lines).substr(0, taken));
    note_written(done.lines);
    co_return done;
}

// On a thread of its own, since a slow disk must not keep answers waiting.
error_code result_file::sync_if_due(time_point now) {
    if (!regular_ || fsync_ != fsync_policy::interval) return {};
    if (syncing_.valid()) {
        if (syncing_.wait_for(std::chrono::seconds(0)) != std::future_status::ready) return {};
        if (const auto failed = syncing_.get()) return failed;
        lines_kept_ = lines_syncing_;
    }
    if (!unsynced_ || now - synced_at_ < sync_interval) return {};
    unsynced_ = false;
    synced_at_ = now;
    lines_syncing_ = lines_written_;
    syncing_ = std::async(std::launch::async, sync_now, descriptor_);
    return {};
}

error_code result_file::sync() {
    if (syncing_.valid()) {
        if (const auto failed = syncing_.get()) return failed;
        lines_kept_ = lines_syncing_;
    }
    if (!regular_ || !unsynced_ || fsync_ == fsync_policy::never) return {};
    unsynced_ = false;
    const auto failed = sync_now(descriptor_);
    if (!failed) lines_kept_ = lines_written_;
    return failed;
}

}  // namespace stagger::batch
