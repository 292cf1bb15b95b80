#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <string>

#include "dialect/dialect.hpp"
#include "stagger/error.hpp"

namespace stagger {

/** @brief Takes HTTP/1.x answers apart as their bytes come, however they are cut.
 *
 * Bytes in, values out: no input or output of its own. One object reads all the answers of a connection, one
 * after the other. A head, the head of a chunk and the trailers are each held to `max_head_bytes`, a body to
 * `max_body_bytes`, whatever lengths the answer announces. Interim answers are skipped, a few of them.
 */
class answer_parser {
 public:
    answer_parser(std::size_t max_head_bytes, std::size_t max_body_bytes);
    answer_parser(const answer_parser&) = delete;
    answer_parser& operator=(const answer_parser&) = delete;
    ~answer_parser();

    /// Forgets the last answer.
    void begin();
    /// Room for the next bytes; valid until the next call.
    std::span<char> room();
    /// So many bytes have been put into the room. errc::malformed_answer or errc::answer_too_large.
    error_code put(std::size_t count);
    /// The stream has come to a clean end: that ends an answer without a length. Else errc::answer_truncated
    /// or, where no answer had begun, errc::connection_lost.
    error_code put_end();

    bool begun() const;
    bool head_is_whole() const;
    bool is_whole() const;
    /// @pre is_whole(). False also where bytes came that belong to no answer.
    bool keeps_connection() const;

    /// Status and fields are those of the head once it is whole; the body is what has come and was not taken.
    wire::response& answer();
    bool has_body_bytes() const;
    /// Moves what came of the body since the last call to the end of `to`.
    void take_body(std::string& to);
    /// The words behind the last error.
    const std::string& problem() const;

 private:
    class message;
    struct state;
    std::unique_ptr<state> state_;
};

}  // namespace stagger
