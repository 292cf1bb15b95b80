#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "dialect/dialect.hpp"

namespace stagger::wire {

/// RFC 4648, section 4, with padding.
std::string base64(std::string_view bytes);

/// Adds the fields that carry the key as the dialect wants them; none without a key.
void add_authorization(std::vector<field>& fields, stagger::dialect dialect, std::string_view api_key);

}  // namespace stagger::wire
