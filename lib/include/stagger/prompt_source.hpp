#pragma once

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "stagger/completion.hpp"
#include "stagger/dialect.hpp"
#include "stagger/error.hpp"

namespace stagger {

/// One prompt of a batch as a source hands it out.
struct batch_prompt {
    std::string custom_id;                      ///< comes back with the result
    std::size_t position = 0;                   ///< from 1: the line of a file, the place in a list
    std::optional<completion_request> request;  ///< absent: it could not be read, and `problem` says why
    std::string problem;
    std::uint64_t hash = 0;  ///< of what the source read, to recognise it in a later run; 0: unknown
};

/** @brief Where a batch takes its prompts from, one at a time and only when there is room for the next one.
 *
 * `read` is never called again before the previous call has ended, nor after it has answered with nothing or
 * an error. An asynchronous generator is a source whose `read` awaits.
 */
class prompt_source {
 public:
    virtual ~prompt_source() = default;

    /** The next prompt; nothing at the end.
     * What it throws ends the batch as an error does (`batch_results::thrown`).
     * @param error set where the source cannot be read further; what was handed out before stays valid
     */
    virtual boost::asio::awaitable<std::optional<batch_prompt>> read(error_code& error) = 0;

    /// Prompts still to come, where that is known. Used to finish the last of a batch early.
    virtual std::optional<std::size_t> remaining() const { return std::nullopt; }
};

/// A list of requests. The `custom_id` is the request's `request_id` or, without one, "prompt-N", N from 1.
std::unique_ptr<prompt_source> prompts_from(std::vector<completion_request> requests);
/// A list of prompts with the server's defaults. The `custom_id` is "prompt-N", N from 1.
std::unique_ptr<prompt_source> prompts_from(std::vector<std::string> prompts);

/// How the lines of a prompt file are read.
enum class prompt_file_format {
    automatic,  ///< by the name (.txt; .jsonl, .ndjson), else JSONL where the first line begins with `{`
    text,       ///< one prompt a line
    jsonl,  ///< one JSON object a line: `prompt` or `messages` with parameters and `id`, or OpenAI Batch form
};

/// A longer line of a prompt file is not read but reported as a problem of that line.
inline constexpr std::size_t longest_prompt_line = 16 * 1024 * 1024;

/** @brief The lines of a file, of a named pipe, or of standard input ("-"), read as they are needed.
 *
 * Blank lines are skipped and counted; a byte-order mark and CRLF line ends are accepted. A line without an
 * id of its own gets "line-N".
 *
 * @param target the dialect that OpenAI Batch bodies are meant for
 * @return nothing where the file cannot be opened; `error` says why
 */
std::unique_ptr<prompt_source> prompts_from_file(const boost::asio::any_io_executor& executor,
                                                 const std::string& path, prompt_file_format format,
                                                 dialect target, error_code& error);

}  // namespace stagger
