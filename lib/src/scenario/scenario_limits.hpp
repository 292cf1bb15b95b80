#pragma once

#include <boost/json/value.hpp>
#include <string>

#include "provider/description.hpp"

/// The limits of a scenario file.
namespace stagger::wire {

/// @throws std::invalid_argument as `parse_scenario` does; `path` leads to the value
provider::limit read_limit(const boost::json::value& value, const std::string& path);

/// The same for a limit on what arrives over time: requests in flight are the whole provider's to limit.
provider::limit read_rate_limit(const boost::json::value& value, const std::string& path);

}  // namespace stagger::wire
