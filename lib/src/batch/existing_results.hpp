#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "batch/answered_ids.hpp"

namespace stagger::batch {

/// What a results file holds.
struct existing_results {
    answered_ids answered;
    std::size_t failed = 0;                ///< results that are no answers
    std::optional<std::uint64_t> torn_at;  ///< from here on: a piece of a line, left by a run that was killed
    bool lacks_line_end = false;           ///< the last line is whole but for its line end
};

/** Reads a results file from its beginning.
 * @param problem why nothing is returned: it cannot be read, or it is no results file and must not be touched
 */
std::optional<existing_results> read_existing_results(int file, std::string& problem);

/** Copies the answered lines of one file to the end of another.
 * @param problem why it failed
 */
bool copy_answered(int from, int to, std::string& problem);

}  // namespace stagger::batch
