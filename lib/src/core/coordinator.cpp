#include "stagger/coordinator.hpp"

#include <algorithm>
#include <optional>

#include "core/pacing.hpp"
#include "core/retry_budget.hpp"
#include "core/ride_the_limit.hpp"
#include "core/slot_map.hpp"
#include "core/unpaced.hpp"
#include "core/waiting_line.hpp"

namespace stagger {

std::string_view to_string(wait_reason reason) {
    switch (reason) {
        case wait_reason::none:
            return "none";
        case wait_reason::pace:
            return "pace";
        case wait_reason::in_flight:
            return "in_flight";
        case wait_reason::retry_after:
            return "retry_after";
        case wait_reason::closed:
            return "closed";
        case wait_reason::retry_budget:
            return "retry_budget";
        case wait_reason::own_delay:
            return "own_delay";
    }
    return "unknown";
}

std::string_view to_string(coordinator_mode mode) {
    switch (mode) {
        case coordinator_mode::ramp:
            return "ramp";
        case coordinator_mode::search:
            return "search";
        case coordinator_mode::ride:
            return "ride";
        case coordinator_mode::closed:
            return "closed";
    }
    return "unknown";
}

namespace {

std::unique_ptr<pacing> make_pacing(const coordinator_options& options, std::uint64_t seed) {
    if (options.pacing() == pacing_kind::unpaced) return std::make_unique<unpaced>();
    return std::make_unique<ride_the_limit>(options, seed);
}

/// An admitted attempt. `unfunded`: a retry after an accident for which the budget was empty.
struct outstanding {
    departure sent;
    bool unfunded = false;
};

}  // namespace

struct coordinator::parts {
    parts(const coordinator_options& chosen, std::uint64_t seed)
        : options(chosen), pace(make_pacing(chosen, seed)) {}

    coordinator_options options;
    std::unique_ptr<stagger::pacing> pace;
    waiting_line line;
    slot_map<outstanding> permits;
    retry_budget accidents;
    bool unfunded_out = false;
    std::size_t expected = 0;
    coordinator_status counts;  // the counters and the last reason; the rest is filled in when asked for

    task_id join(lane where, const cost& what, time_point deadline, time_point not_before) {
        // Room for its permit as well: admitting it must not fail.
        const std::size_t tasks = permits.size() + line.size() + 1;
        permits.reserve(std::min<std::size_t>(tasks, options.max_in_flight()));
        return line.join(where, what, deadline, not_before);
    }

    std::optional<lane> head_lane(time_point now) {
        const bool accident_may_go = !unfunded_out || accidents.affords_retry(now);
        if (accident_may_go && line.front(lane::accident)) return lane::accident;
        if (line.front(lane::throttled)) return lane::throttled;
        if (line.front(lane::first)) return lane::first;
        return std::nullopt;
    }

    /// Nobody stands in a lane that may move.
    opening nobody_ready(time_point now) {
        if (line.front(lane::accident)) return {accidents.affordable_at(now), wait_reason::retry_budget};
        return {never, line.size() > 0 ? wait_reason::own_delay : wait_reason::none};
    }

    action admit(time_point now, lane from) {
        const task_id task = *line.front(from);
        outstanding attempt{pace->on_send(now, line.cost_of(task)), false};
        if (from == lane::accident) {
            attempt.unfunded = !accidents.affords_retry(now);
            if (attempt.unfunded) {
                unfunded_out = true;
            } else {
                accidents.spend(now);
            }
        }
        line.leave(task);
        ++counts.admitted;
        action admitted;
        admitted.what = action::kind::admit;
        admitted.task = task;
        admitted.permit = permit_id{permits.insert(attempt)};
        return admitted;
    }

    action wait_for(const opening& next) {
        action waiting;
        waiting.at = std::min(next.at, line.next_timer());
        waiting.what = waiting.at == never ? action::kind::idle : action::kind::wait;
        waiting.why = next.why;
        return waiting;
    }

    /// The attempt behind a permit, which ends with this report.
    std::optional<departure> settle(permit_id permit) {
        const auto key = static_cast<std::uint64_t>(permit);
        const outstanding* found = permits.find(key);
        if (!found) return std::nullopt;
        const outstanding attempt = *found;
        if (attempt.unfunded) unfunded_out = false;
        permits.erase(key);
        return attempt.sent;
    }
};

coordinator::coordinator(const coordinator_options& options, std::uint64_t seed)
    : parts_(std::make_unique<parts>(options, seed)) {}
coordinator::coordinator(coordinator&&) noexcept = default;
coordinator& coordinator::operator=(coordinator&&) noexcept = default;
coordinator::~coordinator() = default;

task_id coordinator::submit(time_point, const cost& what, time_point deadline) {
    return parts_->join(lane::first, what, deadline, time_point::min());
}

task_id coordinator::resubmit(time_point now, const cost& what, time_point deadline, time_point not_before,
                              retry_cause cause) {
    const lane where = cause == retry_cause::accident ? lane::accident : lane::throttled;
    return parts_->join(where, what, deadline, not_before > now ? not_before : time_point::min());
}

bool coordinator::withdraw(time_point, task_id task) {
    return parts_->line.leave(task);
}

action coordinator::next(time_point now) {
    parts& own = *parts_;
    if (const auto late = own.line.take_expired(now)) {
        action expired;
        expired.what = action::kind::expire;
        expired.task = *late;
        return expired;
    }
    own.line.release_due(now);
    const std::optional<lane> head = own.head_lane(now);
    opening next = head ? own.pace->next_opening(now, own.line.size() + own.expected) : own.nobody_ready(now);
    if (head && own.permits.size() >= own.options.max_in_flight()) next = {never, wait_reason::in_flight};
    if (head && next.at <= now) {
        own.counts.why = wait_reason::none;
        return own.admit(now, *head);
    }
    own.counts.why = next.why;
    return own.wait_for(next);
}

void coordinator::accepted(time_point now, permit_id permit, const hints& said) {
    const auto sent = parts_->settle(permit);
    if (!sent) return;
    ++parts_->counts.accepted;
    parts_->accidents.success();
    parts_->pace->on_accepted(now, *sent, said);
}

time_point coordinator::throttled(time_point now, permit_id permit, const hints& said) {
    const auto sent = parts_->settle(permit);
    if (!sent) return now;
    ++parts_->counts.throttled;
    hints capped = said;
    if (capped.retry_after) {
        capped.retry_after =
            std::clamp(*capped.retry_after, duration::zero(), parts_->options.retry_after_cap());
    }
    parts_->pace->on_throttled(now, *sent, capped);
    return capped.retry_after ? saturating_add(now, *capped.retry_after) : now;
}

void coordinator::failed(time_point now, permit_id permit) {
    const auto sent = parts_->settle(permit);
    if (!sent) return;
    ++parts_->counts.failed;
    parts_->pace->on_failed(now, *sent);
}

void coordinator::abandoned(time_point now, permit_id permit) {
    const auto sent = parts_->settle(permit);
    if (!sent) return;
    ++parts_->counts.abandoned;
    parts_->pace->on_abandoned(now, *sent);
}

void coordinator::expect(std::size_t further_requests) {
    parts_->expected = further_requests;
}

coordinator_status coordinator::status(time_point now) const {
    coordinator_status result = parts_->counts;
    result.waiting = parts_->line.size();
    result.in_flight = parts_->permits.size();
    parts_->pace->describe(now, result);
    return result;
}

}  // namespace stagger
