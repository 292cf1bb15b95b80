#include <cmath>

#include "fuzz/property.hpp"
#include "fuzz/targets.hpp"
#include "records/limits_file.hpp"
#include "stagger/coordinator.hpp"

// What is kept of a limits file is written and read back, and a run can start from it.

namespace stagger::fuzz {
namespace {

void start_from(const remembered_limits& limits) {
    constexpr int requests = 20;
    constexpr int steps = 60;
    coordinator_options options;
    options.remembered(limits);
    coordinator core(options, 1);
    time_point now{std::chrono::seconds(1)};
    for (int i = 0; i < requests; ++i) core.submit(now, {});
    for (int i = 0; i < steps; ++i) {
        const action next = core.next(now);
        if (next.what == action::kind::admit) {
            i % 4 == 0 ? void(core.throttled(now, next.permit, {})) : core.accepted(now, next.permit, {});
        } else if (next.what == action::kind::wait) {
            require(next.at > now, "a wait lies ahead");
            now = std::min(next.at, now + std::chrono::hours(1));
        } else {
            break;
        }
    }
    require(!std::isnan(core.status(now).pace_per_s), "a pace is a number");
    if (const auto learned = core.learned(now))
        require(!broken_rule(*learned), "what is learned keeps its rules");
}

}  // namespace

void fuzz_limits_file(std::string_view bytes) {
    try {
        wire::limits_by_key kept = wire::parse_limits_file(bytes).limits;
        const std::string text = wire::format_limits_file(kept);
        const wire::parsed_limits again = wire::parse_limits_file(text);
        require(again.limits == kept && again.refused.empty(), "what was read is written", text);
        require(wire::format_limits_file(again.limits) == text, "what is written is written again", text);
        for (const auto& [key, limits] : kept) {
            require(!broken_rule(limits), "what is read keeps its rules");
            start_from(limits);
        }
        wire::drop_old(kept, std::chrono::sys_seconds(std::chrono::seconds(1'700'000'000)));
    } catch (const std::invalid_argument&) {
        // Not a limits file: it says so.
    } catch (const wire::unknown_limits_version&) {
        // Of a later version.
    }
}

}  // namespace stagger::fuzz
