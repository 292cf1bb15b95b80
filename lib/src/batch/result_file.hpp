#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "batch/answered_ids.hpp"
#include "batch/file_handle.hpp"
#include "stagger/error.hpp"

namespace stagger::batch {

/// What to do with a results file that exists.
enum class if_results_exist {
    resume,     ///< keep what is answered, ask the rest
    overwrite,  ///< start over
};

/** A file of result lines, also the record of what is done.
 *
 * Opening an existing one for `resume` reads which ids it answers, cuts a torn last line and takes failed
 * results out, so that every id has one line in the end. The file is locked: a second run on it is refused. A
 * line goes to the system whole, by one write, before the next one; if the write fails, what it left of the
 * line is cut off.
 */
class result_file {
 public:
    /** @param path a file, a device or pipe, or "-" for standard output
     *  @param problem why nothing is returned, without the path
     */
    static std::unique_ptr<result_file> open(const boost::asio::any_io_executor& executor,
                                             const std::string& path, if_results_exist mode,
                                             std::string& problem);

    /// Ids answered by what the file held when it was opened.
    const answered_ids& answered() const { return answered_; }
    /// Failed results that were taken out when it was opened.
    std::size_t failed_before() const { return failed_before_; }
    bool torn_line_cut() const { return torn_line_cut_; }

    /// Appends `text` and a line end.
    boost::asio::awaitable<error_code> write_line(std::string text);
    /// Makes what was written survive a crash of the machine. Nothing to do for anything but a file.
    error_code sync();

    /// The open file, to be compared with others.
    int descriptor() const { return descriptor_; }

 private:
    explicit result_file(file_handle file) : descriptor_(file.get()), file_(std::move(file)) {}

    bool lock(std::string& problem);
    bool resume(const std::string& path, std::string& problem);
    bool drop_failed(const std::string& path, std::string& problem);
    void watch(const boost::asio::any_io_executor& executor);
    error_code append(const std::string& text);

    int descriptor_;
    file_handle file_;  // empty once `stream_` owns it
    std::optional<boost::asio::posix::stream_descriptor> stream_;
    bool regular_ = false;
    off_t size_ = 0;  // of the whole lines
    answered_ids answered_;
    std::size_t failed_before_ = 0;
    bool torn_line_cut_ = false;
};

}  // namespace stagger::batch
