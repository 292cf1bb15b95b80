#pragma once

#include <string>
#include <utility>
#include <vector>

namespace app {

/// What stands in a column of a row: a text, or a JSON value as it was written.
struct export_value {
    std::string text;
    bool is_json = false;
};

using named_value = std::pair<std::string, export_value>;
using named_values = std::vector<named_value>;

}  // namespace app
