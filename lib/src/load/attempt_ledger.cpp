#include "load/attempt_ledger.hpp"

#include <algorithm>

namespace stagger::load {

namespace events = attempt_events;

void attempt_ledger::queued(const events::queued& event) noexcept {
    open_request& one = open_[event.id.request];
    one.queued_at = clock_();
    one.own_delay = event.own_delay;
    one.sent_at.reset();
    one.connecting.reset();
    if (next_) next_->queued(event);
}

void attempt_ledger::leave_line(open_request& one, time_point now) {
    const duration waited = now - one.queued_at;
    const duration alone = std::min(waited, one.own_delay);
    one.effort.backing_off += alone;
    one.effort.waiting_in_line += waited - alone;
}

void attempt_ledger::admitted(const events::admitted& event) noexcept {
    open_request& one = open_[event.id.request];
    one.admitted_at = clock_();
    leave_line(one, one.admitted_at);
    if (next_) next_->admitted(event);
}

void attempt_ledger::sent(const events::sent& event) noexcept {
    open_request& one = open_[event.id.request];
    const time_point now = clock_();
    one.sent_at = now;
    if (!one.effort.first_sent) one.effort.first_sent = now;
    if (event.new_connection) one.connecting = now - one.admitted_at;
    told_.sent(now);
    if (next_) next_->sent(event);
}

void attempt_ledger::head(const events::head& event) noexcept {
    if (next_) next_->head(event);
}

void attempt_ledger::done(const events::done& event) noexcept {
    open_request& one = open_[event.id.request];
    attempt_record record;
    record.sent = one.sent_at;
    record.ended = clock_();
    if (!event.was_admitted) leave_line(one, record.ended);
    record.error = event.error;
    record.was_admitted = event.was_admitted;
    record.was_refused = event.was_admitted && event.error == condition::throttled;
    record.connecting = one.connecting;
    if (!event.error && one.sent_at) record.service = event.info.served;
    record.waited = event.waited;
    told_.ended(record);
    if (next_) next_->done(event);
}

request_effort attempt_ledger::take(std::uint64_t request) {
    const auto found = open_.find(request);
    if (found == open_.end()) return {};
    request_effort effort = found->second.effort;
    open_.erase(found);
    return effort;
}

}  // namespace stagger::load
