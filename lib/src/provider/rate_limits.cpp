#include "provider/rate_limits.hpp"

#include <algorithm>
#include <type_traits>
#include <utility>

namespace stagger::provider {
namespace {

template <class Limiter>
double arrival_cost(const Limiter& one, const token_cost& tokens) {
    return one.counts() == unit::tokens ? on_arrival(one.counted(), tokens) : 1;
}

template <class Limiter>
double final_cost(const Limiter& one, const token_cost& tokens) {
    return one.counts() == unit::tokens ? in_the_end(one.counted(), tokens) : 1;
}

}  // namespace

rate_limits::rate_limits(const std::vector<limit>& limits, time_point origin, time_point now)
    : origin_(origin), limiters_(build(limits, origin, now)) {}

std::vector<rate_limits::limiter> rate_limits::build(const std::vector<limit>& limits, time_point origin,
                                                     time_point now) {
    std::vector<limiter> built;
    for (const limit& each : limits) {
        if (const auto* bucket = std::get_if<token_bucket>(&each)) {
            built.emplace_back(token_bucket_limiter(*bucket, now));
        } else if (const auto* fixed = std::get_if<fixed_window>(&each)) {
            built.emplace_back(fixed_window_limiter(*fixed, origin, now));
        } else if (const auto* sliding = std::get_if<sliding_window>(&each)) {
            built.emplace_back(sliding_window_limiter(*sliding, now));
        }
    }
    return built;
}

bool rate_limits::admit(time_point now, const token_cost& tokens) {
    return std::all_of(limiters_.begin(), limiters_.end(), [&](limiter& each) {
        return std::visit([&](auto& one) { return one.admits(now, arrival_cost(one, tokens)); }, each);
    });
}

void rate_limits::take(time_point now, const token_cost& tokens) {
    for (limiter& each : limiters_) {
        std::visit([&](auto& one) { one.take(now, arrival_cost(one, tokens)); }, each);
    }
}

void rate_limits::take_refused(time_point now, const token_cost& tokens) {
    for (limiter& each : limiters_) {
        std::visit([&](auto& one) { one.take_refused(now, arrival_cost(one, tokens)); }, each);
    }
}

void rate_limits::put_back(time_point now, time_point taken, const token_cost& tokens) {
    for (limiter& each : limiters_) {
        std::visit([&](auto& one) { one.settle(now, taken, arrival_cost(one, tokens), 0); }, each);
    }
}

void rate_limits::settle(time_point now, time_point taken, const token_cost& tokens) {
    for (limiter& each : limiters_) {
        std::visit(
            [&](auto& one) { one.settle(now, taken, arrival_cost(one, tokens), final_cost(one, tokens)); },
            each);
    }
}

// A limit that would admit after a while of silence goes on admitting, so all of them do after the longest
// wait.
duration rate_limits::wait(time_point now, const token_cost& tokens) {
    duration longest = duration::zero();
    for (limiter& each : limiters_) {
        longest = std::max(
            longest, std::visit([&](auto& one) { return one.wait(now, arrival_cost(one, tokens)); }, each));
    }
    return longest;
}

void rate_limits::report(time_point now, std::vector<limit_report>& tightest) {
    for (limiter& each : limiters_) {
        const limit_report report = std::visit([&](auto& one) { return one.report(now); }, each);
        const auto same_unit = std::find_if(tightest.begin(), tightest.end(), [&](const limit_report& known) {
            return known.counts == report.counts;
        });
        if (same_unit == tightest.end()) {
            tightest.push_back(report);
        } else if (report.remaining < same_unit->remaining) {
            *same_unit = report;
        }
    }
}

void rate_limits::replace(const std::vector<limit>& limits, time_point now) {
    std::vector<limiter> previous = std::exchange(limiters_, build(limits, origin_, now));
    for (limiter& each : limiters_) {
        std::visit(
            [&](auto& next) {
                using kind = std::remove_reference_t<decltype(next)>;
                const auto match = std::find_if(previous.begin(), previous.end(), [&](const limiter& old) {
                    const auto* same = std::get_if<kind>(&old);
                    return same != nullptr && same->counts() == next.counts();
                });
                if (match == previous.end()) return;
                next.take_over(std::get<kind>(*match), now);
                previous.erase(match);
            },
            each);
    }
}

}  // namespace stagger::provider
