#pragma once

#include <boost/json/value.hpp>
#include <string>
#include <vector>

namespace support {

/** @brief Where a JSON value breaks a schema, each as "path: rule, is value"; empty: nowhere.
 *
 * Knows what our own schemas use: type, const, enum, minimum, exclusiveMinimum, maximum, minLength, pattern,
 * required, properties, additionalProperties, items, prefixItems, minItems, maxItems, anyOf and $ref into
 * $defs.
 * @throws std::invalid_argument for a schema with another rule, so that none passes unread
 */
std::vector<std::string> schema_violations(const boost::json::value& schema, const boost::json::value& value);

}  // namespace support
