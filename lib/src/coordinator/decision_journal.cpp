#include "coordinator/decision_journal.hpp"

#include <utility>

namespace stagger {

decision_journal::decision_journal(std::shared_ptr<decision_recorder> to, const coordinator_options& options,
                                   std::uint64_t seed, coordinator_mode begins_in)
    : to_(std::move(to)), mode_(begins_in) {
    to_->started(options, seed);
}

void decision_journal::answered(time_point now, const action& todo, const waiting_times& waited,
                                const std::optional<double>& reserved_tokens, const coordinator_view& after) {
    switch (todo.what) {
        case action::kind::admit:
            record(now, decisions::admitted{todo.task, todo.permit, waited, after, reserved_tokens});
            break;
        case action::kind::expire:
            record(now, decisions::expired{todo.task, waited});
            break;
        case action::kind::wait:
        case action::kind::idle:
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

void decision_journal::fleet_heard(time_point now, const decisions::fleet_heard& call,
                                   const coordinator_view& after) {
    record(now, call);
    compare_mode(now, mode_cause::fleet, after);
}

void decision_journal::fleet_said(time_point now, const decisions::fleet_said& call,
                                  const coordinator_view& after) {
    record(now, call);
    compare_mode(now, mode_cause::time, after);
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
