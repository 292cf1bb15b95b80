#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "throttled_server/call.hpp"

namespace stagger::server {

/// A part of an event stream, and when it is due.
struct stream_part {
    double share = 0;    ///< of the service time: 0 with the head, 1 at the end
    std::string events;  ///< whole ones
};

/// A text in pieces of about a token, cut at characters.
std::vector<std::string> pieces_of(const std::string& text);

/** @brief The parts of a stream in the making: what goes with the head, then a part for each piece, the last
 * of which has what ends the stream.
 */
class stream_writer {
 public:
    /// @param pieces that there will be
    explicit stream_writer(std::size_t pieces) : pieces_(pieces) {
        parts_.reserve(pieces + 1);
        parts_.emplace_back();
    }

    /// What is added from here on belongs to the next piece.
    void next_piece() { parts_.push_back({static_cast<double>(++sent_) / static_cast<double>(pieces_), {}}); }
    /// Whole events, as they are sent.
    void add(std::string_view events) { parts_.back().events.append(events); }
    std::vector<stream_part> take() { return std::move(parts_); }

 private:
    std::size_t pieces_;
    std::size_t sent_ = 0;
    std::vector<stream_part> parts_;
};

}  // namespace stagger::server
