#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "stagger/error.hpp"
#include "stagger/time.hpp"

namespace stagger::wire {

/// One message of an event stream.
struct sse_event {
    std::string type;           ///< "message" where the stream gives none
    std::string data;           ///< its lines joined by a line feed
    std::string last_event_id;  ///< of this event, else of the last one before it that had one
};

/// Of the lines of an event: one of a single line is bounded by the same number as one of many, with room for
/// "data: " and its like.
inline constexpr std::size_t longest_line_of(std::size_t largest_event) {
    constexpr std::size_t field_name_room = 64;
    return largest_event + field_name_room;
}

/** @brief Reads a stream of server-sent events as the WHATWG HTML standard says (9.2.6), from pieces of any
 * size.
 *
 * Bytes that are not UTF-8 become U+FFFD. An event without data is none, and what follows the last empty line
 * never becomes one. Holds one event at most: who does not take it is fed no further.
 */
class sse_parser {
 public:
    /// @param longest_line in bytes, without its end; no field is longer
    /// @param largest_event bytes of data
    sse_parser(std::size_t longest_line, std::size_t largest_event)
        : longest_line_(longest_line), largest_event_(largest_event) {}

    /** Reads up to the end of an event, or everything.
     * @pre the last event was taken, and no error was met before
     * @param error errc::answer_too_large past a bound
     * @return how many bytes were read
     */
    std::size_t put(std::string_view bytes, error_code& error);

    bool has_event() const { return event_.has_value(); }
    /// @pre has_event()
    sse_event take();
    /// Text outside of any field, from where it looks like JSON, with what of the last line has come; at most
    /// `longest_stray` bytes. Google's servers tell of an error in the middle of a stream like this.
    std::string stray() const;
    static constexpr std::size_t longest_stray = 16 * 1024;
    /// What it has of events that were not taken, in bytes.
    std::size_t held_bytes() const {
        return line_.size() + data_.size() + (event_ ? event_->data.size() : 0);
    }
    /// How long a client that reconnects is to wait, as the stream said last.
    const std::optional<duration>& retry() const { return retry_; }

 private:
    void end_line(std::string_view line, error_code& error);
    void add_field(std::string_view name, std::string_view value, error_code& error);
    void dispatch();
    void keep_stray(std::string_view line);

    std::size_t longest_line_;
    std::size_t largest_event_;
    std::string line_;  // the beginning of a line that is not whole yet
    std::string type_;
    std::string data_;  // every line with its line feed
    std::string last_event_id_;
    std::optional<duration> retry_;
    std::string stray_;
    std::optional<sse_event> event_;
    bool first_line_ = true;
    bool after_carriage_return_ = false;
};

}  // namespace stagger::wire
