#include "core/decision_journal.hpp"

#include <algorithm>
#include <utility>

#include "core/slot_map.hpp"

namespace stagger {

decision_journal::decision_journal(std::shared_ptr<decision_recorder> to, const coordinator_options& options,
                                   std::uint64_t seed, coordinator_mode begins_in)
    : to_(std::move(to)), mode_(begins_in) {
    to_->started(options, seed);
}

void decision_journal::reserve(std::size_t waiting) {
    // A line of n tasks has never used places beyond its largest size, so that notes for n tasks suffice.
    if (waiting > notes_.size()) notes_.resize(std::max(waiting, 2 * notes_.size()));
}

void decision_journal::submitted(time_point now, const decisions::submitted& call) {
    joined(now, call.task, false, false);
    record(now, call);
}

void decision_journal::resubmitted(time_point now, const decisions::resubmitted& call) {
    joined(now, call.task, call.cause == retry_cause::accident, call.not_before > now);
    record(now, call);
}

void decision_journal::withdrawn(time_point now, task_id task, bool was_waiting) {
    record(now, decisions::withdrawn{task, was_waiting, was_waiting ? left(now, task) : waiting_times()});
}

void decision_journal::released(time_point now, task_id task) {
    note& waiting = note_of(task);
    waiting.delayed = false;
    waiting.own_delay = now - waiting.joined;
    waiting.before = account_of(waiting).at(now);
}

void decision_journal::answered(time_point now, const action& todo, wait_reason why_accidents,
                                const coordinator_view& after) {
    switch (todo.what) {
        case action::kind::admit:
            record(now, decisions::admitted{todo.task, todo.permit, left(now, todo.task), after});
            break;
        case action::kind::expire:
            record(now, decisions::expired{todo.task, left(now, todo.task)});
            break;
        case action::kind::wait:
        case action::kind::idle:
            accidents_.hold(now, why_accidents);
            others_.hold(now, todo.why);
            record(now, decisions::held{todo.at, todo.why});
            break;
    }
    compare_mode(now, mode_cause::time, after);
}

void decision_journal::answering(time_point now, const decisions::answering& call,
                                 const coordinator_view& after) {
    record(now, call);
    compare_mode(now, mode_cause::admission, after);
}

void decision_journal::accepted(time_point now, const decisions::accepted& call,
                                const coordinator_view& after) {
    record(now, call);
    compare_mode(now, mode_cause::admission, after);
}

void decision_journal::throttled(time_point now, const decisions::throttled& call,
                                 const coordinator_view& after) {
    record(now, call);
    compare_mode(now, mode_cause::rejection, after);
}

void decision_journal::failed(time_point now, permit_id permit, const coordinator_view& after) {
    record(now, decisions::failed{permit});
    compare_mode(now, mode_cause::failure, after);
}

void decision_journal::abandoned(time_point now, permit_id permit, const coordinator_view& after) {
    record(now, decisions::abandoned{permit});
    compare_mode(now, mode_cause::failure, after);
}

void decision_journal::joined(time_point now, task_id task, bool after_accident, bool delayed) {
    note& waiting = note_of(task);
    waiting = {};
    waiting.joined = now;
    waiting.after_accident = after_accident;
    waiting.delayed = delayed;
    waiting.before = account_of(waiting).at(now);
}

waiting_times decision_journal::left(time_point now, task_id task) {
    const note& waiting = note_of(task);
    waiting_times waited;
    if (waiting.delayed) {
        waited[wait_reason::own_delay] = now - waiting.joined;
        return waited;
    }
    waited = account_of(waiting).at(now);
    waited -= waiting.before;
    waited[wait_reason::own_delay] += waiting.own_delay;
    return waited;
}

decision_journal::note& decision_journal::note_of(task_id task) {
    return notes_[slot_map<int>::place_of(static_cast<std::uint64_t>(task))];
}

void decision_journal::record(time_point now, const decision& what) {
    if (expected_) to_->record({now, decisions::expected{*std::exchange(expected_, std::nullopt)}});
    to_->record({now, what});
}

void decision_journal::compare_mode(time_point now, mode_cause because, const coordinator_view& after) {
    if (after.mode == mode_) return;
    to_->record({now, decisions::mode_changed{std::exchange(mode_, after.mode), because, after}});
}

}  // namespace stagger
