#include "stagger/coordinator.hpp"

#include <algorithm>
#include <optional>
#include <stdexcept>
#include <utility>

#include "base/slot_map.hpp"
#include "coordinator/decision_journal.hpp"
#include "coordinator/line_waits.hpp"
#include "coordinator/own_refusals.hpp"
#include "coordinator/refused_kinds.hpp"
#include "coordinator/returning_tasks.hpp"
#include "coordinator/token_forecast.hpp"
#include "coordinator/wait_notes.hpp"
#include "coordinator/waiting_line.hpp"
#include "fairness/class_turns.hpp"
#include "fleet/follower.hpp"
#include "pacing/make_pacing.hpp"
#include "pacing/pacing.hpp"
#include "pacing/sane_hints.hpp"
#include "retry/retry_budget.hpp"

namespace stagger {

namespace {

/// An admitted attempt. `unfunded`: a retry after an accident for which the budget was empty. `answering`:
/// what it tells about the limit is known, and only its place is still taken. `probes_kind`: the one attempt
/// of a kind that is set aside.
struct outstanding {
    departure sent;
    cost asked;
    task_kind kind{};
    std::uint64_t alike_before = 0;   // sent
    std::uint64_t others_before = 0;  // of other kinds
    bool after_accident = false;
    bool unfunded = false;
    bool answering = false;
    bool probes_kind = false;
};

// Refusals of one task: from then on it waits by itself, whatever refuses it.
constexpr std::uint32_t refused_often = 20;
constexpr std::uint64_t stepping_aside_stream = 0x6173696465000000u;

/// What the server has said of when it admits again, for strategies that do not ask: until it admits
/// something that was sent later than what it refused so.
class last_announcement {
 public:
    void refused(const departure& sent, time_point until) {
        refused_ = sent.at;
        until_ = std::max(until_, until);
    }
    void admitted(const departure& sent) {
        if (sent.at > refused_) until_ = time_point::min();
    }
    std::optional<time_point> opens_at(time_point now) const {
        return until_ > now ? std::optional(until_) : std::nullopt;
    }

 private:
    time_point refused_{};
    time_point until_ = time_point::min();
};

}  // namespace

struct coordinator::parts {
    parts(const coordinator_options& chosen, std::uint64_t seed)
        : options(chosen), random(seed ^ stepping_aside_stream) {
        if (options.fleet_member().empty()) {
            pace = make_pacing(chosen, seed);
        } else {
            auto in_fleet = std::make_unique<fleet::follower>(chosen, seed);
            follower = in_fleet.get();
            pace = std::move(in_fleet);
        }
        if (!options.recorder()) return;
        journal = std::make_unique<decision_journal>(options.recorder(), options, seed, view({}).mode);
        notes = std::make_unique<wait_notes>();
    }

    coordinator_options options;
    std::unique_ptr<stagger::pacing> pace;
    fleet::follower* follower = nullptr;  // what `pace` is, where it is a member of a fleet
    waiting_line line;
    slot_map<outstanding> permits;
    returning_tasks returning;
    token_forecast forecast;
    retry_budget accidents;
    refused_kinds kinds;
    random_source random;
    fairness::class_turns classes;
    priority only_class = priority::normal;
    bool takes_turns = false;  // tasks of several classes have come; most lines have one
    bool others_turn = false;  // the last to go stood aside
    bool unfunded_out = false;
    std::size_t expected = 0;
    last_announcement announced;
    coordinator_status counts;  // the counters and the last reason; the rest is filled in when asked for
    line_waits waits;
    std::unique_ptr<decision_journal> journal;  // only where a recorder listens
    std::unique_ptr<wait_notes> notes;          // only where somebody asks what was waited for
    waiting_times waited;                       // of the task that left the line last
    std::optional<double> reserved_tokens;  // for the one that was admitted last, where they are a forecast

    /// The other strategies stand for what libraries do that tell no refusal from another.
    bool tells_refusals_apart() const { return options.pacing() == pacing_kind::ride_the_limit; }

    task_id join(time_point now, lane where, const waiting_line::newcomer& who, time_point not_before) {
        // Room for its permit as well: admitting it must not fail.
        const std::size_t tasks = permits.size() + line.size() + 1;
        permits.reserve(std::min<std::size_t>(tasks, options.max_in_flight()));
        if (notes) notes->reserve(line.places() + 1);
        kinds.know(who.kind);
        const task_id task = line.join(where, who, not_before);
        if (notes) notes->joined(now, task, where, not_before != time_point::min());
        return task;
    }

    /// Only while others are admitted can it be told from a limit what refuses a task: it is tried a few
    /// times before they run out.
    seconds longest_wait_aside(time_point now, const refusal_history& so_far) const {
        constexpr double share_of_what_is_left = 1.0 / 3;
        constexpr seconds shortest{0.1};
        constexpr seconds longest_if_often{0.3};
        const seconds longest = own_refusals::longest_wait(so_far.refusals);
        // Whoever is refused that often is no hurry to anybody, however soon the others are done.
        if (so_far.refusals >= refused_often) return std::min(longest, longest_if_often);
        const auto others = static_cast<double>(first_attempts() + expected);
        if (others == 0) return longest;
        const seconds left(others / view(now).pace_per_s);
        return std::min(longest, std::max(shortest, share_of_what_is_left * left));
    }

    task_id rejoin(time_point now, const waiting_line::newcomer& who, time_point not_before,
                   retry_cause cause, const refusal_history& so_far) {
        kinds.know(who.kind);
        lane where = cause == retry_cause::accident ? lane::accident : lane::throttled;
        const bool steps_aside = so_far.refusals > 1 || (so_far.refusals > 0 && kinds.is_suspected(who.kind));
        if (where == lane::throttled && steps_aside && tells_refusals_apart()) {
            where = lane::aside;
            if (own_refusals::is_doubtful(so_far.evidence) || so_far.refusals >= refused_often) {
                not_before =
                    std::max(not_before, after(now, longest_wait_aside(now, so_far) * random.uniform()));
            }
        }
        return join(now, where, who, not_before > now ? not_before : time_point::min());
    }

    /// First attempts that stand in line.
    std::size_t first_attempts() const {
        std::size_t tasks = 0;
        for (const priority one : priorities) tasks += line.standing(first_lane_of(one));
        return tasks;
    }

    /// Whose turn it is of the classes that have first attempts in line.
    std::optional<lane> first_lane() {
        if (!takes_turns) {
            return line.has_front(first_lane_of(only_class)) ? std::optional(first_lane_of(only_class))
                                                             : std::nullopt;
        }
        const auto turn = classes.next_of([&](priority one) { return line.has_front(first_lane_of(one)); });
        return turn ? std::optional(first_lane_of(*turn)) : std::nullopt;
    }

    void know_class(priority in) {
        if (in == only_class || takes_turns) return;
        takes_turns = first_attempts() > 0;
        only_class = in;
    }

    bool accident_may_go(time_point now) { return !unfunded_out || accidents.affords_retry(now); }

    /// Whose kind is set aside waits with his like. Each task moves at most once while it is.
    void part_refused_kinds(time_point now) {
        if (!kinds.any_set_aside()) return;
        for (const lane from : {lane::accident, lane::throttled, lane::aside, lane::first_interactive,
                                lane::first, lane::first_batch}) {
            while (line.has_front(from) && kinds.is_set_aside(line.kind_of_front(from))) {
                const lane to = lane_of(line.kind_of_front(from));
                const task_id moved = line.move_front_to_its_kind(from);
                if (notes) notes->moved(now, moved, to);
            }
        }
    }

    /// Calls `use(kind)` for each kind in whose lane somebody stands.
    template <class Use>
    void each_kind_that_stands(const Use& use) const {
        if (line.standing_by_kind() == 0) return;
        for (std::size_t each = 0; each < kinds.size(); ++each) {
            const auto kind = static_cast<task_kind>(each);
            if (line.has_front(lane_of(kind))) use(kind);
        }
    }

    /// Those who stand aside and may be tried: of a kind that is admitted again, or whose probe is due, or
    /// refused more than once.
    std::optional<lane> lane_aside(time_point now) const {
        std::optional<lane> found;
        each_kind_that_stands([&](task_kind kind) {
            if (!found && (!kinds.is_set_aside(kind) || kinds.next_probe(kind) <= now)) found = lane_of(kind);
        });
        if (!found && line.has_front(lane::aside)) found = lane::aside;
        return found;
    }

    std::optional<lane> head_lane(time_point now) {
        if (line.has_front(lane::accident) && accident_may_go(now)) return lane::accident;
        if (line.has_front(lane::throttled)) return lane::throttled;
        const std::optional<lane> others = first_lane();
        if (!(others_turn && others)) {
            if (const auto aside = lane_aside(now)) return aside;
        }
        return others;
    }

    /// Nobody stands in a lane that may move.
    opening nobody_ready(time_point now) {
        opening next{never, line.size() > 0 ? wait_reason::own_delay : wait_reason::none};
        each_kind_that_stands([&](task_kind kind) {
            next.at = std::min(next.at, kinds.next_probe(kind));
            next.why = wait_reason::kind_refused;
        });
        if (line.has_front(lane::accident)) {
            next.at = std::min(next.at, accidents.affordable_at(now));
            next.why = wait_reason::retry_budget;
        }
        return next;
    }

    /// Tasks that wait since their kind is set aside.
    std::size_t of_refused_kinds() const {
        std::size_t tasks = 0;
        each_kind_that_stands([&](task_kind kind) {
            if (kinds.is_set_aside(kind)) tasks += line.standing(lane_of(kind));
        });
        return tasks;
    }

    /// What an attempt would cost that is sent now: all its tokens are in `cost::tokens`.
    cost reserved(const cost& asked) const { return {asked.requests, forecast.reserve(asked)}; }

    line_view seen_without_head() const {
        line_view seen;
        seen.backlog = line.size() - of_refused_kinds() + expected;
        seen.delayed = line.delayed();
        seen.in_flight = permits.size();
        return seen;
    }

    line_view seen_from(lane head, time_point now) {
        line_view seen = seen_without_head();
        seen.between_attempts = line.retries() + returning.count(now);
        seen.head_was_sent = line.front_was_sent(head);
        seen.head = reserved(line.cost_of_front(head));
        return seen;
    }

    opening opening_for(lane head, time_point now) {
        opening next = pace->next_opening(now, seen_from(head, now));
        if (permits.size() >= options.max_in_flight()) next = {never, wait_reason::in_flight};
        // Places that are held for tasks on their way back may turn out to be free.
        if (next.why == wait_reason::in_flight) next.at = std::min(next.at, returning.forgotten_at());
        return next;
    }

    action admit(time_point now, lane from) {
        action admitted;
        admitted.what = action::kind::admit;
        admitted.task = *line.front(from);
        const cost asked = line.cost_of_front(from);
        outstanding attempt{pace->on_send(now, reserved(asked)), asked, line.kind_of_front(from)};
        reserved_tokens.reset();
        if (asked.is_estimated()) reserved_tokens = attempt.sent.tokens;
        attempt.sent.repeated = line.front_was_sent(from);
        attempt.sent.in_flight = static_cast<unsigned>(permits.size()) + 1;
        attempt.after_accident = from == lane::accident;
        if (attempt.after_accident) {
            attempt.unfunded = !accidents.affords_retry(now);
            if (attempt.unfunded) {
                unfunded_out = true;
            } else {
                accidents.spend(now);
            }
        }
        others_turn = from == lane::aside || from >= lane::kinds;
        if (from >= lane::kinds && kinds.is_set_aside(attempt.kind)) {
            attempt.probes_kind = true;
            kinds.probe_sent(attempt.kind);
        }
        attempt.alike_before = kinds.outcomes(attempt.kind).sent();
        attempt.others_before = kinds.others_sent(attempt.kind);
        kinds.sent(attempt.kind);
        if (takes_turns && is_of_first_attempts(from)) classes.sent(class_of(from));
        line.leave_front(from);
        ++counts.admitted;
        admitted.permit = permit_id{permits.insert(attempt)};
        return admitted;
    }

    /// Tasks whose time has come: to leave, or to join their lane.
    std::optional<action> ring_timers(time_point now) {
        if (const auto late = line.take_expired(now)) {
            action expired;
            expired.what = action::kind::expire;
            expired.task = *late;
            return expired;
        }
        while (const auto due = line.release_due(now)) {
            if (notes) notes->released(now, *due);
        }
        return std::nullopt;
    }

    action decide(time_point now) {
        if (line.next_timer() <= now) {
            if (const auto expired = ring_timers(now)) return *expired;
        }
        part_refused_kinds(now);
        const std::optional<lane> head = head_lane(now);
        const opening next = head ? opening_for(*head, now) : nobody_ready(now);
        if (head && next.at <= now) {
            counts.why = wait_reason::none;
            return admit(now, *head);
        }
        counts.why = next.why;
        return wait_for(next);
    }

    action wait_for(const opening& next) {
        action waiting;
        waiting.at = std::min(next.at, line.next_timer());
        waiting.what = waiting.at == never ? action::kind::idle : action::kind::wait;
        waiting.why = next.why;
        return waiting;
    }

    /// The attempt behind a permit ends. What is told of it goes to `report`, unless it is known already
    /// since its answer has begun, and only the place is given back. False where it has ended before.
    template <class Report>
    bool end(time_point now, permit_id permit, const Report& report) {
        const auto key = static_cast<std::uint64_t>(permit);
        const outstanding* const found = permits.find(key);
        if (!found) return false;
        if (found->unfunded) unfunded_out = false;
        if (found->probes_kind) kinds.probe_ended(found->kind, now, random);
        permits.erase_at(permits.place_of(key));
        // Its slot is not used again before the next is admitted.
        if (found->answering) {
            pace->on_answered(now, found->sent);
        } else {
            report(*found);
        }
        return true;
    }

    /// The server counted what an attempt cost: so much was charged, and others may cost the like.
    void settle(time_point now, permit_id permit, const token_usage& used) {
        if (used == token_usage()) return;
        const outstanding* const found = permits.find(static_cast<std::uint64_t>(permit));
        if (!found || !found->asked.is_estimated()) return;
        forecast.learn(found->asked, used);
        pace->on_settled(now, forecast.settled(found->asked, used) - found->sent.tokens);
    }

    void admitted_by_server(const outstanding& attempt) {
        ++counts.accepted;
        accidents.success(attempt.after_accident);
        kinds.admitted(attempt.kind);
        announced.admitted(attempt.sent);
    }

    void refused(time_point now, const outstanding& attempt, const hints& capped, refusal_history& of_task) {
        ++counts.throttled;
        returning.left(now);
        if (!tells_refusals_apart()) {
            kinds.dropped(attempt.kind);
            return pace->on_throttled(now, attempt.sent, capped);
        }
        attempt_counts alike = kinds.outcomes(attempt.kind);
        --alike.under_way;  // this one
        own_refusals::note(of_task, now, alike, attempt.alike_before, options.prompt_refused_after());
        kinds.refused(attempt.kind, attempt.others_before, now, random);
        if (own_refusals::is_suspected(of_task) || kinds.is_suspected(attempt.kind))
            return pace->on_abandoned(now, attempt.sent);
        pace->on_throttled(now, attempt.sent, capped);
    }

    coordinator_view view(time_point now) const {
        coordinator_status seen;
        pace->describe(now, seen);
        return {seen.mode, seen.pace_per_s, seen.measured_per_s, seen.measured_window};
    }

    void note_waits(time_point now, const action& todo) {
        if (todo.what == action::kind::admit || todo.what == action::kind::expire) {
            if (notes) waited = notes->left(now, todo.task);
            return;
        }
        const std::size_t after_accidents = line.standing(lane::accident);
        const std::size_t refused_kinds = of_refused_kinds();
        const std::size_t others = line.standing(lane::throttled) + line.standing(lane::aside) +
                                   first_attempts() + line.standing_by_kind() - refused_kinds;
        const bool budget_holds = (notes || after_accidents > 0) && !accident_may_go(now);
        const wait_reason why_accidents = budget_holds ? wait_reason::retry_budget : todo.why;
        waits.hold(now, {{{after_accidents, why_accidents},
                          {others, todo.why},
                          {line.delayed(), wait_reason::own_delay},
                          {refused_kinds, wait_reason::kind_refused}}});
        if (!notes) return;
        notes->held(now, todo.why, why_accidents);
        each_kind_that_stands([&](task_kind kind) {
            notes->held(now, kind, kinds.is_set_aside(kind) ? wait_reason::kind_refused : todo.why);
        });
    }
};

coordinator::coordinator(const coordinator_options& options, std::uint64_t seed)
    : parts_(std::make_unique<parts>(options, seed)) {}
coordinator::coordinator(coordinator&&) noexcept = default;
coordinator& coordinator::operator=(coordinator&&) noexcept = default;
coordinator::~coordinator() = default;

task_id coordinator::submit(time_point now, const cost& what, time_point deadline, task_kind alike,
                            priority in) {
    what.validate();
    parts_->know_class(in);
    const task_id task =
        parts_->join(now, first_lane_of(in), {what, deadline, alike, false}, time_point::min());
    if (parts_->journal) parts_->journal->submitted(now, {what, deadline, task, alike, in});
    return task;
}

task_id coordinator::resubmit(time_point now, const cost& what, time_point deadline, time_point not_before,
                              retry_cause cause, task_kind alike, const refusal_history& so_far) {
    what.validate();
    parts_->returning.rejoined();
    const task_id task = parts_->rejoin(now, {what, deadline, alike, true}, not_before, cause, so_far);
    if (parts_->journal) {
        parts_->journal->resubmitted(now,
                                     {what, deadline, std::max(not_before, now), cause, task, alike, so_far});
    }
    return task;
}

bool coordinator::withdraw(time_point now, task_id task) {
    const bool was_waiting = parts_->line.leave(task);
    parts_->waited = was_waiting && parts_->notes ? parts_->notes->left(now, task) : waiting_times();
    if (parts_->journal) parts_->journal->withdrawn(now, {task, was_waiting, parts_->waited});
    return was_waiting;
}

action coordinator::next(time_point now) {
    const action todo = parts_->decide(now);
    parts_->note_waits(now, todo);
    if (parts_->journal) {
        parts_->journal->answered(now, todo, parts_->waited, parts_->reserved_tokens, parts_->view(now));
    }
    return todo;
}

void coordinator::answering(time_point now, permit_id permit, const hints& told) {
    const hints said = sane(told);
    outstanding* const found = parts_->permits.find(static_cast<std::uint64_t>(permit));
    if (!found || found->answering) return;
    found->answering = true;
    if (std::exchange(found->unfunded, false)) parts_->unfunded_out = false;
    parts_->admitted_by_server(*found);
    parts_->pace->on_answering(now, found->sent, said);
    if (parts_->journal) parts_->journal->answering(now, {permit, said}, parts_->view(now));
}

void coordinator::accepted(time_point now, permit_id permit, const hints& told, const token_usage& used) {
    const hints said = sane(told);
    parts_->settle(now, permit, used);
    const bool ends = parts_->end(now, permit, [&](const outstanding& attempt) {
        parts_->admitted_by_server(attempt);
        parts_->pace->on_accepted(now, attempt.sent, said);
    });
    if (ends && parts_->journal) parts_->journal->accepted(now, {permit, said, used}, parts_->view(now));
}

time_point coordinator::throttled(time_point now, permit_id permit, const hints& said) {
    refusal_history forgotten;
    return throttled(now, permit, said, forgotten);
}

time_point coordinator::throttled(time_point now, permit_id permit, const hints& told,
                                  refusal_history& of_task) {
    const hints said = sane(told);
    const refusal_history before = of_task;
    time_point earliest = now;
    const bool ends = parts_->end(now, permit, [&](const outstanding& attempt) {
        hints capped = parts_->pace->believed(now, attempt.sent, said);
        if (capped.retry_after) {
            const duration cap = parts_->options.retry_after_cap();
            if (*capped.retry_after > cap) ++parts_->counts.hints_cut;
            capped.retry_after = std::clamp(*capped.retry_after, duration::zero(), cap);
            earliest = saturating_add(now, *capped.retry_after);
            parts_->announced.refused(attempt.sent, earliest);
        }
        parts_->refused(now, attempt, capped, of_task);
    });
    if (ends && parts_->journal) {
        parts_->journal->throttled(now, {permit, said, earliest, before, of_task.own}, parts_->view(now));
    }
    return earliest;
}

void coordinator::failed(time_point now, permit_id permit) {
    const bool ends = parts_->end(now, permit, [&](const outstanding& attempt) {
        ++parts_->counts.failed;
        parts_->kinds.dropped(attempt.kind);
        parts_->returning.left(now);
        parts_->pace->on_failed(now, attempt.sent);
    });
    if (ends && parts_->journal) parts_->journal->failed(now, permit, parts_->view(now));
}

void coordinator::abandoned(time_point now, permit_id permit) {
    const bool ends = parts_->end(now, permit, [&](const outstanding& attempt) {
        ++parts_->counts.abandoned;
        parts_->kinds.dropped(attempt.kind);
        parts_->pace->on_abandoned(now, attempt.sent);
    });
    if (ends && parts_->journal) parts_->journal->abandoned(now, permit, parts_->view(now));
}

void coordinator::expect(std::size_t further_requests) {
    parts_->expected = further_requests;
    if (parts_->journal) parts_->journal->expected(further_requests);
}

void coordinator::probe_again(time_point now) {
    parts_->pace->probe_again();
    if (parts_->journal) parts_->journal->probed_again(now);
}

void coordinator::explain_waits() {
    if (!parts_->notes) parts_->notes = std::make_unique<wait_notes>();
    parts_->notes->reserve(parts_->line.places());
}

void coordinator::fleet_hear(time_point now, std::string_view message) {
    if (!parts_->follower) throw std::logic_error("coordinator: is no member of a fleet");
    parts_->follower->hear(now, message);
    if (parts_->journal) parts_->journal->fleet_heard(now, {std::string(message)}, parts_->view(now));
}

std::string coordinator::fleet_say(time_point now) {
    if (!parts_->follower) return {};
    std::string said = parts_->follower->say(now, parts_->seen_without_head());
    if (parts_->journal) parts_->journal->fleet_said(now, {said}, parts_->view(now));
    return said;
}

time_point coordinator::fleet_speaks_at() const {
    return parts_->follower ? parts_->follower->speaks_at() : never;
}

fleet_state coordinator::fleet(time_point now) const {
    return parts_->follower ? parts_->follower->state(now) : fleet_state();
}

const waiting_times& coordinator::waited() const {
    return parts_->waited;
}

std::optional<remembered_limits> coordinator::learned(time_point now) const {
    const auto found = parts_->pace->learned(now);
    return found ? startable_part(*found) : std::nullopt;
}

std::size_t coordinator::kind_refused() const {
    return parts_->of_refused_kinds();
}

coordinator_status coordinator::status(time_point now) const {
    coordinator_status result = parts_->counts;
    result.waiting = parts_->line.size();
    result.delayed = parts_->line.delayed();
    result.kind_refused = parts_->of_refused_kinds();
    result.in_flight = parts_->permits.size();
    result.waited = parts_->waits.at(now);
    // For the server's word, not for a backoff of their own.
    const bool all_wait =
        result.waiting > 0 && result.delayed == result.waiting && parts_->announced.opens_at(now).has_value();
    if (all_wait && result.in_flight == 0) result.all_wait_until = parts_->line.next_timer();
    parts_->pace->describe(now, result);
    // Riding the limit, what proved wrong lately is not believed.
    if (parts_->options.pacing() != pacing_kind::ride_the_limit)
        result.opens_at = parts_->announced.opens_at(now);
    return result;
}

std::string_view to_string(retry_cause cause) {
    switch (cause) {
        case retry_cause::throttled:
            return "throttled";
        case retry_cause::accident:
            return "accident";
    }
    return "unknown";
}

}  // namespace stagger
