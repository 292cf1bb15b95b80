#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "dialect/dialect.hpp"
#include "http/endpoint.hpp"
#include "http/proxy_address.hpp"

namespace stagger {

/// What stands in the head of every request of a client.
struct common_head {
    std::string target;  ///< of requests that have none of their own
    std::string lines;   ///< each with its end
    /// What stands before every target, "http://host" where a proxy passes requests on; else empty.
    std::string origin = {};
};

/// @param own_lines from format_fixed_fields; what they name is not said twice
common_head make_common_head(std::string_view authority, const wire::encoding_context& encoding,
                             wire::delivery how, std::string_view own_lines);

/// The same for requests that a proxy passes on: it is told the server with each, and who we are.
void forward_by(const proxy_address& proxy, const endpoint& target, common_head& head);

/// What a request has of its own.
struct request_parts {
    std::string_view target;  ///< empty: the common one
    std::span<const wire::field> fields;
    std::string_view body;
};

/// A whole POST as one string, to be sent by one write.
void format_http_request(std::string& to, const request_parts& own, const common_head& common);

/** The header lines that the caller adds to every request of a client.
 * @throws std::invalid_argument "header: ..." for a name that is no token, a value with control characters,
 * or a header that belongs to the transport
 */
std::string format_fixed_fields(const std::vector<std::pair<std::string, std::string>>& headers);

}  // namespace stagger
