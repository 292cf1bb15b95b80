#include "stagger/admission_watch.hpp"

#include <stdexcept>
#include <string>

namespace stagger {

namespace {

// What left after the refused attempt may yet be admitted, which refutes its hint. Answers may take minutes:
// those are not waited for.
constexpr duration time_to_refute = std::chrono::seconds(5);

}  // namespace

admission_watch::admission_watch(duration longest_wait) : longest_wait_(longest_wait) {
    if (longest_wait <= duration::zero())
        throw std::invalid_argument("admission_watch: longest_wait must be > 0 s, is " +
                                    std::to_string(to_seconds(longest_wait)));
}

std::optional<admission_watch::verdict> admission_watch::look(time_point now,
                                                              const coordinator_status& seen) {
    const bool announced = is_announced(now, seen);
    const bool nothing = nothing_was_admitted(now, seen);
    if (announced) return verdict{reason::announced, seen.opens_at};
    const time_point longest = saturating_add(now, longest_wait_);
    if (seen.all_wait_until > longest) return verdict{reason::all_wait, seen.all_wait_until};
    if (!nothing) return std::nullopt;
    return verdict{reason::nothing, seen.opens_at ? seen.opens_at : seen.all_wait_until};
}

bool admission_watch::is_announced(time_point now, const coordinator_status& seen) {
    if (!seen.opens_at) {
        announced_since_.reset();
        return false;
    }
    if (!announced_since_) announced_since_ = now;
    if (*seen.opens_at <= saturating_add(now, longest_wait_)) return false;
    return seen.in_flight == 0 || now - *announced_since_ >= time_to_refute;
}

// What is in flight may have been admitted long ago: only its end tells. A closed server is tried by one
// request at a time, with pauses in between.
bool admission_watch::nothing_was_admitted(time_point now, const coordinator_status& seen) {
    const std::uint64_t turned_away = seen.throttled + seen.failed;
    const bool idle = seen.waiting == 0 && seen.in_flight == 0;
    if (idle || !waits_since_ || seen.accepted != accepted_) {
        waits_since_ = now;
        accepted_ = seen.accepted;
        turned_away_ = turned_away;
        return false;
    }
    return seen.in_flight == 0 && turned_away > turned_away_ && now - *waits_since_ >= longest_wait_;
}

}  // namespace stagger
