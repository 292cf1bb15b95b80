#include "batch/input_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace asio = boost::asio;

namespace stagger::batch {
namespace {

file_handle open_standard_input() {
    struct stat info {};
    if (::fstat(STDIN_FILENO, &info) != 0) return {};
    // A descriptor of our own for what may block: the non-blocking mode would otherwise be shared with the
    // shell and with every other process on the same terminal or pipe.
    if (S_ISFIFO(info.st_mode) || S_ISCHR(info.st_mode)) {
        file_handle own(::open("/dev/stdin", O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC));
        if (own) return own;
    }
    return file_handle(::fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, STDERR_FILENO + 1));
}

}  // namespace

std::optional<input_file> input_file::open(const asio::any_io_executor& executor, const std::string& path,
                                           error_code& error) {
    error = {};
    auto file = path == "-" ? open_standard_input() : file_handle(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    struct stat info {};
    if (!file || ::fstat(file.get(), &info) != 0) {
        error = system_failure();
        return std::nullopt;
    }
    if (S_ISDIR(info.st_mode)) {
        error = {EISDIR, boost::system::system_category()};
        return std::nullopt;
    }
    input_file opened(std::move(file));
    opened.regular_ = S_ISREG(info.st_mode);
    if (opened.regular_) {
        opened.beginning_ = static_cast<std::uint64_t>(::lseek(opened.file_.get(), 0, SEEK_CUR));
    } else {
        opened.watch(executor);
    }
    return opened;
}

// Devices that are always ready (/dev/null) cannot be watched; they are read like files.
void input_file::watch(const asio::any_io_executor& executor) {
    error_code refused;
    stream_.emplace(executor);
    stream_->assign(file_.get(), refused);
    if (refused) {
        stream_.reset();
    } else {
        file_.release();
    }
}

asio::awaitable<std::size_t> input_file::read_some(std::span<char> room, error_code& error) {
    if (stream_) {
        constexpr auto token = asio::as_tuple(asio::use_awaitable);
        auto [failed, got] = co_await stream_->async_read_some(asio::buffer(room.data(), room.size()), token);
        if (failed && failed != asio::error::eof) error = failed;
        co_return got;
    }
    for (;;) {
        const auto got = ::read(file_.get(), room.data(), room.size());
        if (got >= 0) co_return static_cast<std::size_t>(got);
        if (errno == EINTR) continue;
        error = system_failure();
        co_return 0;
    }
}

std::size_t input_file::read_at(std::uint64_t offset, std::span<char> room, error_code& error) const {
    for (;;) {
        const auto got = ::pread(file_.get(), room.data(), room.size(), static_cast<off_t>(offset));
        if (got >= 0) return static_cast<std::size_t>(got);
        if (errno == EINTR) continue;
        error = system_failure();
        return 0;
    }
}

}  // namespace stagger::batch
