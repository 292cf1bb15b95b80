#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "http/endpoint.hpp"
#include "http/proxy_address.hpp"
#include "stagger/error.hpp"

namespace stagger {

/// What asks a proxy for a way to an endpoint: a whole CONNECT (RFC 9110, 9.3.6).
std::string tunnel_request(const endpoint& target, const proxy_address& proxy);

/** @brief What a proxy answers to CONNECT, as its bytes come.
 *
 * Bytes in, values out: no input or output of its own. What a proxy says beside its status is for people, and
 * a page that it sends is not read.
 */
class tunnel_answer {
 public:
    /// @param target,proxy named in messages
    /// @param max_head_bytes what is longer is no answer
    tunnel_answer(const endpoint& target, const proxy_address& proxy, std::size_t max_head_bytes);

    /// Takes what has come next. False: more is needed.
    bool take(std::string_view bytes);
    /// The connection has ended before the answer did.
    void take_end();

    /// Once it is known: none where the way is open; errc::proxy_refused where the proxy will not open it the
    /// next time either, errc::proxy_failed where it may.
    const error_code& error() const { return error_; }
    /// The words behind an error, which name the proxy.
    const std::string& problem() const { return problem_; }

 private:
    bool judge(std::string_view head);
    void fail(errc what, const std::string& words);

    const std::string target_;  // with its port
    const std::string proxy_;
    const bool sent_password_;
    const std::size_t most_;
    std::string head_;
    error_code error_;
    std::string problem_;
};

}  // namespace stagger
