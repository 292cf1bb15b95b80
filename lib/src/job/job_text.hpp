#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "fleet/job_item.hpp"
#include "stagger/batch.hpp"
#include "stagger/dialect.hpp"

/// What a job's feeder and its workers tell each other, as JSON. Members that are not known are passed over.
namespace stagger::job {

/// What a job is, and how far it is.
struct description {
    dialect spoken = dialect::openai_chat;
    std::string model;  ///< of prompts that name none; may be empty
    fleet::job_state state = fleet::job_state::open;
    std::uint64_t recorded = 0;  ///< results of this run of its feeder
    std::uint64_t failed = 0;    ///< of those
    std::optional<std::uint64_t> left;
};
std::string format_description(const description& what);
/// @throws std::invalid_argument where it is none, or in a dialect that is not known here
description parse_description(std::string_view text);
/// Absent for an empty text, open for what makes no sense.
fleet::job_state state_in(std::string_view text);

/// One prompt: all that is asked but for where, and as whom.
struct question {
    std::string custom_id;
    std::string model;  ///< may be empty
    std::string body;   ///< JSON, in the job's dialect
};
std::string format_question(const question& what);
/// @throws std::invalid_argument
question parse_question(std::string_view text);

/// What became of a prompt: on one line.
std::string format_answer(error_code error, const completion& answer);
/** What `format_answer` wrote. Of an answer its text, finish reason, usage and calls are read again.
 * @param unix_now as wire::decode has it
 * @throws std::invalid_argument
 */
void parse_answer(std::string_view text, dialect spoken, double unix_now, error_code& error,
                  completion& answer);

/// What names a prompt in the store, in every run that asks the same.
/// @param parameters hash of what, beside the prompt, decides what is asked
std::string key_of(std::size_t position, std::uint64_t hash, std::uint64_t parameters);

}  // namespace stagger::job
