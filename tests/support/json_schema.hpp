#pragma once

#include <boost/json/value.hpp>
#include <string>
#include <vector>

/** Checks a value against a JSON Schema, as far as our own ones go: `type`, `enum`, `required`, `properties`,
 * `additionalProperties` false, `items`, `minimum`, `maximum`, `minLength`, `pattern`. A schema with any
 * other rule is refused, so that no rule goes unchecked.
 *
 * @return what is wrong, each with the path of the member; empty: nothing
 * @throws std::invalid_argument for a schema with another rule
 */
std::vector<std::string> schema_problems(const boost::json::value& value, const boost::json::value& schema);
