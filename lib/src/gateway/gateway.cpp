#include "gateway/gateway.hpp"

#include <algorithm>

#include "gateway/call.hpp"
#include "gateway/error_text.hpp"
#include "http/clock.hpp"
#include "net/own_gate.hpp"

namespace stagger::gateway {

namespace {

// Connections for what passes without the line, which has no permit.
constexpr std::size_t further_connections = 32;
// Of which the usual service time is known apart.
constexpr std::size_t most_kinds = 256;

}  // namespace

gateway::gateway(const io_executor& executor, const gateway_options& chosen)
    : executor_(executor),
      chosen_(chosen),
      upstream_(executor, chosen.upstream, chosen.limits.max_in_flight() + further_connections),
      gate_(detail::make_own_gate(executor, chosen.upstream, chosen.limits)) {}

io_awaitable<void> gateway::serve(http_server::exchange& with) {
    ++counts_.calls;
    const auto one = std::make_shared<call>(shared_from_this(), with);
    co_await one->run();
}

http_server::whole_answer gateway::refusal(unsigned status) {
    http_server::answer_head head;
    head.status = status;
    head.lines = "Content-Type: application/json\r\n";
    call_record made;
    made.status = status;
    made.outcome = call_outcome::turned_away;
    ended(made);
    return {head, error_json(api_shape::openai, status, http_server::reason_phrase(status))};
}

void gateway::ended(const call_record& one) {
    switch (one.outcome) {
        case call_outcome::answered:
            ++counts_.answered;
            break;
        case call_outcome::turned_away:
            ++counts_.turned_away;
            break;
        case call_outcome::departed:
            ++counts_.departed;
            break;
        case call_outcome::cut:
            ++counts_.cut;
            break;
    }
    if (one.in && one.attempts > 0) waits_[static_cast<std::size_t>(*one.in)].add(one.waited);
    for (call_observer* told : observers_) told->ended(one);
}

waiting_crowd gateway::crowd(std::size_t most, time_point now) const {
    std::vector<const call*> all;
    waiting_crowd made;
    for (const call* one : calls_) {
        if (!one->waits()) continue;
        all.push_back(one);
        ++made.waiting[static_cast<std::size_t>(one->in())];
        auto& theirs = made.tenants[one->tenant()];
        ++theirs.waiting;
        theirs.oldest = std::max(theirs.oldest, now - one->arrived());
        made.oldest = std::max(made.oldest, theirs.oldest);
    }
    const auto shown = static_cast<std::ptrdiff_t>(std::min(most, all.size()));
    std::ranges::partial_sort(all, all.begin() + shown, {}, &call::id);
    all.resize(static_cast<std::size_t>(shown));
    const wait_reason at_gate = gate_.status().why;
    for (const call* one : all) {
        if (auto described = one->describe_wait(at_gate, now)) made.first.push_back(std::move(*described));
    }
    return made;
}

void gateway::drain() {
    draining_ = true;
    for (call* one : calls_) one->wake();
}

outlook gateway::look_from(waiting_lines::kind of, std::optional<fair_line::place> which,
                           time_point now) const {
    const std::size_t ahead = which ? lines_.ahead_of(of, *which) : lines_.before_newcomer(of);
    return look_ahead(ahead, gate_.status(), now);
}

void gateway::move_on(waiting_lines::kind of) {
    lines_.move_on(of, waiting_lines::places_at_gate(gate_.status().pace_per_s));
    gate_.expect(lines_.waiting());
}

service_times& gateway::served(waiting_lines::kind of) {
    const auto found = served_.find(of);
    if (found != served_.end()) return found->second;
    return served_.size() < most_kinds ? served_[of] : served_others_;
}

}  // namespace stagger::gateway
