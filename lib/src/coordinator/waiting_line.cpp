#include "coordinator/waiting_line.hpp"

namespace stagger {

namespace {

std::uint64_t key(task_id task) {
    return static_cast<std::uint64_t>(task);
}

}  // namespace

task_id waiting_line::join(lane where, const newcomer& joining, time_point not_before) {
    // Whatever can fail comes first: a throw leaves the line as it was.
    own_waits_.reserve_one();
    deadlines_.reserve_one();
    const bool delayed = not_before != time_point::min();
    const bool has_deadline = joining.deadline != never;
    const task_id joined{tasks_.insert(
        entry{joining.what, none, none, joining.kind, where, joining.was_sent, has_deadline, delayed})};
    if (joining.was_sent) ++retries_;
    if (has_deadline) {
        deadlines_.push(joining.deadline, joined);
        ++with_deadline_;
    }
    if (delayed) {
        own_waits_.push(not_before, joined);
        ++delayed_;
    } else {
        link(tasks_.place_of(key(joined)));
    }
    return joined;
}

task_id waiting_line::move_front_to_its_kind(lane from) {
    const place at = ends_of(from).first;
    entry& moving = tasks_.at(at);
    unlink(moving);
    moving.where = lane_of(moving.kind);
    link(at);
    return task_id{tasks_.key_of(at)};
}

bool waiting_line::leave(task_id task) {
    if (!waits(task)) return false;
    remove(tasks_.place_of(key(task)));
    return true;
}

void waiting_line::forget_times(const entry& left) {
    if (left.delayed) {
        --delayed_;
        tidy_own_waits();
    }
    if (left.has_deadline) {
        --with_deadline_;
        deadlines_.tidy(with_deadline_, [this](task_id task) { return waits(task); });
    }
}

std::optional<task_id> waiting_line::take_expired(time_point now) {
    if (deadlines_.earliest() > now || deadlines_.empty()) return std::nullopt;
    const task_id task = deadlines_.top();
    leave(task);
    return task;
}

std::optional<task_id> waiting_line::release_due(time_point now) {
    if (own_waits_.empty() || own_waits_.earliest() > now) return std::nullopt;
    const task_id task = own_waits_.top();
    const place at = tasks_.place_of(key(task));
    own_waits_.pop();
    tasks_.at(at).delayed = false;
    --delayed_;
    link(at);
    tidy_own_waits();
    return task;
}

void waiting_line::link(place at) {
    entry& joining = tasks_.at(at);
    ends& line = ends_of(joining.where);
    joining.before = line.last;
    joining.after = none;
    (line.last == none ? line.first : tasks_.at(line.last).after) = at;
    line.last = at;
    ++line.size;
    if (joining.where >= lane::kinds) ++standing_by_kind_;
}

// A task released from its wait is popped at once, so every other entry of a waiting task is live.
void waiting_line::tidy_own_waits() {
    own_waits_.tidy(delayed_, [this](task_id task) { return waits(task); });
}

}  // namespace stagger
