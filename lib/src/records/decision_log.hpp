#pragma once

#include <cstddef>
#include <cstdint>
#include <istream>
#include <optional>
#include <string>

#include "records/decision_line.hpp"

namespace stagger::wire {

/// Turns what a coordinator tells its recorder into the text of a log.
class decision_log_writer {
 public:
    /// @throws std::logic_error at the second call: one log is about one coordinator
    void started(const coordinator_options& options, std::uint64_t seed);
    /// Appends the line; the first one goes after the header, whose times count from it.
    void append(std::string& out, const decision_record& made);
    /// Appends what is still missing: the header of a log without records.
    void finish(std::string& out);

 private:
    void append_header(std::string& out, time_point origin);

    decision_log_header header_;
    bool has_started_ = false;
    bool has_header_ = false;
};

/** @brief Reads a log line by line.
 *
 * Members throw `std::invalid_argument` for a line that is damaged or of another kind, naming the log, the
 * line, the member, its rule and its value ("run.jsonl:17: permit: must be given, is missing"), and pass on
 * what the stream's buffer throws (`std::system_error` by a file that cannot be read).
 */
class decision_log_reader {
 public:
    /// Reads the header. `from` must outlive the reader.
    decision_log_reader(std::istream& from, std::string name);

    const decision_log_header& header() const { return header_; }
    /// Nothing at the end of the log.
    std::optional<decision_record> next();
    /// Of the last line that was read, from 1.
    std::size_t line() const { return line_; }

 private:
    bool read_line();
    [[noreturn]] void reject(const std::string& problem) const;

    std::istream& from_;
    std::string name_;
    std::string text_;
    std::size_t line_ = 0;
    decision_log_header header_;
    time_point latest_{};
};

}  // namespace stagger::wire
