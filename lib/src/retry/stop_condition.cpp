#include "stagger/stop_condition.hpp"

#include <stdexcept>
#include <string>
#include <utility>

namespace stagger {

namespace {

duration not_negative(duration limit) {
    if (limit >= duration::zero()) return limit;
    throw std::invalid_argument("limit: must be >= 0, is " + std::to_string(to_seconds(limit)) + " s");
}

}  // namespace

stop_condition::stop_condition(predicate rule) : rule_(std::move(rule)) {
    if (!rule_) throw std::invalid_argument("rule: must not be empty");
}

stop_condition operator|(stop_condition first, stop_condition second) {
    return stop_condition([a = std::move(first.rule_), b = std::move(second.rule_)](
                              const retry_state& state) { return a(state) || b(state); });
}

stop_condition operator&(stop_condition first, stop_condition second) {
    return stop_condition([a = std::move(first.rule_), b = std::move(second.rule_)](
                              const retry_state& state) { return a(state) && b(state); });
}

stop_condition stop_never() {
    return stop_condition([](const retry_state&) { return false; });
}

stop_condition stop_after_attempts(unsigned count) {
    if (count == 0) throw std::invalid_argument("count: must be >= 1, is 0");
    return stop_condition([count](const retry_state& state) { return state.attempts >= count; });
}

stop_condition stop_after_delay(duration limit) {
    return stop_condition(
        [limit = not_negative(limit)](const retry_state& state) { return state.elapsed >= limit; });
}

stop_condition stop_before_delay(duration limit) {
    return stop_condition([limit = not_negative(limit)](const retry_state& state) {
        return state.next_wait >= limit - state.elapsed;
    });
}

stop_condition stop_when(std::stop_token event) {
    return stop_condition([event = std::move(event)](const retry_state&) { return event.stop_requested(); });
}

stop_condition stop_if(stop_condition::predicate rule) {
    return stop_condition(std::move(rule));
}

}  // namespace stagger
