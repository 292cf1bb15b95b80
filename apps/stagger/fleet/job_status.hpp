#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "job/job_text.hpp"
#include "redis/reply.hpp"
#include "stagger/fleet.hpp"

namespace app {

/// A job as it stands in a store.
struct job_status {
    std::string name;
    stagger::job::description about;
    std::uint64_t waiting = 0;     ///< prompts in the store that no worker has
    std::uint64_t in_work = 0;     ///< prompts that one has
    std::uint64_t unrecorded = 0;  ///< answers that are not on the feeder's disk yet
    std::uint64_t workers = 0;
    std::uint64_t taken_over = 0;  ///< prompts, from workers that were gone
    std::uint64_t asked_again =
        0;  ///< prompts that went to a second worker after the server may have seen them
};

/// What `scripts::look` answered; nothing where it is no job any more.
std::optional<job_status> parse_job_status(const std::string& name, const stagger::redis::reply& told);

/** All jobs of the store, by name.
 * @param options validated
 * @throws failure endpoint_unusable where the store cannot be used
 */
std::vector<job_status> read_jobs(const stagger::fleet_options& options);

}  // namespace app
