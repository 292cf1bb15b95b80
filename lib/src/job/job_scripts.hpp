#pragma once

#include <string>
#include <string_view>
#include <vector>

// clang-format would run the lines of the list together.
// clang-format off
/** All that is done to a job at a store, as scripts, each one step there.
 *
 * The keys of a job, in the order in which every script has them; H is PREFIX:{job:NAME}.
 *
 *     1  H:about    text      what the job is, and how far (format_description)
 *     2  H:feeder   text      which results file it is collected into, while its feeder renews it
 *     3  H:items    hash      prompts without an answer, by key
 *     4  H:queue    list      keys to hand out, the next one first; one that is owned, or no item, is passed over
 *     5  H:owners   hash      keys in work, with the name of the worker
 *     6  H:workers  sorted    workers, by when they are taken for gone
 *     7  H:results  stream    answers that are not on disk yet
 *     8  H:begun    set       keys whose last worker may have asked the server
 *     9  H:counts   hash      taken_over, asked_again
 *
 * Redis undoes nothing where a script fails half way, as it does where memory is used up. So what needs
 * memory comes first in each, and what takes something away comes last.
 */
// clang-format on
namespace stagger::job {

/// The keys of a job, as above.
std::vector<std::string> job_keys(const std::string& prefix, const std::string& job);
/// What SCAN finds the jobs of a prefix by: their first keys.
std::string about_pattern(const std::string& prefix);
/// The name of the job that such a key belongs to.
std::string job_of(std::string_view about_key);
/// Whether it can be a name: 1 to 64 letters, digits, '-', '_' and '.'.
bool is_job_name(std::string_view text);

namespace scripts {

/// Arguments: results file, held for (ms), about, whether it starts over. Answers {1 or 0 where another
/// file's feeder has it, whether the job was there}.
extern const std::string enter;
/// The first three of these. Answers {1 or 0 where it is not its any more, prompts, of those in work,
/// workers}.
extern const std::string stay;
/// Arguments: last entry that was read, then key and text of each.
extern const std::string add;
/// Arguments: entry to read behind, entries at most. Answers {entry, key, text} of each.
extern const std::string read;
/// Arguments: number of entries, these, then keys.
extern const std::string forget;
/// Answers the keys that were taken back.
extern const std::string withdraw;
/// Arguments: results file, whether all is done, about.
extern const std::string end;

/// Arguments: worker, held for (ms), then keys.
extern const std::string hold;
/// Arguments: worker, held for (ms), at most. Answers {about, whether the worker is known, {key, text, ...}}.
extern const std::string take;
/// Arguments: worker, held for (ms). Answers {about, whether the worker is known}.
extern const std::string renew;
/// Arguments: worker, then key and text of each.
extern const std::string finish;
/// Arguments: worker, whether they may have been asked, then keys.
extern const std::string give_back;
/// Arguments: worker.
extern const std::string leave;

/// Answers {about, prompts, of those in work, workers, answers not on disk, taken over, asked again}.
extern const std::string look;

}  // namespace scripts

}  // namespace stagger::job
