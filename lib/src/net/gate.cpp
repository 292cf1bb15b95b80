#include "stagger/gate.hpp"

#include <atomic>
#include <boost/asio/any_completion_executor.hpp>
#include <boost/asio/associated_cancellation_slot.hpp>
#include <boost/asio/associated_executor.hpp>
#include <boost/asio/prefer.hpp>
#include <boost/asio/steady_timer.hpp>
#include <functional>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <unordered_map>
#include <vector>

#include "coordinator/kind_numbers.hpp"
#include "http/complete_later.hpp"
#include "http/out_of_memory.hpp"
#include "http/seed.hpp"
#include "net/attempt_executor.hpp"
#include "net/context_bound.hpp"
#include "net/gate_access.hpp"
#include "net/line_guest.hpp"
#include "stagger/decision_log.hpp"

namespace stagger {

namespace asio = boost::asio;

namespace {

// On this thread a wait is being begun: if there is no memory for it, its handler is destroyed, and that is
// no reason to forget anybody.
thread_local bool arming = false;

}  // namespace

/// The coordinator's driver: turns its actions into completions, and time and reports into its events.
struct permit::gate_state final : std::enable_shared_from_this<gate_state>, detail::context_bound {
    using handler_type = asio::any_completion_handler<gate::admit_signature>;

    using guest = std::shared_ptr<detail::line_guest>;
    struct ending {
        guest whom;
        error_code error;
        permit leave;
    };

    gate_state(asio::any_io_executor used, const coordinator_options& chosen, std::uint64_t seed)
        : context_bound(used),
          options(chosen),
          executor(std::move(used)),
          timer(std::in_place, executor),
          core(chosen, seed) {}

    gate::joined join(const admission& what, guest who);
    permit lent_to(const asio::any_completion_executor& of_handler) const;
    void admit(const admission& what, handler_type handler);
    void cancel(task_id task);
    void close();
    void leave_fleet();
    void context_ends() noexcept override;

    /// Runs `event(now, endings)` on the coordinator, then every action that follows from it. Guests are told
    /// after the lock is released.
    template <class Event>
    void after(Event event) {
        usually(std::move(event));
        news.fetch_add(1, std::memory_order_relaxed);
    }
    /// The same for what happens with every request, and is no news.
    template <class Event>
    void usually(Event event) {
        std::vector<ending> endings;
        time_point speaks = never;
        {
            const std::lock_guard lock(mutex);
            const time_point now = std::chrono::steady_clock::now();
            const bool nobody_waited = guests.empty();
            event(now, endings);
            // Nothing follows where nobody waits, and nobody's waiting has come to an end.
            if (!nobody_waited || !guests.empty()) drive(now, endings);
            if (fleet_speaks) speaks = next_word();
        }
        if (speaks != never) fleet_speaks(speaks);
        for (ending& one : endings) one.whom->leave_line(one.error, std::move(one.leave));
    }

    const coordinator_options options;
    asio::any_io_executor executor;  // empty once its context has ended

    std::atomic<std::uint32_t> news{0};       // how many events there were that may change much
    std::mutex mutex;                         // guards everything below
    std::optional<asio::steady_timer> timer;  // nothing once the context has ended
    bool armed = false;
    time_point armed_for = never;
    bool closed = false;
    bool explains = false;
    coordinator core;
    kind_numbers kinds;
    std::unordered_map<task_id, guest> guests;

    std::function<void(time_point)> fleet_speaks;  // set before anybody waits; not guarded
    time_point told_to_speak = never;
    std::shared_ptr<void> fleet;  // what carries it

 private:
    class on_timer;
    class waiting_handler;

    /// When something is to be said to the fleet, where nobody was told of a time as early; else `never`.
    time_point next_word() {
        const time_point at = core.fleet_speaks_at();
        return at < told_to_speak ? told_to_speak = at : never;
    }
    void drive(time_point now, std::vector<ending>& endings);
    void arm(time_point at);
    void disarm();
    void forget_guests();
    void end(task_id task, error_code error, permit leave, std::vector<ending>& endings);
    task_id enter_line(time_point now, const admission& what);
    task_id enter_line_as(const std::string& label, time_point now, const admission& what);
    task_id enter_core(time_point now, const admission& what);
    void listen_for_cancellation(asio::cancellation_slot slot, task_id task);
    permit explained(permit leave) const;
};

/// The tracked executor keeps its context running.
class permit::gate_state::waiting_handler final : public detail::line_guest {
 public:
    waiting_handler(handler_type handler, const asio::any_io_executor& of_gate)
        : handler_(std::move(handler)),
          executor_(executor_of_handler(asio::get_associated_executor(handler_, of_gate), of_gate)),
          of_gate_(of_gate) {}

    void leave_line(const error_code& error, permit leave) override {
        complete_later(of_gate_, executor_, std::move(handler_), error, std::move(leave));
    }

 private:
    handler_type handler_;
    asio::any_completion_executor executor_;
    asio::any_io_executor of_gate_;
};

void permit::gate_state::drive(time_point now, std::vector<ending>& endings) {
    for (;;) {
        const action todo = core.next(now);
        switch (todo.what) {
            case action::kind::admit:
                end(todo.task, {}, explained(permit(shared_from_this(), todo.permit)), endings);
                break;
            case action::kind::expire:
                end(todo.task, errc::deadline_exceeded, explained({}), endings);
                break;
            case action::kind::wait:
                return arm(todo.at);
            case action::kind::idle:
                return arm(never);
        }
    }
}

/// Runs when the timer fires or is set anew. The context destroys it uncalled when it is destroyed itself:
/// then the guests go, too, whose coroutines may own the gate.
class permit::gate_state::on_timer {
 public:
    on_timer(std::weak_ptr<gate_state> owner, time_point armed_for)
        : owner_(std::move(owner)), armed_for_(armed_for) {}
    on_timer(on_timer&&) noexcept = default;
    on_timer& operator=(on_timer&&) = delete;
    ~on_timer() {
        if (arming) return;
        if (const auto self = owner_.lock()) self->forget_guests();
    }

    void operator()(error_code error) {
        const auto self = std::exchange(owner_, {}).lock();
        if (error || !self) return;
        self->usually([&](time_point, auto&) {
            if (self->armed_for == armed_for_) self->armed = false;
        });
    }

 private:
    std::weak_ptr<gate_state> owner_;  // empty once called or moved from
    time_point armed_for_;
};

// Waking early costs one look at the coordinator; re-arming costs more, so a timer that is due sooner stays.
// It is armed as long as anybody waits, if only for a time that never comes.
void permit::gate_state::arm(time_point at) {
    if (guests.empty()) return disarm();
    if (!timer) return;
    if (armed && armed_for <= at) return;
    armed = true;
    armed_for = at;
    timer->expires_at(at);
    arming = true;
    try {
        at_second_try([&] { timer->async_wait(on_timer(weak_from_this(), at)); });
    } catch (...) {
        arming = armed = false;
        throw;
    }
    arming = false;
}

// A pending wait would keep the context running although nobody waits.
void permit::gate_state::disarm() {
    if (!armed) return;
    armed = false;
    timer->cancel();
}

void permit::gate_state::forget_guests() {
    // Destroyed after the lock is released: the coroutines behind them may call us.
    std::unordered_map<task_id, guest> forgotten;
    const std::lock_guard lock(mutex);
    for (const auto& [task, who] : guests) core.withdraw(std::chrono::steady_clock::now(), task);
    forgotten.swap(guests);
}

void permit::gate_state::end(task_id task, error_code error, permit leave, std::vector<ending>& endings) {
    if (endings.size() == endings.capacity()) at_second_try([&] { endings.reserve(2 * endings.size() + 1); });
    const auto found = guests.extract(task);
    endings.push_back({std::move(found.mapped()), error, std::move(leave)});
}

/// With what the task waited for that has just left the line, where that is wanted.
permit permit::gate_state::explained(permit leave) const {
    if (explains) leave.waited_ = std::make_unique<const waiting_times>(core.waited());
    return leave;
}

task_id permit::gate_state::enter_line(time_point now, const admission& what) {
    if (options.recorder() && !what.label().empty()) return enter_line_as(what.label(), now, what);
    return enter_core(now, what);
}

task_id permit::gate_state::enter_line_as(const std::string& label, time_point now, const admission& what) {
    decisions::labelled told{{}, label};  // first, since a copy may throw
    told.task = enter_core(now, what);
    const task_id task = told.task;
    options.recorder()->record({now, std::move(told)});
    return task;
}

task_id permit::gate_state::enter_core(time_point now, const admission& what) {
    const task_kind alike = kinds.number_of(what.alike());
    if (!what.is_retry()) return core.submit(now, what.cost(), what.deadline(), alike, what.priority());
    return core.resubmit(now, what.cost(), what.deadline(), what.not_before(), what.cause(), alike,
                         what.refused());
}

// Called before the line can admit the task: a later assignment could outlive its completion.
void permit::gate_state::listen_for_cancellation(asio::cancellation_slot slot, task_id task) {
    if (!slot.is_connected()) return;
    slot.assign([weak = weak_from_this(), task](asio::cancellation_type) {
        if (const auto self = weak.lock()) self->cancel(task);
    });
}

gate::joined permit::gate_state::join(const admission& what, guest who) {
    gate::joined got;
    usually([&](time_point now, std::vector<ending>&) {
        got.at = now;
        if (closed) {
            got.error = errc::shut_down;
            return;
        }
        const task_id task = enter_line(now, what);
        // Where others wait, they go first, and who is admitted is told like them.
        const action todo = guests.empty() ? core.next(now) : action{};
        const bool ours = todo.task == task;
        if (ours && todo.what == action::kind::admit) {
            got.leave = explained(permit(shared_from_this(), todo.permit));
        } else if (ours && todo.what == action::kind::expire) {
            got.error = errc::deadline_exceeded;
        } else {
            got.waits = task;
            at_second_try([&] { guests.emplace(task, who); });
        }
    });
    return got;
}

permit permit::gate_state::lent_to(const asio::any_completion_executor& of_handler) const {
    detail::lent_permit* const lent = detail::leave_of_attempt(of_handler);
    if (!lent) return {};
    return lent->take_if([this](const permit& leave) { return leave.owner_.get() == this; });
}

void permit::gate_state::admit(const admission& what, handler_type handler) {
    if (!what.is_retry()) {
        const asio::any_completion_executor theirs = asio::get_associated_executor(handler, executor);
        if (permit lent = lent_to(theirs))
            return waiting_handler(std::move(handler), executor).leave_line({}, std::move(lent));
    }
    const auto slot = asio::get_associated_cancellation_slot(handler);
    // A fleet's thread ends waits, too, and the timer that keeps the context running is set by then.
    const bool by_others = !options.fleet_member().empty();
    auto joining = std::make_shared<waiting_handler>(
        std::move(handler),
        by_others ? asio::any_io_executor(asio::prefer(executor, asio::execution::outstanding_work.tracked))
                  : executor);
    after([&](time_point now, std::vector<ending>& endings) {
        if (closed) return endings.push_back({std::move(joining), errc::shut_down, {}});
        const task_id task = enter_line(now, what);
        listen_for_cancellation(slot, task);
        guests.emplace(task, std::move(joining));
    });
}

void permit::gate_state::cancel(task_id task) {
    after([&](time_point now, std::vector<ending>& endings) {
        if (!guests.contains(task)) return;  // already admitted or ended
        core.withdraw(now, task);
        end(task, errc::cancelled, explained({}), endings);
    });
}

void permit::gate_state::close() {
    after([&](time_point now, std::vector<ending>& endings) {
        closed = true;
        while (!guests.empty()) {
            const task_id task = guests.begin()->first;
            core.withdraw(now, task);
            end(task, errc::shut_down, explained({}), endings);
        }
    });
    leave_fleet();
}

// What carries it waits for its thread, which may wait for the lock.
void permit::gate_state::leave_fleet() {
    std::shared_ptr<void> left;
    const std::lock_guard lock(mutex);
    left.swap(fleet);
}

// Whoever waits there by another context is told.
void permit::gate_state::context_ends() noexcept {
    const auto self = shared_from_this();
    leave_fleet();
    close();
    const std::lock_guard lock(mutex);
    armed = false;
    timer.reset();
    executor = {};
}

permit& permit::operator=(permit&& other) noexcept {
    permit taken(std::move(other));
    std::swap(owner_, taken.owner_);
    std::swap(id_, taken.id_);
    std::swap(waited_, taken.waited_);
    return *this;
}

void permit::abandon() {
    const auto owner = std::move(owner_);
    owner->after([&](time_point now, auto&) { owner->core.abandoned(now, id_); });
}

void permit::answering(const hints& said) {
    if (!owner_) return;
    const auto event = [&](time_point now, auto&) { owner_->core.answering(now, id_, said); };
    return said == hints() ? owner_->usually(event) : owner_->after(event);
}

void permit::accepted(const hints& said, const token_usage& used) {
    if (!owner_) return;
    const auto owner = std::move(owner_);
    const auto event = [&](time_point now, auto&) { owner->core.accepted(now, id_, said, used); };
    return said == hints() ? owner->usually(event) : owner->after(event);
}

time_point permit::throttled(const hints& said) {
    refusal_history forgotten;
    return throttled(said, forgotten);
}

time_point permit::throttled(const hints& said, refusal_history& of_task) {
    if (!owner_) return {};
    const auto owner = std::move(owner_);
    time_point earliest{};
    owner->after([&](time_point now, auto&) { earliest = owner->core.throttled(now, id_, said, of_task); });
    return earliest;
}

void permit::failed() {
    if (!owner_) return;
    const auto owner = std::move(owner_);
    owner->after([&](time_point now, auto&) { owner->core.failed(now, id_); });
}

gate::gate(asio::any_io_executor executor, const coordinator_options& options, std::uint64_t seed)
    : state_(std::make_shared<state>(std::move(executor), options, seed_or_random(seed))) {}

gate::state& gate::checked(const std::shared_ptr<state>& used) {
    if (!used) throw std::logic_error("gate: was moved from");
    return *used;
}

void gate::start_admit(const std::shared_ptr<state>& target, const admission& what,
                       asio::any_completion_handler<admit_signature> handler) {
    checked(target).admit(what, std::move(handler));
}

gate::joined gate::join(const admission& what, std::shared_ptr<detail::line_guest> who) const {
    return checked().join(what, std::move(who));
}

permit gate::lent_to(const asio::any_completion_executor& of_handler) const {
    return checked().lent_to(of_handler);
}

void gate::leave(task_id task) const {
    checked().cancel(task);
}

void gate::expect(std::size_t further_requests) {
    checked().usually([&](time_point, auto&) { checked().core.expect(further_requests); });
}

coordinator_status gate::status() const {
    const std::lock_guard lock(checked().mutex);
    return checked().core.status(std::chrono::steady_clock::now());
}

std::size_t gate::kind_refused() const {
    const std::lock_guard lock(state_->mutex);
    return state_->core.kind_refused();
}

std::optional<remembered_limits> gate::learned() const {
    const std::lock_guard lock(checked().mutex);
    auto limits = checked().core.learned(std::chrono::steady_clock::now());
    if (limits)
        limits->learned_at = std::chrono::floor<std::chrono::seconds>(std::chrono::system_clock::now());
    return limits;
}

fleet_state gate::fleet() const {
    const std::lock_guard lock(checked().mutex);
    return checked().core.fleet(std::chrono::steady_clock::now());
}

namespace detail {

const std::atomic<std::uint32_t>& gate_access::news(const gate& target) {
    return target.checked().news;
}

void gate_access::on_fleet_speaks(const gate& target, std::function<void(time_point)> told) {
    target.checked().fleet_speaks = std::move(told);
}

void gate_access::keep_fleet(const gate& target, std::shared_ptr<void> link) {
    const std::lock_guard lock(target.checked().mutex);
    target.checked().fleet = std::move(link);
}

void gate_access::fleet_hear(const shared_gate& target, const std::string& message) {
    target->after([&](time_point now, auto&) { target->core.fleet_hear(now, message); });
}

fleet_words gate_access::fleet_say(const shared_gate& target) {
    fleet_words said;
    target->after([&](time_point now, auto&) {
        said.text = target->core.fleet_say(now);
        target->told_to_speak = time_point::min();
    });
    const std::lock_guard lock(target->mutex);
    said.speaks_at = target->told_to_speak = target->core.fleet_speaks_at();
    said.state = target->core.fleet(std::chrono::steady_clock::now());
    return said;
}

}  // namespace detail

void gate::explain_waits() {
    checked().after([&](time_point, auto&) {
        checked().explains = true;
        checked().core.explain_waits();
    });
}

void gate::probe_again() {
    checked().after([&](time_point now, auto&) { checked().core.probe_again(now); });
}

const coordinator_options& gate::options() const {
    return checked().options;
}

asio::any_io_executor gate::get_executor() const {
    return checked().executor;
}

void gate::close() {
    checked().close();
}

}  // namespace stagger
