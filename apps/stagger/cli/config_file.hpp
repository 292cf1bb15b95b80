#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace app {

/// `key = value` of a configuration file.
struct config_entry {
    std::string name;
    std::vector<std::string> values;  ///< as the command line would have them; one unless it is a list
    bool is_list = false;
    unsigned line = 0;
};

/// What stands under one `[heading]`; the heading's parts are empty for what stands before the first.
struct config_section {
    std::vector<std::string> heading;
    std::vector<config_entry> entries;
    unsigned line = 0;
};

/** Reads TOML whose values are texts, numbers, true, false, or lists of these. Sections are in no particular
 * order, and so are the entries of each.
 *
 * @param name of the file, for messages
 * @throws failure wrong_usage, with file and line
 */
std::vector<config_section> parse_config(std::string_view text, const std::string& name);

}  // namespace app
