#pragma once

#include <optional>
#include <string>

#include "rows/row_prompts.hpp"
#include "sending/send_options.hpp"

namespace CLI {
class App;
}

namespace app {

/// What `stagger batch` takes on its command line about how its prompts are read, as given.
struct batch_reading_options {
    std::string format = "auto";
    std::string separator;
    std::string form;       ///< --template
    std::string form_file;  ///< --template-file
    std::string id_column;
    bool send_columns = false;
    std::optional<std::string> system;
    std::string system_file;
};

/// Adds the options to the subcommand; `options` must outlive the parsing.
void add_batch_reading_options(CLI::App& command, batch_reading_options& options);

/// The options, checked, with what their files hold.
struct batch_reading {
    row_reading rows;
    prompt_making making;
    std::optional<std::string> system;  ///< of prompts that have none
    std::string hashed;                 ///< what `parameters_hash` takes as the reading
};

/// @throws failure wrong_usage or file_failed
batch_reading make_batch_reading(const batch_reading_options& options, stagger::dialect target);

}  // namespace app
