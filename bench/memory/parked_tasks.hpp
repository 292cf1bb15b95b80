#pragma once

#include <cstddef>

/// What waiting tasks cost: each a coroutine of its own that can be cancelled by itself.
namespace parked {

enum class place {
    channel,  ///< all await one channel on one context: what waiting costs without any coordination
    gate,     ///< all await admission by one gate
    /// All have a request and await a channel that brings completions: what `client` costs without a client.
    answer_channel,
    client,  ///< all await a completion whose admission does not come
};

struct cost {
    double resident_bytes = 0;  ///< for each task, with the signal that cancels it
    double cancel_cpu_s = 0;    ///< to cancel all of them, one by one; not measured of a channel
    std::size_t ended = 0;      ///< that ended with a cancellation
};

/// Parks that many tasks, looks at the memory of the process, and cancels all of them. Once in a process:
/// freed memory is not given back.
cost measure(place where, std::size_t tasks);

}  // namespace parked
