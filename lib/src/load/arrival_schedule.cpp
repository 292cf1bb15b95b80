#include "load/arrival_schedule.hpp"

#include <cmath>
#include <limits>

namespace stagger::load {

std::string_view to_string(load_kind kind) {
    switch (kind) {
        case load_kind::closed:
            return "closed";
        case load_kind::constant:
            return "constant";
        case load_kind::poisson:
            return "poisson";
        case load_kind::burst:
            return "burst";
        case load_kind::ramp:
            return "ramp";
    }
    return "unknown";
}

std::optional<load_kind> parse_load_kind(std::string_view name) {
    for (const auto kind :
         {load_kind::closed, load_kind::constant, load_kind::poisson, load_kind::burst, load_kind::ramp}) {
        if (name == to_string(kind)) return kind;
    }
    return std::nullopt;
}

arrival_schedule::arrival_schedule(const load_profile& profile) : profile_(profile), random_(profile.seed) {
    if (profile.length) {
        ramp_length_s_ = to_seconds(*profile.length);
    } else if (profile.requests) {
        const double mean_per_s = (profile.rate_per_s + profile.ramp_to_per_s) / 2;
        ramp_length_s_ = static_cast<double>(*profile.requests) / mean_per_s;
    }
}

std::optional<duration> arrival_schedule::next() {
    if (profile_.requests && sent_ >= *profile_.requests) return std::nullopt;
    const duration at = from_seconds_rounded(time_of_next_s());
    if (profile_.length && at >= *profile_.length) return std::nullopt;
    ++sent_;
    return at;
}

double arrival_schedule::time_of_next_s() {
    const auto number = static_cast<double>(sent_);
    switch (profile_.kind) {
        case load_kind::poisson:
            return last_s_ += -std::log1p(-random_.uniform()) / profile_.rate_per_s;
        case load_kind::burst:
            return std::floor(number / profile_.burst) * profile_.burst / profile_.rate_per_s;
        case load_kind::ramp:
            return ramp_time_s(number);
        case load_kind::closed:
        case load_kind::constant:
            break;
    }
    return number / profile_.rate_per_s;
}

// Until t, r0*t + (r1-r0)*t^2/(2*length) are sent; solved for t in the form that needs no division by r1-r0.
double arrival_schedule::ramp_time_s(double number) const {
    if (number == 0) return 0;
    const double first = profile_.rate_per_s;
    const double growth = (profile_.ramp_to_per_s - first) / ramp_length_s_;
    const double under_root = first * first + 2 * growth * number;
    if (under_root < 0) return std::numeric_limits<double>::infinity();  // the rate has come down to nothing
    return 2 * number / (first + std::sqrt(under_root));
}

}  // namespace stagger::load
