#pragma once

#include <boost/json/value.hpp>
#include <string>
#include <string_view>

#include "provider/description.hpp"
#include "scenario/scenario_file_object.hpp"

/// What goes wrong at a scenario file's provider: refusals that are no limit's, and accidents.
namespace stagger::wire {

/// A status of an HTTP error, or "close".
unsigned read_refusal_status(const scenario_object& object, std::string_view name, unsigned fallback);

/// @throws std::invalid_argument as `parse_scenario` does; `path` leads to the value
provider::refusals_description read_refusals(const boost::json::value& value, const std::string& path);
provider::faults_description read_faults(const boost::json::value& value, const std::string& path);

}  // namespace stagger::wire
