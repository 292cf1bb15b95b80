#include "net/route_choice.hpp"

#include <utility>

#include "http/clock.hpp"
#include "net/gate_access.hpp"

namespace stagger::detail {

using routing::route_line;

namespace {

// Asking a gate is a tenth of what a request costs. What it says changes slowly, but where a refusal or a
// word of the server's came, which it tells.
constexpr duration asked_again_after = std::chrono::milliseconds(10);

}  // namespace

route_choice::route_choice(const io_executor& strand, std::vector<std::unique_ptr<route_target>>& targets,
                           std::vector<routing::route_rules> rules)
    : context_bound(strand),
      targets_(targets),
      line_(std::move(rules)),
      loads_(targets.size()),
      timer_(std::in_place, strand) {
    for (std::size_t i = 0; i < targets_.size(); ++i) {
        std::size_t first = 0;
        while (!gate_access::are_one(targets_[first]->gate, targets_[i]->gate)) ++first;
        if (first == i) gates_.push_back({i, {}, &gate_access::news(targets_[i]->gate)});
        gate_of_.push_back(first == i ? gates_.size() - 1 : gate_of_[first]);
        gates_[gate_of_.back()].routes.push_back(i);
    }
}

route_line::arrival route_choice::arrive(time_point now, time_point deadline, priority in) {
    // Not where all are sent away, nor inside a move, whose guest has not joined its gate yet.
    if (closed_ || moving_) return {line_.join(now, deadline, in), {}};
    look_at_gates(now);
    const auto came = line_.arrive(now, deadline, in, loads_);
    if (came.where) tell_rest(*came.where);
    return came;
}

void route_choice::again(guest_id id, const guest_pointer& who, time_point deadline,
                         std::optional<std::size_t> last, time_point not_before) {
    places_[id] = {who, {}};
    line_.again(steady_now(), id, deadline, last, not_before);
}

bool route_choice::withdraw(guest_id id) {
    if (!line_.withdraw(id)) return false;
    places_.erase(id);
    waiting_.store(line_.waiting(), std::memory_order_relaxed);
    arm(steady_now());
    return true;
}

void route_choice::stands(guest_id id, const guest_pointer& who, std::size_t where) {
    places_[id] = {who, where};
    if (!moving_) look();
}

void route_choice::left(guest_id id, std::size_t where) {
    line_.left(where);
    if (!places_.empty()) places_.erase(id);
}

void route_choice::forget(guest_id id) {
    line_.forget(id);
    if (!places_.empty()) places_.erase(id);
}

routing::route_health::attempt_number route_choice::sent(time_point now, std::size_t where) {
    targets_[where]->attempts.add();
    return line_.health(where).sent(now);
}

void route_choice::ended(time_point now, std::size_t where, routing::route_health::attempt_number which,
                         routing::route_outcome what, std::optional<duration> opens_in) {
    line_.health(where).ended(which, what, now, opens_in);
    tell_condition(where);
}

void route_choice::look() {
    if (!moving_ && !closed_ && line_.is_idle() && places_.empty() && !armed_) return;
    again_ = true;
    if (std::exchange(moving_, true)) return;
    try {
        while (std::exchange(again_, false)) move_all();
    } catch (...) {
        moving_ = false;
        throw;
    }
    moving_ = false;
}

void route_choice::move_all() {
    if (closed_) return end_all();
    time_point now = steady_now();
    look_at_gates(now);
    while (const auto next = line_.next(now, loads_)) {
        carry_out(*next);
        now = steady_now();
        look_at_gates(now);
    }
    for (std::size_t i = 0; i < targets_.size(); ++i) tell_condition(i);
    waiting_.store(line_.waiting(), std::memory_order_relaxed);
    arm(now);
}

void route_choice::tell_condition(std::size_t where) {
    targets_[where]->condition.store(condition(where), std::memory_order_relaxed);
}

void route_choice::carry_out(const route_line::move& next) {
    if (next.what == route_line::move::kind::recall) {
        // Those that are told may leave meanwhile, and others come.
        std::vector<guest_pointer> there;
        for (const auto& [id, at] : places_) {
            if (at.bound_to == next.where) there.push_back(at.who);
        }
        for (const guest_pointer& who : there) who->recalled();
        return;
    }
    const auto found = places_.find(next.who);
    if (found == places_.end()) return;
    const guest_pointer who = found->second.who;
    if (next.what == route_line::move::kind::expire) {
        places_.erase(found);
        return who->no_route(errc::deadline_exceeded);
    }
    places_.erase(found);
    tell_rest(next.where);
    who->route_found(next.where);
}

void route_choice::tell_rest(std::size_t where) {
    gate_word& gate = gates_[gate_of_[where]];
    if (line_.waiting() + expected_ + gate.told_to_come == 0) return;
    double all = 0;
    for (const gate_word& each : gates_) all += loads_[each.first_route].pace_per_s;
    const double share = all > 0 ? loads_[where].pace_per_s / all : 1;
    const auto rest = static_cast<std::size_t>(static_cast<double>(line_.waiting() + expected_) * share);
    if (std::exchange(gate.told_to_come, rest) != rest) targets_[where]->gate.expect(rest);
}

std::size_t route_choice::bound_to(const gate_word& gate) const {
    if (line_.bound() == 0) return 0;
    std::size_t sum = 0;
    for (const std::size_t each : gate.routes) sum += line_.bound(each);
    return sum;
}

void route_choice::look_at_gates(time_point now) {
    for (gate_word& gate : gates_) {
        const std::uint32_t news = gate.latest_news->load(std::memory_order_relaxed);
        if (gate.may_change_soon || gate.news != news || now >= gate.asked_at + asked_again_after) {
            gate.news = news;
            ask(gate, now);
        }
        const std::size_t waiting = gate.others + bound_to(gate);
        for (const std::size_t each : gate.routes) loads_[each].waiting = waiting;
    }
}

void route_choice::ask(gate_word& gate, time_point now) {
    const coordinator_status told = targets_[gate.first_route]->gate.status();
    routing::route_load load{told.waiting, told.delayed, told.pace_per_s, told.opens_at,
                             told.mode == coordinator_mode::closed};
    if (told.all_wait_until && *told.all_wait_until > now)
        load.opens_at = std::max(load.opens_at.value_or(now), *told.all_wait_until);
    for (const std::size_t each : gate.routes) loads_[each] = load;
    const std::size_t bound = bound_to(gate);
    gate.others = told.waiting > bound ? told.waiting - bound : 0;
    gate.may_change_soon = load.closed || load.opens_at || load.delayed > 0;
    gate.asked_at = now;
}

// A timer that is due sooner stays: waking early costs one look. It is armed as long as anybody waits, if
// only for a time that never comes, so that the context goes on running.
void route_choice::arm(time_point now) {
    if (!timer_) return;
    if (places_.empty()) {
        if (std::exchange(armed_, false)) timer_->cancel();
        return;
    }
    const time_point at = line_.wake_at(now, loads_);
    if (armed_ && armed_for_ <= at) return;
    armed_ = true;
    armed_for_ = at;
    timer_->expires_at(at);
    timer_->async_wait([weak = weak_from_this(), at](const error_code& error) {
        const auto self = weak.lock();
        if (error || !self) return;
        if (self->armed_for_ == at) self->armed_ = false;
        self->look();
    });
}

route_condition route_choice::condition(std::size_t where) const {
    switch (line_.health(where).grade()) {
        case routing::route_grade::good:
            return route_condition::good;
        case routing::route_grade::slow:
            return route_condition::slow;
        case routing::route_grade::down:
            return route_condition::down;
        case routing::route_grade::unusable:
            return route_condition::unusable;
    }
    return route_condition::good;
}

namespace {

/// The one that comes first, where both are known.
std::optional<time_point> first_of(std::optional<time_point> a, std::optional<time_point> b) {
    return a && b ? std::optional(std::min(*a, *b)) : std::nullopt;
}

void add(coordinator_status& all, const coordinator_status& one) {
    all.mode = std::min(all.mode, one.mode);  // closed only where every one is
    all.pace_per_s += one.pace_per_s;
    if (one.measured_per_s) all.measured_per_s = all.measured_per_s.value_or(0) + *one.measured_per_s;
    if (one.measured_window) all.measured_window = all.measured_window.value_or(0) + *one.measured_window;
    all.waiting += one.waiting;
    all.delayed += one.delayed;
    all.in_flight += one.in_flight;
    all.waited += one.waited;
    all.admitted += one.admitted;
    all.accepted += one.accepted;
    all.throttled += one.throttled;
    all.failed += one.failed;
    all.abandoned += one.abandoned;
    all.kind_refused += one.kind_refused;
    all.hints_cut += one.hints_cut;
    all.opens_at = first_of(all.opens_at, one.opens_at);
    all.all_wait_until = first_of(all.all_wait_until, one.all_wait_until);
}

}  // namespace

coordinator_status route_choice::status() const {
    coordinator_status all = targets_.front()->gate.status();
    for (const gate_word& each : gates_) {
        if (each.first_route != 0) add(all, targets_[each.first_route]->gate.status());
    }
    all.waiting += waiting_.load(std::memory_order_relaxed);
    return all;
}

void route_choice::close() {
    closed_ = true;
    look();
}

void route_choice::end_all() {
    std::vector<guest_pointer> ending;
    for (auto at = places_.begin(); at != places_.end();) {
        if (at->second.bound_to) {
            ++at;
            continue;
        }
        line_.withdraw(at->first);
        ending.push_back(std::move(at->second.who));
        at = places_.erase(at);
    }
    for (const guest_pointer& who : ending) who->no_route(errc::shut_down);
}

void route_choice::context_ends() noexcept {
    const auto self = shared_from_this();
    timer_.reset();
    std::exchange(places_, {}).clear();
}

}  // namespace stagger::detail
