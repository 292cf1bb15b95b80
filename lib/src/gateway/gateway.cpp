#include "gateway/gateway.hpp"

#include <algorithm>
#include <utility>

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
// Tenants that are not listed, of whose waits it is known how long they were: up to 8 KB each.
constexpr std::size_t most_tenants_timed = 256;

upstream_identity identity_of(const client_directory& clients, std::string api_key,
                              const client_options& of_client) {
    return {std::move(api_key), of_client.headers(), clients.asks_for_keys()};
}

}  // namespace

day_books::day_number day_of_utc() {
    constexpr double day_s = 86'400;
    return static_cast<day_books::day_number>(unix_now() / day_s);
}

gateway::gateway(const io_executor& executor, const gateway_options& chosen)
    : executor_(executor),
      chosen_(chosen),
      upstream_(executor, chosen.upstream, chosen.limits.max_in_flight() + further_connections),
      gate_(detail::make_own_gate(executor, chosen.upstream, chosen.limits)),
      clients_(chosen.clients),
      hidden_(chosen.hidden),
      lines_([this](std::uint64_t tenant) { return clients_->terms_of(tenant).most_going; },
             clients_->weights()) {
    upstream_.identity(identity_of(*clients_, chosen.upstream.api_key(), chosen.upstream));
}

void gateway::replace(std::shared_ptr<const client_directory> clients, std::string api_key) {
    clients_ = std::move(clients);
    hidden_.add(api_key);
    upstream_.identity(identity_of(*clients_, std::move(api_key), chosen_.upstream));
    move_on(lines_.reconsider(clients_->weights()));
}

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
    if (one.in && one.attempts > 0) note_wait(one);
    for (call_observer* told : observers_) told->ended(one);
}

void gateway::note_wait(const call_record& one) {
    waits_[static_cast<std::size_t>(*one.in)].add(one.waited);
    const auto found = tenant_waits_.find(one.tenant);
    if (found != tenant_waits_.end()) return found->second.add(one.waited);
    const std::size_t room = most_tenants_timed + clients_->tenants();
    if (!one.tenant_name.empty() || tenant_waits_.size() < room) tenant_waits_[one.tenant].add(one.waited);
}

const recent_waits* gateway::waits_of(std::uint64_t tenant) const {
    const auto found = tenant_waits_.find(tenant);
    return found == tenant_waits_.end() ? nullptr : &found->second;
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

outlook gateway::look_from(std::size_t ahead, time_point now) const {
    return look_ahead(ahead, gate_.status(), now);
}

void gateway::move_on(const std::vector<waiting_lines::kind>& all) {
    for (const waiting_lines::kind one : all) move_on(one);
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
