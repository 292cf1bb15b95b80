#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "batch/recorded_prompts.hpp"

namespace stagger::batch {

/// How an existing results file is to be read.
struct reading_results {
    bool by_id = false;               ///< recognise prompts by their ids alone
    bool failed_are_recorded = true;  ///< false: those are to be asked again
    std::uint64_t parameters = 0;     ///< what prompts would be asked with now
};

/// What a results file holds.
struct existing_results {
    recorded_prompts recorded;
    std::size_t failed = 0;                ///< results that are no answers
    std::optional<std::uint64_t> torn_at;  ///< from here on: a piece of a line, left by a run that was killed
    bool lacks_line_end = false;           ///< the last line is whole but for its line end
    std::size_t other_parameters = 0;      ///< its first line that was asked with others; 0: none
};

/** Reads a results file from its beginning.
 * @param problem why nothing is returned: it cannot be read, or it is no results file and must not be touched
 */
std::optional<existing_results> read_existing_results(int file, const reading_results& how,
                                                      std::string& problem);

/// What the results between two lines of the prompt list say of those lines; nothing for those without a
/// result.
std::vector<std::optional<std::uint64_t>> recorded_hashes(int file, const line_sums::range& lines);

/** Copies the answered lines of one file to the end of another.
 * @param problem why it failed
 */
bool copy_answered(int from, int to, std::string& problem);

}  // namespace stagger::batch
