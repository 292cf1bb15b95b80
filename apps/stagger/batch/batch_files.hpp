#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "batch/result_file.hpp"
#include "batch/row_selection.hpp"
#include "batch_reading.hpp"
#include "rows/row_places.hpp"
#include "sending/send_options.hpp"
#include "stagger/prompt_source.hpp"
#include "terminal/console.hpp"

namespace CLI {
class App;
}

namespace app {

/// What `stagger batch` takes on its command line about its files, as given.
struct batch_file_options {
    std::vector<std::string> prompts;
    std::string results;
    batch_reading_options reading;
    std::string fsync = "interval";
    bool overwrite = false;
    bool retry_failed = false;
    bool accept_changes = false;
    bool check_ids = false;
    bool dry_run = false;
    std::size_t limit = 0;   ///< rows, from the first; 0: all
    std::size_t sample = 0;  ///< rows of the whole list; 0: all
    std::size_t shard = 0;   ///< of `shards`, from 0
    std::size_t shards = 1;
    std::string hashed_answers;  ///< what else decides what is asked, as hashed_answers() has it
    std::string progress = "auto";
    std::string report;
    std::string job;  ///< empty: the prompts are sent from here

    /// All of them, for messages about no single one.
    std::string prompts_name() const;
    std::string results_name() const { return results == "-" ? "standard output" : results; }
};

/// Problems of single lines beyond these are only in the results file.
inline constexpr std::size_t problems_shown = 20;

/// Adds the options to the subcommand; `options` must outlive the parsing.
void add_batch_file_options(CLI::App& command, batch_file_options& options);

/// Both files of a batch, fit for each other.
struct batch_files {
    std::unique_ptr<stagger::prompt_source> prompts;
    std::unique_ptr<stagger::batch::result_file> results;
    stagger::batch::row_selection selected;
    std::optional<std::size_t> to_do;  ///< of the selected rows, where not all are and it can be known
    std::shared_ptr<const row_places> places;  ///< of the prompts, for messages
};

/** Opens both, makes sure that the results are of these prompts and parameters, and says what is continued.
 *
 * Nothing that the results file holds is taken out before all of that is sure.
 *
 * @param plan must outlive the prompts
 * @throws failure wrong_usage or file_failed
 */
batch_files open_batch_files(const boost::asio::any_io_executor& executor, const batch_file_options& options,
                             const send_plan& plan, console& out);

/// The prompts of a batch alone.
struct opened_prompts {
    std::unique_ptr<stagger::prompt_source> source;
    stagger::batch::row_selection selected;
    std::shared_ptr<const row_places> places;
};

/** Opens the prompts alone.
 * @param plan must outlive them
 * @throws failure wrong_usage or file_failed
 */
opened_prompts open_prompts(const boost::asio::any_io_executor& executor, const batch_file_options& options,
                            const send_plan& plan);

}  // namespace app
