#pragma once

#include <string>
#include <string_view>
#include <utility>

#include "gateway/passed_fields.hpp"
#include "http/connection_pool.hpp"
#include "http/endpoint.hpp"
#include "http/http_request.hpp"
#include "stagger/client.hpp"

namespace stagger::gateway {

/** @brief The server behind a gateway: where it is, who it is told that we are, and connections to it.
 *
 * Runs on the gateway's executor.
 */
class upstream {
 public:
    /// @param of_client base URL, key, headers, authorities and time limits
    /// @param connections at most
    /// @throws std::invalid_argument as a client does
    upstream(const io_executor& executor, const client_options& of_client, std::size_t connections);

    /// What stands before the API's own paths.
    const std::string& path() const { return path_; }
    const upstream_identity& identity() const { return identity_; }
    /// For calls from now on.
    void identity(upstream_identity value) { identity_ = std::move(value); }
    /// A request as it is sent. A body of no bytes is told only of a POST.
    std::string format(std::string_view method, std::string_view target, std::string_view lines,
                       std::string_view body) const;
    connection_pool& pool() { return pool_; }

 private:
    const endpoint where_;
    const common_head forwarded_;  // its origin and lines, where a proxy passes requests on
    const std::string path_;
    upstream_identity identity_;
    connection_pool pool_;
};

}  // namespace stagger::gateway
