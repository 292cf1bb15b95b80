#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace stagger::http_server {

/// How an answer begins. Framing (Content-Length, Transfer-Encoding) and Connection are the server's.
struct answer_head {
    unsigned status = 200;
    std::string lines;                    ///< fields, each with its CRLF
    std::optional<std::uint64_t> length;  ///< of the body; none: known at its end only
    bool dated = false;                   ///< `lines` has a Date of its own
};

/// "OK"; what has no phrase of its own is named by its class.
std::string_view reason_phrase(unsigned status);

/// Whether an answer of that status has no body, and says so by itself.
bool has_no_body(unsigned status);

/// "Sat, 27 Jan 2024 16:05:00 GMT"
std::string format_http_date(std::chrono::sys_seconds when);

/** The bytes of a head.
 * @param connection value of the Connection field; empty: none
 * @param chunked where the length is not known: by chunks, else until the connection ends
 */
std::string format_head(const answer_head& head, std::string_view connection, bool chunked,
                        std::chrono::sys_seconds now);

/// Appends one chunk. @pre `bytes` is not empty: an empty chunk is the last
void append_chunk(std::string& to, std::string_view bytes);
inline constexpr std::string_view last_chunk = "0\r\n\r\n";

}  // namespace stagger::http_server
