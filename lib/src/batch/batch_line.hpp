#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "batch/prompt_template.hpp"
#include "stagger/completion.hpp"
#include "stagger/dialect.hpp"
#include "stagger/error.hpp"

namespace stagger::wire {

/// A line of a prompt list, read.
struct batch_item {
    std::string custom_id;
    completion_request request;
};

enum class prompt_format {
    text,   ///< one prompt a line
    jsonl,  ///< {"prompt": ...} or {"messages": [...]} with any parameters and an `id`, or an OpenAI Batch
            ///< line
};

/// A line that cannot be used: `what` says which member is wrong and why, without file and line number.
class batch_line_error : public std::invalid_argument {
 public:
    batch_line_error(std::string custom_id, const std::string& problem)
        : std::invalid_argument(problem), custom_id_(std::move(custom_id)) {}

    /// The line's own id where it could be read, else "line-N".
    const std::string& custom_id() const { return custom_id_; }

 private:
    std::string custom_id_;
};

/// What, beside the format, says how a line or row is read.
struct line_reading {
    /// What the prompt is made of, with a line of plain text, members or cells in its places. Null: the line
    /// is or has the prompt itself.
    const prompt_template* form = nullptr;
    /// The member or column that is the custom_id. Empty: `custom_id` or `id` of a JSON line, none of a row.
    std::string id_name = {};
    /// Whether cells that are no part of the prompt are parameters of the request, as members are.
    bool send_columns = false;
};

/** Reads one line.
 * @param line_number from 1; the custom_id is "line-N" where the line has none
 * @param how with a template, the members that have no place in it are parameters
 * @throws batch_line_error if the line cannot be used
 */
batch_item parse_batch_line(std::string_view line, prompt_format format, std::size_t line_number,
                            dialect target, const line_reading& how = {});

/** Reads one row of a table. Without a template the prompt is the cell of the column "prompt".
 *
 * An empty cell is the empty text in a place of the template. As a parameter it is none; others are JSON
 * where they read as a number, a boolean, an array or an object, else text.
 * @param columns their names; as many as there are cells
 * @param row_number as `line_number`
 * @throws batch_line_error if the row cannot be used
 */
batch_item parse_table_row(const std::vector<std::string>& columns, const std::vector<std::string>& cells,
                           std::size_t row_number, dialect target, const line_reading& how);

/// What a result answers, so that a later run can tell whether it would still ask the same.
struct result_origin {
    std::size_t line = 0;          ///< of the prompt list, from 1; 0: unknown
    std::uint64_t line_hash = 0;   ///< of what that line said
    std::uint64_t parameters = 0;  ///< hash of what else decided what was asked
    std::string format = {};       ///< how the list was read, where that was told and not found out
    std::string separator = {};    ///< between a table's cells, likewise
};

/// What went wrong, for people: the server's words or what the transport met, and first that time ran out if
/// it did.
std::string failure_message(error_code error, const diagnostic& info);

/** One line of results, without the line end: an OpenAI Batch result with our own member `stagger`.
 * @pre without an error, `result.raw` is JSON, as it is where an answer was decoded
 */
std::string format_result_line(std::string_view custom_id, error_code error, const completion& result,
                               const result_origin& origin = {});
/// The result line of a prompt that could not be read.
std::string format_input_error_line(std::string_view custom_id, std::string_view problem,
                                    const result_origin& origin = {});

/// What resuming needs to know of an existing result line.
struct result_summary {
    std::string custom_id;
    bool succeeded = false;               ///< answered: not to be asked again
    std::optional<result_origin> origin;  ///< nothing where the line does not tell, as other tools' do not
};
/// Nothing if the line is not a whole result line.
std::optional<result_summary> parse_result_line(std::string_view line);

}  // namespace stagger::wire
