#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "throttled_server/call.hpp"

namespace stagger::server {

/// A part of an event stream, and when it is due.
struct stream_part {
    double share = 0;    ///< of the service time: 0 with the head, 1 at the end
    std::string events;  ///< whole ones
};

/// The same text as a whole answer's, in pieces of about a token, and the usage where it belongs.
std::vector<stream_part> streamed_answer(const call& asked, std::string_view request_id,
                                         std::int64_t unix_now);

}  // namespace stagger::server
