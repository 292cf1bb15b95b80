#include "costs.hpp"
#include "stagger/coordinator.hpp"
#include "stopwatch.hpp"

namespace costs {

double decision_ns(std::size_t tasks) {
    using namespace stagger;
    constexpr std::size_t one_rejected_in = 100;
    const hints nothing_said;
    coordinator core(coordinator_options().initial_rate(1e5).max_in_flight(1024), 1);
    time_point now{};
    for (std::size_t each = 0; each < tasks; ++each) core.submit(now, {});
    std::size_t decisions = 0;
    const stopwatch watch;
    while (true) {
        const action todo = core.next(now);
        if (todo.what == action::kind::wait) {
            now = todo.at;
            continue;
        }
        if (todo.what != action::kind::admit) break;
        if (++decisions % one_rejected_in == 0) {
            core.resubmit(now, {}, never, core.throttled(now, todo.permit, nothing_said),
                          retry_cause::throttled);
        } else {
            core.accepted(now, todo.permit, nothing_said);
        }
    }
    return watch.seconds() / static_cast<double>(decisions) * 1e9;
}

}  // namespace costs
