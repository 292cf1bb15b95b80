#include "batch/result_file.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <cstdlib>

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

}  // namespace

std::unique_ptr<result_file> result_file::open(const asio::any_io_executor& executor, const std::string& path,
                                               if_results_exist mode, std::string& problem) {
    auto file = open_output(path);
    if (!file) {
        problem = system_failure().message();
        return nullptr;
    }
    std::unique_ptr<result_file> opened(new result_file(std::move(file)));
    if (!is_regular(opened->descriptor_)) {
        opened->watch(executor);
        return opened;
    }
    opened->regular_ = true;
    if (path == "-") {
        opened->size_ = ::lseek(opened->descriptor_, 0, SEEK_END);
        return opened;
    }
    if (!opened->lock(problem)) return nullptr;
    if (mode == if_results_exist::resume) {
        if (!opened->resume(path, problem)) return nullptr;
    } else if (::ftruncate(opened->descriptor_, 0) != 0) {
        problem = system_failure().message();
        return nullptr;
    }
    opened->size_ = ::lseek(opened->descriptor_, 0, SEEK_END);
    return opened;
}

bool result_file::lock(std::string& problem) {
    if (::flock(descriptor_, LOCK_EX | LOCK_NB) == 0) return true;
    // File systems without locks are used without one.
    if (errno == ENOLCK || errno == ENOTSUP || errno == EINVAL) return true;
    problem = errno == EWOULDBLOCK ? "another run is writing it" : system_failure().message();
    return false;
}

bool result_file::resume(const std::string& path, std::string& problem) {
    auto found = read_existing_results(descriptor_, problem);
    if (!found) return false;
    answered_ = std::move(found->answered);
    failed_before_ = found->failed;
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
    return failed_before_ == 0 || drop_failed(path, problem);
}

// A new file takes the old one's place at once, so that no moment exists at which answers are lost.
bool result_file::drop_failed(const std::string& path, std::string& problem) {
    const auto target = resolved(path);
    const auto beside = target + ".rewrite";
    struct stat info {};
    ::fstat(descriptor_, &info);
    constexpr int flags = O_RDWR | O_APPEND | O_CREAT | O_TRUNC | O_CLOEXEC;
    file_handle fresh(::open(beside.c_str(), flags, info.st_mode & 0777));
    if (!fresh) {
        problem = "cannot write " + beside + ": " + system_failure().message();
        return false;
    }
    bool done = copy_answered(descriptor_, fresh.get(), problem);
    if (done && (::fsync(fresh.get()) != 0 || ::flock(fresh.get(), LOCK_EX | LOCK_NB) != 0 ||
                 ::rename(beside.c_str(), target.c_str()) != 0)) {
        problem = "cannot replace it: " + system_failure().message();
        done = false;
    }
    if (!done) {
        ::unlink(beside.c_str());
        return false;
    }
    file_ = std::move(fresh);
    descriptor_ = file_.get();
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

error_code result_file::append(const std::string& text) {
    const auto failed = write_all(descriptor_, text);
    if (!regular_) return failed;
    if (!failed) {
        size_ += static_cast<off_t>(text.size());
        return {};
    }
    // Where cutting fails, too, the piece stays until the run is resumed; the first failure is the one to
    // report.
    [[maybe_unused]] const int cut = ::ftruncate(descriptor_, size_);
    return failed;
}

asio::awaitable<error_code> result_file::write_line(std::string text) {
    text.push_back('\n');
    if (!stream_) co_return append(text);
    const auto bytes = asio::buffer(text);
    constexpr auto token = asio::as_tuple(asio::use_awaitable);
    const auto [failed, written] = co_await asio::async_write(*stream_, bytes, token);
    co_return failed;
}

error_code result_file::sync() {
    if (!regular_ || ::fdatasync(descriptor_) == 0 || errno == EINVAL || errno == EROFS) return {};
    return system_failure();
}

}  // namespace stagger::batch
