#include "batch/prompt_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/buffer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <stdexcept>

#include "batch/batch_error.hpp"
#include "batch/line_hash.hpp"
#include "batch/prompt_survey.hpp"

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

prompt_file_format format_by_name(const std::string& path) {
    if (path.ends_with(".txt")) return prompt_file_format::text;
    if (path.ends_with(".jsonl") || path.ends_with(".ndjson")) return prompt_file_format::jsonl;
    return prompt_file_format::automatic;
}

prompt_file_format format_by_content(std::string_view first_line) {
    const auto begin = first_line.find_first_not_of(" \t");
    return first_line[begin] == '{' ? prompt_file_format::jsonl : prompt_file_format::text;
}

}  // namespace

prompt_file::prompt_file(file_handle file, prompt_file_format format, dialect target)
    : file_(std::move(file)), format_(format), dialect_(target) {}

std::unique_ptr<prompt_file> prompt_file::open(const asio::any_io_executor& executor, const std::string& path,
                                               prompt_file_format format, dialect target, error_code& error) {
    error = {};
    auto file = path == "-" ? open_standard_input() : file_handle(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
    struct stat info {};
    if (!file || ::fstat(file.get(), &info) != 0) {
        error = system_failure();
        return nullptr;
    }
    if (S_ISDIR(info.st_mode)) {
        error = {EISDIR, boost::system::system_category()};
        return nullptr;
    }
    if (format == prompt_file_format::automatic) format = format_by_name(path);
    std::unique_ptr<prompt_file> opened(new prompt_file(std::move(file), format, target));
    opened->regular_ = S_ISREG(info.st_mode);
    if (!opened->regular_) opened->watch(executor);
    return opened;
}

// Devices that are always ready (/dev/null) cannot be watched; they are read like files.
void prompt_file::watch(const asio::any_io_executor& executor) {
    error_code refused;
    stream_.emplace(executor);
    stream_->assign(file_.get(), refused);
    if (refused) {
        stream_.reset();
        return;
    }
    stream_watch_fd_ = file_.release();
}

bool prompt_file::look_ahead(const std::function<bool(const line&)>& use) {
    if (!regular_) return false;
    line_splitter lines(longest_prompt_line);
    auto offset = ::lseek(file_.get(), 0, SEEK_CUR);
    for (bool ended = false; !ended;) {
        const auto room = lines.prepare();
        const auto got = ::pread(file_.get(), room.data(), room.size(), offset);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return false;  // reading it in earnest will report this
        if (got == 0) lines.finish();
        ended = got == 0;
        lines.commit(static_cast<std::size_t>(got));
        offset += got;
        while (const auto found = lines.next()) {
            if (!use(*found)) return true;
        }
    }
    return true;
}

asio::awaitable<std::size_t> prompt_file::read_some(std::span<char> room, error_code& error) {
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

asio::awaitable<std::optional<batch_prompt>> prompt_file::read(error_code& error) {
    error = {};
    for (;;) {
        if (const auto found = lines_.next()) {
            ++handed_out_;
            co_return interpret(*found);
        }
        if (ended_) {
            if (total_ && handed_out_ < *total_) error = batch_errc::prompts_shrunk;
            co_return std::nullopt;
        }
        const auto room = lines_.prepare();
        const auto got = co_await read_some(room, error);
        if (error) co_return std::nullopt;
        lines_.commit(got);
        if (got == 0) {
            lines_.finish();
            ended_ = true;
        }
    }
}

batch_prompt prompt_file::interpret(const line& found) {
    batch_prompt prompt;
    prompt.position = found.number;
    prompt.custom_id = "line-" + std::to_string(found.number);
    prompt.hash = line_hash(found.text);
    if (found.too_long) {
        prompt.problem = "longer than " + std::to_string(longest_prompt_line / (1024 * 1024)) + " MiB";
        return prompt;
    }
    if (format_ == prompt_file_format::automatic) format_ = format_by_content(found.text);
    const auto format =
        format_ == prompt_file_format::jsonl ? wire::prompt_format::jsonl : wire::prompt_format::text;
    try {
        auto item =
            wire::parse_batch_line(found.text, format, found.number, dialect_, form_ ? &*form_ : nullptr);
        prompt.custom_id = std::move(item.custom_id);
        prompt.request = std::move(item.request);
    } catch (const wire::batch_line_error& wrong) {
        prompt.custom_id = wrong.custom_id();
        prompt.problem = wrong.what();
    }
    return prompt;
}

std::optional<std::size_t> prompt_file::remaining() const {
    if (!total_) return std::nullopt;
    return *total_ > handed_out_ ? *total_ - handed_out_ : 0;
}

}  // namespace stagger::batch

namespace stagger {

std::unique_ptr<prompt_source> prompts_from_file(const asio::any_io_executor& executor,
                                                 const std::string& path, prompt_file_format format,
                                                 dialect target, error_code& error) {
    auto opened = batch::prompt_file::open(executor, path, format, target, error);
    if (!opened) return nullptr;
    if (const auto found = batch::survey(*opened)) opened->expect(found->prompts);
    return opened;
}

}  // namespace stagger
