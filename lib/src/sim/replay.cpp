#include "sim/replay.hpp"

#include <deque>
#include <utility>

namespace stagger::sim {

/// What the replayed coordinator tells, until it is compared. A call makes three records at most.
class replay::collector final : public decision_recorder {
 public:
    void started(const coordinator_options&, std::uint64_t) override {}
    void record(const decision_record& made) noexcept override { made_.push_back(made); }

    std::optional<decision_record> front() const {
        return made_.empty() ? std::nullopt : std::optional(made_.front());
    }
    void pop() { made_.pop_front(); }

 private:
    std::deque<decision_record> made_;
};

/// Calls the coordinator as each kind of record says.
struct replay::caller {
    coordinator& core;
    time_point now;

    void operator()(const decisions::submitted& call) const {
        core.submit(now, call.what, call.deadline, call.alike, call.in);
    }
    void operator()(const decisions::resubmitted& call) const {
        core.resubmit(now, call.what, call.deadline, call.not_before, call.cause, call.alike, call.so_far);
    }
    void operator()(const decisions::withdrawn& call) const { core.withdraw(now, call.task); }
    void operator()(const decisions::admitted&) const { core.next(now); }
    void operator()(const decisions::expired&) const { core.next(now); }
    void operator()(const decisions::held&) const { core.next(now); }
    void operator()(const decisions::answering& call) const { core.answering(now, call.permit, call.said); }
    void operator()(const decisions::accepted& call) const {
        core.accepted(now, call.permit, call.said, call.used);
    }
    void operator()(const decisions::throttled& call) const {
        refusal_history of_task = call.before;
        core.throttled(now, call.permit, call.said, of_task);
    }
    void operator()(const decisions::failed& call) const { core.failed(now, call.permit); }
    void operator()(const decisions::abandoned& call) const { core.abandoned(now, call.permit); }
    void operator()(const decisions::probed_again&) const { core.probe_again(now); }
    void operator()(const decisions::fleet_heard& call) const { core.fleet_hear(now, call.message); }
    void operator()(const decisions::fleet_said&) const { core.fleet_say(now); }
    void operator()(const decisions::expected&) const {}
    void operator()(const decisions::mode_changed&) const {}
    void operator()(const decisions::labelled&) const {}
};

replay::replay(const coordinator_options& options, std::uint64_t seed)
    : made_(std::make_shared<collector>()), core_(coordinator_options(options).recorder(made_), seed) {}

std::optional<replay_difference> replay::step(const decision_record& logged) {
    if (std::holds_alternative<decisions::labelled>(logged.what)) return std::nullopt;  // by its caller
    if (const auto* said = std::get_if<decisions::expected>(&logged.what)) {
        if (announced_ || made_->front()) return replay_difference{logged, made_->front()};
        announced_ = logged;
        core_.expect(said->further_requests);
        return std::nullopt;
    }
    if (!made_->front()) std::visit(caller{core_, logged.at}, logged.what);
    if (announced_) {  // the coordinator recorded it with this call
        const decision_record before = *std::exchange(announced_, std::nullopt);
        if (auto different = compare(before)) return different;
    }
    return compare(logged);
}

std::optional<replay_difference> replay::compare(const decision_record& logged) {
    const auto replayed = made_->front();
    if (replayed != logged) return replay_difference{logged, replayed};
    made_->pop();
    ++same_;
    return std::nullopt;
}

std::optional<replay_difference> replay::finish() const {
    if (const auto more = made_->front()) return replay_difference{std::nullopt, more};
    return std::nullopt;
}

}  // namespace stagger::sim
