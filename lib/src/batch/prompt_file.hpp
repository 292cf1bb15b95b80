#pragma once

#include <boost/asio/posix/stream_descriptor.hpp>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "batch/batch_line.hpp"
#include "batch/file_handle.hpp"
#include "batch/line_splitter.hpp"
#include "stagger/prompt_source.hpp"

namespace stagger::batch {

/** The lines of a prompt file as prompts.
 *
 * A regular file is read with plain calls; anything that can keep the reader waiting (a pipe, a terminal) is
 * read through the executor.
 */
class prompt_file final : public prompt_source {
 public:
    static std::unique_ptr<prompt_file> open(const boost::asio::any_io_executor& executor,
                                             const std::string& path, prompt_file_format format,
                                             dialect target, error_code& error);

    /** Reads all the lines that are still to come, without taking them.
     * @param use is called with each until it answers false
     * @return false where that cannot be: not a regular file, or it cannot be read
     */
    bool look_ahead(const std::function<bool(const line&)>& use);
    /// What `read` would make of a line of `look_ahead`.
    batch_prompt interpret(const line& found);
    /// Prompts are made of this, with what lines say in its places. Before anything is read.
    void fill_in(wire::prompt_template form) { form_ = std::move(form); }
    /// Tells how many there are, as `look_ahead` found out. Fewer are an error from then on.
    void expect(std::size_t prompts) { total_ = prompts; }

    boost::asio::awaitable<std::optional<batch_prompt>> read(error_code& error) override;
    std::optional<std::size_t> remaining() const override;

    /// The open file, to be compared with others.
    int descriptor() const { return stream_ ? stream_watch_fd_ : file_.get(); }

 private:
    prompt_file(file_handle file, prompt_file_format format, dialect target);

    boost::asio::awaitable<std::size_t> read_some(std::span<char> room, error_code& error);
    void watch(const boost::asio::any_io_executor& executor);

    bool regular_ = false;
    file_handle file_;  // empty once `stream_` owns it
    std::optional<boost::asio::posix::stream_descriptor> stream_;
    int stream_watch_fd_ = -1;
    prompt_file_format format_;
    dialect dialect_;
    std::optional<wire::prompt_template> form_;
    line_splitter lines_{longest_prompt_line};
    bool ended_ = false;
    std::size_t handed_out_ = 0;
    std::optional<std::size_t> total_;
};

}  // namespace stagger::batch
