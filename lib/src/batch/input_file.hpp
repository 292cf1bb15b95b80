#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <cstdint>
#include <optional>
#include <span>
#include <string>

#include "batch/file_handle.hpp"
#include "stagger/error.hpp"

namespace stagger::batch {

/** A file, a named pipe or standard input ("-"), opened to be read.
 *
 * A regular file is read with plain calls; anything that can keep the reader waiting (a pipe, a terminal) is
 * read through the executor.
 */
class input_file {
 public:
    /// @param error why nothing is returned
    static std::optional<input_file> open(const boost::asio::any_io_executor& executor,
                                          const std::string& path, error_code& error);

    /// The next bytes; 0 at the end.
    boost::asio::awaitable<std::size_t> read_some(std::span<char> room, error_code& error);

    /// Whether it can be read several times.
    bool regular() const { return regular_; }
    /// Where reading begins: standard input may have been read in part by another program.
    std::uint64_t beginning() const { return beginning_; }
    /// Bytes from an offset of a regular file, without taking them; 0 at its end.
    std::size_t read_at(std::uint64_t offset, std::span<char> room, error_code& error) const;

 private:
    explicit input_file(file_handle file) : file_(std::move(file)) {}
    void watch(const boost::asio::any_io_executor& executor);

    bool regular_ = false;
    std::uint64_t beginning_ = 0;
    file_handle file_;  // empty once `stream_` owns it
    std::optional<boost::asio::posix::stream_descriptor> stream_;
};

}  // namespace stagger::batch
