#pragma once

#include <cstdint>
#include <string>
#include <utility>

#include "stagger/coordinator.hpp"
#include "stagger/hints.hpp"
#include "stagger/priority.hpp"
#include "stagger/refusal_history.hpp"
#include "stagger/time.hpp"

namespace stagger {

/// What an admission is asked for.
class admission {
 public:
    admission() = default;
    /// What the attempt costs the limits. Default: one request, no tokens.
    /// @throws std::invalid_argument as cost::validate does
    admission& cost(const stagger::cost& value) { return value.validate(), cost_ = value, *this; }
    /// The wait ends with errc::deadline_exceeded at this time. Default: never.
    admission& deadline(time_point value) { return deadline_ = value, *this; }
    /// A further attempt of a task: it goes to the front of the line, not before `not_before`.
    admission& again(retry_cause cause, time_point not_before) {
        return again_ = true, cause_ = cause, not_before_ = not_before, *this;
    }

    /// Tasks with the same value are alike, such as those of one model and one key: where some are refused
    /// and others are not, they are compared with their like. Any value; 0 (default): nothing is known.
    admission& alike(std::uint64_t value) { return alike_ = value, *this; }
    /// For a further attempt: what is known of the task's refusals, as `permit::throttled` has left it. Who
    /// is refused again and again then lets others go first. Default: nothing.
    admission& refused(const refusal_history& so_far) { return refused_ = so_far, *this; }

    /// The class of a first attempt, see `stagger::priority`. Default: normal.
    admission& priority(stagger::priority value) { return priority_ = value, *this; }

    /// What a decision log calls the task, such as the id of a row: some bytes of UTF-8. Default: nothing.
    admission& label(std::string text) { return label_ = std::move(text), *this; }

    const stagger::cost& cost() const { return cost_; }
    time_point deadline() const { return deadline_; }
    std::uint64_t alike() const { return alike_; }
    const refusal_history& refused() const { return refused_; }
    stagger::priority priority() const { return priority_; }
    bool is_retry() const { return again_; }
    retry_cause cause() const { return cause_; }
    time_point not_before() const { return not_before_; }
    const std::string& label() const { return label_; }

 private:
    stagger::cost cost_;
    time_point deadline_ = never;
    std::uint64_t alike_ = 0;
    refusal_history refused_;
    stagger::priority priority_ = stagger::priority::normal;
    bool again_ = false;
    retry_cause cause_ = retry_cause::throttled;
    time_point not_before_{};
    std::string label_;
};

}  // namespace stagger
