#pragma once

#include <cstddef>
#include <optional>

#include "batch/listed_prompts.hpp"
#include "batch/recorded_prompts.hpp"
#include "batch/result_file.hpp"

namespace stagger::batch {

/// What one look over a prompt list tells.
struct prompt_survey {
    std::size_t prompts = 0;
    /// Among these lines at least one that has a result says something else now, or is gone.
    std::optional<line_sums::range> changed;
};

/// Nothing for what can be read only once.
std::optional<prompt_survey> survey(listed_prompts& prompts,
                                    const recorded_prompts& recorded = recorded_prompts());

/// The first line among these that says something else than what a results file answers; nothing if none
/// does.
std::optional<std::size_t> changed_line(listed_prompts& prompts, const result_file& results,
                                        const line_sums::range& among);

/// Two prompts of the same id.
struct repeated_id {
    std::string custom_id;
    std::size_t first_line;
    std::size_t second_line;
};

/** Looks for an id that two prompts have, in two or three passes over the list.
 *
 * Exact, in about four bytes of memory a prompt: ids whose hashes fall on the same place of a bitmap are the
 * only ones that are compared.
 *
 * @param prompts how many there are
 */
std::optional<repeated_id> find_repeated_id(listed_prompts& file, std::size_t prompts);

}  // namespace stagger::batch
