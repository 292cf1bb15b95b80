#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

#include "stagger/time.hpp"

namespace stagger::probe {

/// A piece of a probe: requests and when to send them, decided before the first of them is answered.
struct probe_trial {
    std::string_view name;          ///< what it is for, for people
    std::vector<time_point> sends;  ///< ascending; those in the past go at once
    bool until_admitted = false;    ///< leaves out what remains once one was admitted
    bool awaits_answers = false;    ///< ends when all are answered, not when they can no longer be refused
    unsigned workers = 0;           ///< not 0: each is sent when fewer than so many are in flight
    std::size_t most_refusals = 0;  ///< not 0: leaves out what remains after so many
    time_point last_send = never;   ///< leaves out what has not been sent by then
};

/// All at once.
probe_trial burst(std::string_view name, time_point at, std::size_t requests);
/// One after the other with gaps that grow by a factor, counted from `origin`, until one is admitted.
struct poll_times {
    time_point origin;
    duration first{};
    double factor = 1.2;
    time_point end;
};
probe_trial poll(const poll_times& when);
/// Evenly, whatever is answered.
probe_trial paced(std::string_view name, time_point from, std::size_t requests, duration gap);
/// Some requests always in flight.
probe_trial closed_loop(time_point from, unsigned workers, std::size_t requests);

/** @brief What tells one kind of window from another, from a moment on at which all of it is free.
 *
 * Half of the quota, the other half almost a third of a window later, then one request every fortieth of a
 * window. A window that begins with the first request opens one length after the first half; a sliding one
 * gives back only the first half then, which a burst shows; one by the clock opens in between.
 * @param opened when the window before opened
 */
probe_trial split_quota(time_point opened, duration window, std::size_t quota);

}  // namespace stagger::probe
