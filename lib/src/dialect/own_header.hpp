#pragma once

#include <string>
#include <string_view>

/// Headers that programs add to requests.
namespace stagger::wire {

/// What is wrong with one ("header: ..."): a name that is no token, a value with control characters, or a
/// header that belongs to the transport. Empty where nothing is.
std::string broken_header(std::string_view name, std::string_view value);

/// The same of one that a single request adds: it cannot say who asks, since a client is one account.
std::string broken_request_header(std::string_view name, std::string_view value);

}  // namespace stagger::wire
