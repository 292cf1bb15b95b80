#include "core/waiting_line.hpp"

namespace stagger {

namespace {

std::uint64_t key(task_id task) {
    return static_cast<std::uint64_t>(task);
}

}  // namespace

task_id waiting_line::join(lane where, const cost& what, time_point deadline, time_point not_before) {
    // Whatever can fail comes first: a throw leaves the line as it was.
    own_waits_.reserve_one();
    deadlines_.reserve_one();
    const bool delayed = not_before != time_point::min();
    const task_id task{tasks_.insert(entry{what, deadline, none, none, where, delayed})};
    if (where != lane::first) ++retries_;
    if (deadline != never) {
        deadlines_.push(deadline, task);
        ++with_deadline_;
    }
    if (delayed) {
        own_waits_.push(not_before, task);
        ++delayed_;
    } else {
        link(tasks_.place_of(key(task)));
    }
    return task;
}

bool waiting_line::leave(task_id task) {
    const entry* found = tasks_.find(key(task));
    if (!found) return false;
    if (found->deadline != never) --with_deadline_;
    if (found->where != lane::first) --retries_;
    if (found->delayed) {
        --delayed_;
    } else {
        unlink(tasks_.place_of(key(task)));
    }
    tasks_.erase(key(task));
    tidy();
    return true;
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
    tidy();
    return task;
}

std::optional<task_id> waiting_line::front(lane where) const {
    const place first = lanes_[static_cast<std::size_t>(where)].first;
    if (first == none) return std::nullopt;
    return task_id{tasks_.key_of(first)};
}

const cost& waiting_line::cost_of(task_id task) const {
    return tasks_.find(key(task))->what;
}

void waiting_line::link(place at) {
    entry& joining = tasks_.at(at);
    ends& line = lanes_[static_cast<std::size_t>(joining.where)];
    joining.before = line.last;
    joining.after = none;
    (line.last == none ? line.first : tasks_.at(line.last).after) = at;
    line.last = at;
    ++line.size;
}

void waiting_line::unlink(place at) {
    const entry& leaving = tasks_.at(at);
    ends& line = lanes_[static_cast<std::size_t>(leaving.where)];
    (leaving.before == none ? line.first : tasks_.at(leaving.before).after) = leaving.after;
    (leaving.after == none ? line.last : tasks_.at(leaving.after).before) = leaving.before;
    --line.size;
}

void waiting_line::tidy() {
    deadlines_.tidy(with_deadline_, [this](task_id task) { return waits(task); });
    // A task released from its wait is popped at once, so every other entry of a waiting task is live.
    own_waits_.tidy(delayed_, [this](task_id task) { return waits(task); });
}

}  // namespace stagger
