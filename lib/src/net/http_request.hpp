#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "wire/dialect.hpp"

namespace stagger {

/// A whole POST as one string, to be sent by one write.
/// @param common_lines from format_common_lines
void format_http_request(std::string& to, const wire::encoded_request& request, std::string_view common_lines);

/// What stands in the head of every request of a client, each line with its end.
/// @param own_lines from format_fixed_fields
std::string format_common_lines(std::string_view authority, const std::vector<wire::field>& fields,
                                std::string_view own_lines);

/** The header lines that the caller adds to every request of a client.
 * @throws std::invalid_argument "header: ..." for a name that is no token, a value with control characters,
 * or a header that belongs to the transport
 */
std::string format_fixed_fields(const std::vector<std::pair<std::string, std::string>>& headers);

}  // namespace stagger
