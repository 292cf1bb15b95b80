#pragma once

#include <functional>
#include <vector>

#include "stagger/retry_session.hpp"

namespace stagger::test {

/// A retried call in virtual time.
struct retried_call {
    unsigned attempts = 0;
    retry_session::next ended = retry_session::next::attempt;
    std::vector<duration> waits;
    duration took{0};
};

/// The ending of the n-th attempt, from 1.
using retry_script = std::function<attempt_result(unsigned)>;

/// Plays a call to its end: each attempt takes `attempt_length`, each wait as long as it was decided. At most
/// 100 attempts.
inline retried_call play(const retry_policy& policy, const backoff_policy& backoff,
                         const retry_script& script, duration attempt_length = duration::zero(),
                         std::uint64_t seed = 1) {
    const time_point start{std::chrono::hours(1)};
    time_point now = start;
    random_source random(seed);
    retry_session session(policy, backoff, now);
    retried_call call;
    while (call.ended == retry_session::next::attempt && call.attempts < 100) {
        session.attempt_begins(now);
        const attempt_result result = script(++call.attempts);
        now += attempt_length;
        const classification judged = policy.classify(result);
        retry_session::pause known;
        if (judged.retry_after) known.earliest = now + *judged.retry_after;
        const auto step = session.attempt_ended(result, judged, now, known, random);
        call.ended = step.what;
        if (step.what != retry_session::next::attempt) break;
        call.waits.push_back(step.not_before - now);
        now = step.not_before;
    }
    call.took = now - start;
    return call;
}

}  // namespace stagger::test
