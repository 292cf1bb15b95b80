#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "dialect/dialect.hpp"

namespace stagger::http_server {

/// A request as it was received.
struct request {
    std::string method;
    std::string target;               ///< path and query, as sent
    std::vector<wire::field> fields;  ///< in their order, names as sent
    std::string body;                 ///< without the framing of chunks
    bool http_1_1 = true;             ///< false: an older version, which knows neither chunks nor 1xx
    bool keeps_connection = true;     ///< the client's wish
};

/// The value of the first field of that name, compared without case; empty where there is none.
std::string_view value_of(const std::vector<wire::field>& fields, std::string_view name);
inline std::string_view value_of(const request& from, std::string_view name) {
    return value_of(from.fields, name);
}

/// "Accept" is "accept".
bool same_name(std::string_view left, std::string_view right);

}  // namespace stagger::http_server
