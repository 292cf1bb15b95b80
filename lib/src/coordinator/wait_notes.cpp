#include "coordinator/wait_notes.hpp"

#include <algorithm>

#include "base/slot_map.hpp"

namespace stagger {

void wait_notes::reserve(std::size_t places) {
    if (places > notes_.size()) notes_.resize(std::max(places, 2 * notes_.size()));
}

void wait_notes::joined(time_point now, task_id task, lane where, bool delayed) {
    note& waiting = note_of(task);
    waiting = {};
    waiting.made = true;
    waiting.joined = now;
    waiting.where = where;
    waiting.delayed = delayed;
    waiting.before = account_of(waiting.where).at(now);
}

void wait_notes::moved(time_point now, task_id task, lane to) {
    note& waiting = note_of(task);
    if (!waiting.made) return;
    // What it has waited so far stays the difference of the two readings.
    waiting_times before = account_of(to).at(now);
    before += waiting.before;
    before -= account_of(waiting.where).at(now);
    waiting.before = before;
    waiting.where = to;
}

void wait_notes::released(time_point now, task_id task) {
    note& waiting = note_of(task);
    if (!waiting.made) return;
    waiting.delayed = false;
    waiting.own_delay = now - waiting.joined;
    waiting.before = account_of(waiting.where).at(now);
}

void wait_notes::held(time_point now, wait_reason why, wait_reason why_accidents) {
    accidents_.hold(now, why_accidents);
    others_.hold(now, why);
}

waiting_times wait_notes::left(time_point now, task_id task) {
    const note& waiting = note_of(task);
    waiting_times waited;
    if (!waiting.made) return waited;
    if (waiting.delayed) {
        waited[wait_reason::own_delay] = now - waiting.joined;
        return waited;
    }
    waited = account_of(waiting.where).at(now);
    waited -= waiting.before;
    waited[wait_reason::own_delay] += waiting.own_delay;
    return waited;
}

wait_notes::note& wait_notes::note_of(task_id task) {
    return notes_[slot_map<int>::place_of(static_cast<std::uint64_t>(task))];
}

}  // namespace stagger
