#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "server/request.hpp"
#include "stagger/time.hpp"

namespace stagger::gateway {

/// What the body of a call says that decides how it waits. It is read, never rewritten.
struct asked_call {
    std::string model;                         ///< empty: not told, or not readable
    bool streamed = false;                     ///< "stream": true
    std::string service_tier;                  ///< as told
    std::optional<std::uint64_t> most_tokens;  ///< of the answer, by whatever name it is told
};

/** Looks for the members at the top level of a JSON object; the last one of a name counts.
 * @return nothing told for a body that is compressed, or no JSON object
 */
asked_call read_asked(const http_server::request& from);

}  // namespace stagger::gateway
