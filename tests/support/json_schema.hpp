#pragma once

#include <boost/json/value.hpp>
#include <string>
#include <vector>

namespace support {

/** @brief Where a JSON value breaks a schema, each as "path: rule".
 *
 * Knows what our own schemas use: type, const, enum, minimum, required, properties, additionalProperties,
 * items, prefixItems, minItems, maxItems, anyOf and $ref into $defs. A keyword beyond those is a complaint,
 * so that no rule passes unread.
 */
std::vector<std::string> schema_violations(const boost::json::value& schema, const boost::json::value& value);

}  // namespace support
