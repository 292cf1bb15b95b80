#pragma once

#include "pacing/even_pace.hpp"

namespace stagger {

/** @brief The limits the user was told: requests and tokens per minute.
 *
 * They are kept, not tested: the measured pace may be lower, never higher. But a limit per minute is no
 * metronome: `lead` worth of requests may go ahead of schedule, a little faster than the limit, which makes
 * up for a start from nothing.
 */
class budget {
 public:
    /// Few servers save up less than this; those that do refuse a request or two, once.
    static constexpr duration lead = std::chrono::milliseconds(300);

    budget(const coordinator_options& options, random_source random) : told_(options, pacer(random)) {}

    bool limits_requests() const { return told_.limits_requests(); }
    double requests_per_s() const { return told_.requests_per_s(); }
    /// The pace while the lead is gained.
    double fastest_per_s() const { return 1.05 * requests_per_s(); }

    /// Nobody goes before.
    time_point next_slot() const { return told_.next_slot() - lead; }
    void sent(time_point now, const cost& what) { told_.sent(now, what); }
    void settled(time_point now, double more_tokens) { told_.settled(now, more_tokens); }

 private:
    even_pace told_;
};

}  // namespace stagger
