#include "gateway/outlook.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>

namespace stagger::gateway {

namespace {

using namespace std::chrono_literals;

constexpr double longest_said_s = 59;
// SDKs try twice more within a few minutes at most.
constexpr duration hopeless_beyond = 10min;
// A wait beyond what a clock can count is none that anybody sits out.
constexpr double longest_wait_s = 1e7;

duration beyond(const outlook& seen, duration allowed) {
    return seen.wait ? std::max(*seen.wait - allowed, duration::zero()) : duration::zero();
}

}  // namespace

outlook look_ahead(std::size_t ahead, const coordinator_status& of_gate, time_point now) {
    outlook seen;
    seen.ahead = ahead;
    seen.pace_per_s = of_gate.pace_per_s;
    const auto opens = of_gate.opens_at ? of_gate.opens_at : of_gate.all_wait_until;
    if (opens) seen.closed_for = std::max(*opens - now, duration::zero());
    if (!(seen.pace_per_s > 0) || !std::isfinite(seen.pace_per_s)) {
        if (opens) seen.wait = seen.closed_for;
        return seen;
    }
    const double in_line_s = std::min(static_cast<double>(ahead) / seen.pace_per_s, longest_wait_s);
    seen.wait = from_seconds(std::min(to_seconds(seen.closed_for), longest_wait_s) + in_line_s);
    return seen;
}

unsigned seconds_to_return(const outlook& seen, duration allowed) {
    return static_cast<unsigned>(
        std::clamp(std::ceil(to_seconds(beyond(seen, allowed))), 1.0, longest_said_s));
}

bool is_hopeless(const outlook& seen, duration allowed) {
    return beyond(seen, allowed) > hopeless_beyond;
}

std::string to_text(const outlook& seen) {
    std::string text = std::to_string(seen.ahead) + " ahead";
    if (seen.wait) text += ", about " + std::to_string(std::llround(to_seconds(*seen.wait))) + " s";
    return text;
}

}  // namespace stagger::gateway
