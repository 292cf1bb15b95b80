#include "stagger/retry_policy.hpp"

#include <stdexcept>
#include <string>

namespace stagger {

single_call_policy& single_call_policy::classify(classifier function) {
    if (!function) throw std::invalid_argument("classify: must not be empty");
    classify_ = std::move(function);
    by_default_ = false;
    return *this;
}

single_call_policy& single_call_policy::retry_on(retry_condition condition) {
    retry_on_ = std::move(condition);
    return *this;
}

single_call_policy& single_call_policy::give_up_on(retry_condition condition) {
    give_up_on_ = std::move(condition);
    return *this;
}

single_call_policy& single_call_policy::max_attempts(unsigned count) {
    max_attempts_ = count;
    return *this;
}

single_call_policy& single_call_policy::stop_after(duration limit) {
    if (limit < duration::zero()) {
        throw std::invalid_argument("stop_after: must be >= 0, is " + std::to_string(to_seconds(limit)) +
                                    " s");
    }
    stop_after_ = limit;
    return *this;
}

single_call_policy& single_call_policy::stop(stop_condition condition) {
    stop_ = std::move(condition);
    return *this;
}

single_call_policy& single_call_policy::before(hook function) {
    return add(moment::before, std::move(function));
}

single_call_policy& single_call_policy::after(hook function) {
    return add(moment::after, std::move(function));
}

single_call_policy& single_call_policy::before_sleep(hook function) {
    return add(moment::before_sleep, std::move(function));
}

single_call_policy& single_call_policy::on_success(hook function) {
    return add(moment::success, std::move(function));
}

single_call_policy& single_call_policy::on_give_up(hook function) {
    return add(moment::give_up, std::move(function));
}

single_call_policy& single_call_policy::add(moment when, hook function) {
    if (!function) throw std::invalid_argument("hook: must not be empty");
    hooks_[static_cast<std::size_t>(when)].push_back(std::move(function));
    return *this;
}

single_call_policy& single_call_policy::reraise(bool yes) {
    reraise_ = yes;
    return *this;
}

single_call_policy& single_call_policy::statistics(std::shared_ptr<retry_statistics> figures) {
    statistics_ = std::move(figures);
    return *this;
}

bool single_call_policy::repeats(const attempt_result& result, verdict ended) const {
    const bool wanted =
        retry_on_ ? (*retry_on_)(result) : ended == verdict::throttled || ended == verdict::transient;
    return wanted && !(give_up_on_ && (*give_up_on_)(result));
}

bool single_call_policy::stops(const retry_state& state) const {
    if (max_attempts_ != 0 && state.attempts >= max_attempts_) return true;
    if (stop_after_ != duration::zero() && state.elapsed >= stop_after_) return true;
    return stop_ && (*stop_)(state);
}

void single_call_policy::tell(moment when, const retry_state& state) const {
    for (const hook& each : hooks_[static_cast<std::size_t>(when)]) each(state);
}

void single_call_policy::check_fallback_type(const std::type_info& wanted) const {
    if (fallback_type_ && *fallback_type_ != wanted) {
        throw std::invalid_argument(std::string("fallback: must return what the operation returns (type ") +
                                    wanted.name() + "), returns type " + fallback_type_->name());
    }
}

}  // namespace stagger
