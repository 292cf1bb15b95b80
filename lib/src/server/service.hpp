#pragma once

#include <string>

#include "server/exchange.hpp"

namespace stagger::http_server {

/// An answer in one piece.
struct whole_answer {
    answer_head head;
    std::string body;
};

/// What a server is for. Its members are called on the server's executor.
class service {
 public:
    service() = default;
    service(const service&) = delete;
    service& operator=(const service&) = delete;
    virtual ~service() = default;

    /// Answers one request. Many run at the same time, one for each connection. What it throws breaks the
    /// connection off.
    virtual io_awaitable<void> serve(exchange& with) = 0;
    /// What a request is answered that breaks a bound or the protocol, before its connection is closed.
    virtual whole_answer refusal(unsigned status) = 0;

    virtual void connected() {}
    virtual void disconnected() {}
};

}  // namespace stagger::http_server
