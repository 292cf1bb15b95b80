#pragma once

#include <functional>
#include <vector>

#include "bench_options.hpp"

namespace app {

/** The prompts of a file, to be sent again and again; nothing of the file is read during a measurement.
 * @throws failure wrong_usage or file_failed
 */
std::vector<stagger::completion_request> read_bench_prompts(const bench_plan& plan);

/// The requests of one turn by their numbers, with what the command line adds to each.
/// @param from_file may be empty; it and the plans must outlive what is returned
std::function<stagger::completion_request(std::uint64_t)> requests_of(
    const bench_plan& plan, const send_plan& turn, const std::vector<stagger::completion_request>& from_file);

}  // namespace app
