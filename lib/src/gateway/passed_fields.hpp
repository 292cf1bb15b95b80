#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "dialect/dialect.hpp"
#include "gateway/error_text.hpp"

namespace stagger::gateway {

/// What a gateway says upstream in the place of its client.
struct upstream_identity {
    std::string api_key;                                       ///< empty: none is sent
    std::vector<std::pair<std::string, std::string>> headers;  ///< of the operator; they replace the client's
    bool client_keys = false;  ///< those that clients have are for the gateway, and go no further

    /// Whether the client's own authorization goes no further.
    bool replaces_account() const { return client_keys || !api_key.empty(); }
};

/** @brief The lines of a client's request that upstream is told, each with its CRLF.
 *
 * Left out: what concerns one connection only (RFC 9110, 7.6.1), the framing, Host, cookies,
 * Accept-Encoding, in whose place `identity` is asked for, and what is meant for the gateway (x-stagger-...).
 * A key of the gateway's own takes the place of the client's, and of the organization and project that belong
 * to it.
 */
std::string upstream_lines(const std::vector<wire::field>& of_client, const upstream_identity& who,
                           api_shape shape);

/** @brief The lines of an answer that the client is told.
 *
 * Left out: connection and framing, cookies, and, where the key is not the client's, what upstream says of
 * its limits (x-ratelimit-..., anthropic-ratelimit-...): they would have the client pace itself by what
 * others use as well.
 * @param dated set if there is a Date
 */
std::string client_lines(const std::vector<wire::field>& of_upstream, bool own_key, bool& dated);

}  // namespace stagger::gateway
