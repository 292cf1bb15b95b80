#include "provider/model.hpp"

#include <algorithm>
#include <string>
#include <type_traits>
#include <unordered_map>
#include <utility>

#include "provider/concurrency_limiter.hpp"
#include "provider/draw.hpp"
#include "provider/faults.hpp"
#include "provider/hints.hpp"
#include "provider/limits_by_model.hpp"
#include "provider/lockout.hpp"
#include "provider/refusals.hpp"

namespace stagger::provider {
namespace {

// Faults draw from a stream of their own, so that the same seed gives the same services with and without
// them.
constexpr std::uint64_t fault_stream = 0x6661756c74730000u;

// So do refusals by chance.
constexpr std::uint64_t refusal_stream = 0x72656675736c0000u;

// What is said where a place should have become free already: soon, but not at once.
constexpr duration overdue_wait = std::chrono::milliseconds(1);

time_point due_after(time_point now, time_point expected) {
    return expected > now ? expected : now + overdue_wait;
}

bool limits_concurrency(const std::vector<limit>& limits) {
    return std::any_of(limits.begin(), limits.end(),
                       [](const limit& each) { return std::holds_alternative<concurrency_limit>(each); });
}

bool ever_limits_concurrency(const provider_description& description) {
    return limits_concurrency(description.limits) ||
           std::any_of(description.changes.begin(), description.changes.end(),
                       [](const limits_change& each) { return limits_concurrency(each.limits); });
}

bool settles(const std::vector<limit>& limits) {
    return std::any_of(limits.begin(), limits.end(), [](const limit& each) {
        return std::visit(
            [](const auto& one) {
                if constexpr (std::is_same_v<std::decay_t<decltype(one)>, concurrency_limit>) {
                    return false;
                } else {
                    return one.counts == unit::tokens && settles(one.counted);
                }
            },
            each);
    });
}

bool ever_settles(const provider_description& description) {
    return settles(description.limits) ||
           std::any_of(description.changes.begin(), description.changes.end(),
                       [](const limits_change& each) { return settles(each.limits); }) ||
           std::any_of(description.models.begin(), description.models.end(),
                       [](const auto& each) { return settles(each.second.limits); });
}

bool depends_on_load(const refusals_description& refusals) {
    return std::any_of(refusals.by_chance.begin(), refusals.by_chance.end(),
                       [](const chance_refusals& each) { return each.depends_on_load(); });
}

}  // namespace

struct model::state {
    state(provider_description given, std::uint64_t seed, time_point begin);

    decision arrive(time_point now, const arrival& what);
    void depart(time_point now, request_id id);
    void advance(time_point now);
    time_point earliest_admission(time_point now, const arrival& what);
    time_point next_change() const;

    bool never_admits(const arrival& what) const {
        return what.unwanted || description.refuses_model(what.model);
    }
    decision admit(time_point now, const arrival& what);
    decision enqueue(time_point now, const arrival& what);
    decision refuse(time_point now, const arrival& what);
    decision turn_away(time_point now, const refusals::refusal& refusal, const arrival& what);
    decision fail(time_point now, unsigned status, const arrival& what);
    void settle(time_point now, request_id id);
    void promote_all(time_point now);
    void time_out_first(time_point now);
    void change_limits(time_point now);
    bool has_place() const { return in_flight.has_room() || in_flight.has_place_in_line(); }
    time_point place_free_at(time_point now) const;
    time_point open_from(time_point then) const;
    duration told_wait(time_point now, time_point until) const;
    void tell_limits(decision& answer, time_point now, std::string_view model);

    /// What a request took that has yet to show what it makes.
    struct open_charge {
        time_point taken;
        token_cost tokens;
        std::string model;
        bool served = false;
    };

    provider_description description;
    time_point start;
    bool settles_charges;
    bool tracks_in_flight;  // where nothing depends on it there is nothing that `depart` could change
    limits_by_model rates;
    concurrency_limiter in_flight;
    lockout locked;
    refusals turning_away;
    faults failing;
    random_source services;
    std::size_t changes_done = 0;
    std::uint64_t untracked_ids = 0;
    std::unordered_map<request_id, open_charge> unsettled;  // empty unless `settles_charges`
    std::vector<queue_event> events;
    time_point oldest_event = never;
};

model::state::state(provider_description given, std::uint64_t seed, time_point begin)
    : description(std::move(given)),
      start(begin),
      settles_charges(ever_settles(description)),
      tracks_in_flight(settles_charges || ever_limits_concurrency(description) ||
                       depends_on_load(description.refusals)),
      rates(description, begin),
      locked(description.lockout_silence),
      turning_away(description.refusals, seed ^ refusal_stream, begin),
      failing(description.faults, seed ^ fault_stream, begin),
      services(seed) {
    in_flight.set_limit(description.limits);
    std::stable_sort(description.changes.begin(), description.changes.end(),
                     [](const limits_change& a, const limits_change& b) { return a.at < b.at; });
}

decision model::state::arrive(time_point now, const arrival& what) {
    advance(now);
    if (const auto refusal = turning_away.strike(now, in_flight.served())) {
        return turn_away(now, *refusal, what);
    }
    if (never_admits(what)) {
        return turn_away(now, {refusal_cause::prompt, description.rejection_status}, what);
    }
    if (locked.refuses(now, what.caller) || !rates.admit(now, what.model, what.tokens) || !has_place()) {
        if (description.charge_rejections) rates.take_refused(now, what.model, what.tokens);
        return refuse(now, what);
    }
    rates.take(now, what.model, what.tokens);
    if (const auto status = failing.strike(now)) return fail(now, *status, what);
    return in_flight.has_room() ? admit(now, what) : enqueue(now, what);
}

decision model::state::admit(time_point now, const arrival& what) {
    decision answer;
    answer.service = draw_service(description.latency, services);
    answer.id =
        tracks_in_flight ? in_flight.start(saturating_add(now, answer.service)) : request_id{untracked_ids++};
    if (settles_charges)
        unsettled.emplace(answer.id, open_charge{now, what.tokens, std::string(what.model), true});
    tell_limits(answer, now, what.model);
    return answer;
}

decision model::state::enqueue(time_point now, const arrival& what) {
    decision answer;
    answer.what = decision::kind::queue;
    answer.id = in_flight.wait({now, what.tokens, std::string(what.caller), std::string(what.model)});
    if (settles_charges) unsettled.emplace(answer.id, open_charge{now, what.tokens, std::string(what.model)});
    return answer;
}

decision model::state::refuse(time_point now, const arrival& what) {
    decision answer;
    answer.what = decision::kind::reject;
    answer.status = description.rejection_status;
    answer.service = description.refusals.delay;
    locked.shut_out(now, what.caller);
    const retry_after_hint wanted = description.hints.retry_after;
    if (wanted != retry_after_hint::none) {
        std::optional<duration> wait;
        const time_point then = wanted == retry_after_hint::wrong ? never : earliest_admission(now, what);
        if (then != never) wait = told_wait(now, then);
        answer.retry_after = retry_after(description.hints, wait);
        answer.retry_after_kind = wanted;
    }
    tell_limits(answer, now, what.model);
    return answer;
}

decision model::state::turn_away(time_point now, const refusals::refusal& refusal, const arrival& what) {
    if (refusal.charged) rates.take_refused(now, what.model, what.tokens);
    decision answer;
    answer.what = decision::kind::reject;
    answer.status = refusal.status;
    answer.service = description.refusals.delay;
    answer.refused_by = refusal.cause;
    if (refusal.retry_after != retry_after_hint::none) {
        answer.retry_after = rounded(told_wait(now, open_from(now)), refusal.retry_after);
        answer.retry_after_kind = refusal.retry_after;
    }
    return answer;
}

decision model::state::fail(time_point now, unsigned status, const arrival& what) {
    token_cost tokens = what.tokens;
    tokens.made = 0;
    if (settles_charges) rates.settle(now, now, what.model, tokens);
    decision answer;
    answer.what = decision::kind::fail;
    answer.status = status;
    tell_limits(answer, now, what.model);
    return answer;
}

void model::state::depart(time_point now, request_id id) {
    if (!tracks_in_flight) return;
    advance(now);
    if (settles_charges) settle(now, id);
    in_flight.leave(id);
    promote_all(now);
}

void model::state::settle(time_point now, request_id id) {
    const auto found = unsettled.extract(id);
    if (found.empty()) return;
    open_charge& charge = found.mapped();
    if (!charge.served) charge.tokens.made = 0;  // it left the line
    rates.settle(now, charge.taken, charge.model, charge.tokens);
}

void model::state::tell_limits(decision& answer, time_point now, std::string_view model) {
    if (description.hints.headers != header_hint::none) answer.headers = rates.reports(now, model);
}

time_point model::state::place_free_at(time_point now) const {
    if (has_place()) return now;
    time_point first = in_flight.next_departure();
    if (in_flight.anyone_waits()) first = std::min(first, in_flight.next_timeout());
    return due_after(now, first);
}

/// When neither a closure nor an outage is in the way any more.
time_point model::state::open_from(time_point then) const {
    while (true) {
        const time_point later = failing.outage_end(turning_away.closure_end(then));
        if (later == then) return then;
        then = later;
    }
}

time_point model::state::earliest_admission(time_point now, const arrival& what) {
    if (never_admits(what)) return never;
    time_point then = saturating_add(now, rates.wait(now, what.model, what.tokens));
    if (locked.active()) then = std::max(then, saturating_add(now, locked.remaining(now, what.caller)));
    then = std::max(then, place_free_at(now));
    if (turning_away.sheds_all(in_flight.served())) {
        then = std::max(then, due_after(now, in_flight.next_departure()));
    }
    return open_from(then);
}

/// What is left of the wait when a refusal of now is told.
duration model::state::told_wait(time_point now, time_point until) const {
    return std::max(duration::zero(), until - now - description.refusals.delay);
}

time_point model::state::next_change() const {
    return changes_done < description.changes.size() ? start + description.changes[changes_done].at : never;
}

void model::state::promote_all(time_point now) {
    while (in_flight.can_promote()) {
        const std::string model = in_flight.first_in_line().model;
        decision outcome;
        outcome.service = draw_service(description.latency, services);
        outcome.id = in_flight.promote(saturating_add(now, outcome.service));
        if (settles_charges) unsettled[outcome.id].served = true;
        tell_limits(outcome, now, model);
        oldest_event = std::min(oldest_event, now);
        events.push_back({outcome.id, std::move(outcome)});
    }
}

void model::state::time_out_first(time_point now) {
    request_id id{};
    const waiting_request gone = in_flight.give_up(id);
    unsettled.erase(id);
    if (!description.charge_rejections) rates.put_back(now, gone.since, gone.model, gone.tokens);
    decision outcome = refuse(now, {gone.caller, gone.tokens, gone.model});
    outcome.id = id;
    oldest_event = std::min(oldest_event, now);
    events.push_back({id, std::move(outcome)});
}

void model::state::change_limits(time_point now) {
    const std::vector<limit>& limits = description.changes[changes_done++].limits;
    rates.replace(limits, now);
    in_flight.set_limit(limits);
    promote_all(now);
}

void model::state::advance(time_point now) {
    while (true) {
        const time_point change = next_change();
        const time_point timeout = in_flight.next_timeout();
        if (std::min(change, timeout) > now) return;
        if (timeout <= change) {
            time_out_first(timeout);
        } else {
            change_limits(change);
        }
    }
}

model::model(provider_description description, std::uint64_t seed, time_point start)
    : state_(std::make_unique<state>(std::move(description), seed, start)) {}
model::model(model&&) noexcept = default;
model& model::operator=(model&&) noexcept = default;
model::~model() = default;

decision model::arrive(time_point now, const arrival& what) {
    return state_->arrive(now, what);
}

void model::depart(time_point now, request_id id) {
    state_->depart(now, id);
}

bool model::departures_matter() const {
    return state_->tracks_in_flight;
}

std::vector<queue_event> model::events_until(time_point now) {
    state_->advance(now);
    state_->oldest_event = never;
    return std::exchange(state_->events, {});
}

time_point model::next_event() const {
    if (state_->oldest_event != never) return state_->oldest_event;
    return state_->in_flight.anyone_waits()
               ? std::min(state_->in_flight.next_timeout(), state_->next_change())
               : never;
}

time_point model::earliest_admission(time_point now, const arrival& what) {
    state_->advance(now);
    return state_->earliest_admission(now, what);
}

time_point model::next_change() const {
    return state_->next_change();
}

}  // namespace stagger::provider
