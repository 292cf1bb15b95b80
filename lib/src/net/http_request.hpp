#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "wire/dialect.hpp"

namespace stagger {

/// A whole POST as one string, to be sent by one write.
std::string format_http_request(std::string_view authority, const wire::encoded_request& request,
                                const std::string& fixed_fields);

/** The header lines that every request of a client carries.
 * @throws std::invalid_argument "header: ..." for a name that is no token, a value with control characters,
 * or a header that belongs to the transport
 */
std::string format_fixed_fields(const std::vector<std::pair<std::string, std::string>>& headers);

}  // namespace stagger
