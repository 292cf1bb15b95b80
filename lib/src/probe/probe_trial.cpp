#include "probe/probe_trial.hpp"

#include <algorithm>

namespace stagger::probe {
namespace {

duration times(duration span, double factor) {
    return from_seconds(to_seconds(span) * factor);
}

}  // namespace

probe_trial burst(std::string_view name, time_point at, std::size_t requests) {
    probe_trial trial;
    trial.name = name;
    trial.sends.assign(requests, at);
    return trial;
}

probe_trial poll(const poll_times& when) {
    probe_trial trial;
    trial.name = "waiting until it admits again";
    trial.until_admitted = true;
    for (duration gap = when.first; saturating_add(when.origin, gap) < when.end;
         gap = times(gap, when.factor)) {
        trial.sends.push_back(when.origin + gap);
    }
    return trial;
}

probe_trial paced(std::string_view name, time_point from, std::size_t requests, duration gap) {
    probe_trial trial;
    trial.name = name;
    for (std::size_t each = 0; each < requests; ++each) {
        // A little uneven, by parts of the golden section, so that attempts fall everywhere between two
        // admissions.
        constexpr double golden = 0.6180339887498949;
        const double place = static_cast<double>(each) * golden;
        const double uneven = 0.2 * (place - static_cast<double>(static_cast<long>(place)) - 0.5);
        trial.sends.push_back(from + times(gap, static_cast<double>(each) + 0.5 + uneven));
    }
    return trial;
}

probe_trial closed_loop(time_point from, unsigned workers, std::size_t requests) {
    probe_trial trial = burst("always as many in flight", from, requests);
    trial.workers = workers;
    trial.most_refusals = 4;
    trial.awaits_answers = true;
    return trial;
}

probe_trial split_quota(time_point opened, duration window, std::size_t quota) {
    // In windows after `opened`: by then the one that opened then is over, whatever its kind.
    constexpr double first_half = 1.3;
    constexpr double second_half = 1.6;
    constexpr double polls_from = 1.75;
    constexpr double polls_to = 2.75;
    constexpr double poll_gap = 0.025;
    constexpr double last_burst = 2.45;  // between the two moments at which the halves come back
    constexpr std::size_t beyond = 2;    // to be refused
    const std::size_t half = (quota + 1) / 2;
    probe_trial trial;
    trial.name = "half a quota, then the other half";
    const auto add = [&](double at, std::size_t requests) {
        trial.sends.insert(trial.sends.end(), requests, opened + times(window, at));
    };
    add(first_half, half);
    add(second_half, quota - half + beyond);
    for (double at = polls_from; at < polls_to; at += poll_gap) add(at, 1);
    add(last_burst, half + beyond);
    std::sort(trial.sends.begin(), trial.sends.end());
    return trial;
}

}  // namespace stagger::probe
