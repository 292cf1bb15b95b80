#pragma once

#include <functional>
#include <string_view>

#include "http/io_types.hpp"
#include "server/answer_head.hpp"
#include "server/request.hpp"

namespace stagger::http_server {

/** @brief One request and the answer to it, as the coroutine that serves it sees them.
 *
 * The answer is either `whole`, or `head`, any number of `write`, and `finish`. Each of them returns when the
 * kernel has taken the bytes, so that who writes goes no faster than the client reads; false says that the
 * client takes nothing any more. An answer that is not finished when the coroutine ends breaks the
 * connection off, which is how a cut answer is told. Runs on the server's executor.
 */
class exchange {
 public:
    exchange() = default;
    exchange(const exchange&) = delete;
    exchange& operator=(const exchange&) = delete;

    /// May be moved from.
    virtual request& asked() = 0;

    /// An answer in one piece, by one write.
    virtual io_awaitable<bool> whole(const answer_head& head, std::string_view body) = 0;
    /// Leaves with the first piece, or the first `write` of nothing.
    virtual void head(const answer_head& head) = 0;
    virtual io_awaitable<bool> write(std::string_view piece) = 0;
    /// The last piece, if there is one, and the end, by one write.
    virtual io_awaitable<bool> finish(std::string_view last) = 0;
    /// An answer before the answer, such as 102; nothing for a client that does not know them.
    virtual io_awaitable<bool> interim(unsigned status) = 0;

    /// The client has gone, or the connection was closed.
    virtual bool departed() const = 0;
    /// `told` is called once when that happens, on the server's executor, never inside this call; not after
    /// the exchange. An empty function clears it.
    virtual void on_departure(std::function<void()> told) = 0;
    /// Closes the connection: what was not finished is cut.
    virtual void close() = 0;

 protected:
    ~exchange() = default;
};

}  // namespace stagger::http_server
