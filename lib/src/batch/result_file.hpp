#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <cstdint>
#include <future>
#include <memory>
#include <optional>
#include <string>

#include "batch/file_handle.hpp"
#include "batch/line_sums.hpp"
#include "batch/recorded_prompts.hpp"
#include "batch/result_output.hpp"
#include "stagger/error.hpp"
#include "stagger/time.hpp"

namespace stagger::batch {

/// What to do with a results file that exists.
enum class if_results_exist {
    resume,        ///< keep all of it, ask the rest
    retry_failed,  ///< keep what is answered, ask the rest and what failed
    overwrite,     ///< start over
};

/// When results are made to survive a crash of the machine. A crash of the program alone loses none that were
/// written.
enum class fsync_policy {
    always,    ///< before they count as recorded
    interval,  ///< beside the work, at most `result_file::sync_interval` later
    never,     ///< when the system likes
};

struct result_file_options {
    if_results_exist mode = if_results_exist::resume;
    /// Recognise prompts by their ids alone, where prompts or parameters have changed.
    bool by_id = false;
    fsync_policy fsync = fsync_policy::interval;
    /// Hash of what decides, beside the prompts, what is asked.
    std::uint64_t parameters = 0;
    /// How the prompts are read, as results are to say it; empty where nothing told.
    std::string format = {};
    std::string separator = {};
};

/** A file of result lines, also the record of what is done.
 *
 * Opening an existing one reads what it has results of and cuts a torn last line; with `retry_failed`, failed
 * results do not count, and are to be taken out before anything is written, so that every prompt has one line
 * in the end. The file is locked: a second run on it is refused. Lines go to the system whole, in their
 * order; if a write fails, what it left of a line is cut off.
 */
class result_file final : public result_output {
 public:
    static constexpr duration sync_interval = std::chrono::seconds(1);

    /** @param path a file, a device or pipe, or "-" for standard output
     *  @param problem why nothing is returned, without the path
     */
    static std::unique_ptr<result_file> open(const boost::asio::any_io_executor& executor,
                                             const std::string& path, const result_file_options& options,
                                             std::string& problem);

    /// What the file had results of when it was opened, and still has.
    const recorded_prompts& recorded() const override { return recorded_; }
    /// Failed results that it held when it was opened.
    std::size_t failed_before() const { return failed_before_; }
    /// Leaves only what is answered in the file, which a new one replaces at once.
    /// @return false where that failed, as `problem` says; the file is as it was
    bool take_out_failed(std::string& problem);
    bool torn_line_cut() const { return torn_line_cut_; }
    /// The first line of a result that was asked with other parameters; 0: none, or the file has changed
    /// since.
    std::size_t other_parameters() const { return other_parameters_; }
    /// What its results say of the lines of a prompt list; nothing for lines without one.
    std::vector<std::optional<std::uint64_t>> line_hashes(const line_sums::range& lines) const;
    std::uint64_t parameters() const { return parameters_; }
    const std::string& format() const { return format_; }
    const std::string& separator() const { return separator_; }

    /// An OpenAI Batch result.
    std::string line_of(const batch_result& result) const override;
    boost::asio::awaitable<written> write_lines(std::string lines) override;
    /// Starts what `fsync_policy::interval` promises.
    error_code sync_if_due(time_point now) override;
    error_code sync() override;
    std::size_t lines_kept() const override { return lines_kept_; }

    /// The open file, to be compared with others.
    int descriptor() const { return descriptor_; }

 private:
    explicit result_file(file_handle file) : descriptor_(file.get()), file_(std::move(file)) {}

    bool prepare(const std::string& path, const result_file_options& options, std::string& problem);
    bool resume(const result_file_options& options, std::string& problem);
    void watch(const boost::asio::any_io_executor& executor);
    written append(const std::string& lines);
    void note_written(std::size_t lines);

    std::string path_;  // without symbolic links
    int descriptor_;
    file_handle file_;  // empty once `stream_` owns it
    std::optional<boost::asio::posix::stream_descriptor> stream_;
    bool regular_ = false;
    bool is_terminal_ = false;  // gets what it may show, not the bytes as they are
    off_t size_ = 0;            // of the whole lines
    fsync_policy fsync_ = fsync_policy::interval;
    bool unsynced_ = false;
    time_point synced_at_{};
    std::future<error_code> syncing_;
    std::size_t lines_written_ = 0;
    std::size_t lines_syncing_ = 0;  // the first ones, by `syncing_`
    std::size_t lines_kept_ = 0;     // the first ones
    recorded_prompts recorded_;
    std::size_t failed_before_ = 0;
    std::size_t other_parameters_ = 0;
    std::uint64_t parameters_ = 0;
    std::string format_;
    std::string separator_;
    bool torn_line_cut_ = false;
};

}  // namespace stagger::batch
