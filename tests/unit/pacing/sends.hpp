#pragma once

#include <chrono>

#include "pacing/measured/send_log.hpp"

/// Scripts of sends for the tests of the coordinator's parts.
namespace sends {

using namespace std::chrono_literals;
using stagger::departure;
using stagger::outcome;
using stagger::seconds;
using stagger::send_log;
using stagger::time_point;

inline constexpr time_point start = time_point() + 1h;

/// A send that is settled a while later.
inline departure add(send_log& log, time_point at, outcome result = outcome::accepted,
                     stagger::duration later = 50ms, unsigned in_flight = 1) {
    const departure sent = log.add(at, {1, 0}, 10, in_flight, true);
    log.settle(sent, result, at + later);
    if (result == outcome::rejected) log.note_rejection(sent, run_ending_at(log, sent).first);
    return sent;
}

/// `count` accepted sends, one every `apart`, the first one `apart` after `from`. Returns when the last one
/// left.
inline time_point accepted(send_log& log, time_point from, unsigned count, stagger::duration apart) {
    for (unsigned each = 0; each < count; ++each) add(log, from += apart);
    return from;
}

}  // namespace sends
