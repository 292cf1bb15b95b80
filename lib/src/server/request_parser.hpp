#pragma once

#include <cstddef>
#include <memory>
#include <span>

#include "server/request.hpp"
#include "server/request_bounds.hpp"

namespace stagger::http_server {

/** @brief Takes HTTP/1.x requests apart as their bytes come, however they are cut.
 *
 * Bytes in, values out: no input or output of its own. One object reads all the requests of a connection, one
 * after the other; bytes behind a request are kept for the next one.
 */
class request_parser {
 public:
    explicit request_parser(const bounds& allowed);
    request_parser(const request_parser&) = delete;
    request_parser& operator=(const request_parser&) = delete;
    ~request_parser();

    /// Forgets the last request; bytes behind it are the beginning of the next one.
    void begin();
    /// Room for the next bytes; valid until the next call.
    std::span<char> room();
    /// Gives back the room where nothing stands in it, as for the time of a long wait.
    void release_room();
    /// So many bytes have been put into the room.
    void received(std::size_t count);
    /// Reads on in what was received. The status to refuse the request with (400, 413, 431), or 0. After a
    /// refusal nothing more can be read.
    unsigned parse();

    bool begun() const;
    bool head_is_whole() const;
    bool is_whole() const;
    std::uint64_t body_bytes() const;
    /// Bytes that have been received and are no part of the request so far.
    std::size_t ahead() const;

    /// Method, target and fields are those of the head once it is whole.
    request& current();

 private:
    class message;
    struct state;
    std::unique_ptr<state> state_;
};

}  // namespace stagger::http_server
