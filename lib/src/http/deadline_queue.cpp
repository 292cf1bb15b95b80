#include "http/deadline_queue.hpp"

#include <algorithm>
#include <utility>

namespace stagger {

deadline_queue::entry::entry(std::shared_ptr<deadline_queue> queue)
    : queue_(std::move(queue)), index_(queue_->entries_.size()) {
    queue_->entries_.push_back(this);
}

deadline_queue::entry::~entry() {
    expires_at(never);
    entry* last = queue_->entries_.back();
    queue_->entries_[index_] = last;
    last->index_ = index_;
    queue_->entries_.pop_back();
}

void deadline_queue::entry::expires_at(time_point limit) {
    queue_->limited_ += (limit != never);
    queue_->limited_ -= (limit_ != never);
    limit_ = limit;
    if (limit < queue_->armed_for_) queue_->arm(limit);
    if (queue_->limited_ == 0) queue_->disarm();
}

void deadline_queue::arm(time_point at) {
    armed_for_ = never;  // unless the wait begins
    timer_.expires_at(at);
    timer_.async_wait([weak = weak_from_this()](boost::system::error_code error) {
        const auto self = weak.lock();
        if (!error && self) self->sweep();
    });
    armed_for_ = at;
}

// A pending wait would keep the context running although nothing is limited.
void deadline_queue::disarm() {
    if (armed_for_ == never) return;
    armed_for_ = never;
    timer_.cancel();
}

void deadline_queue::sweep() {
    const time_point now = std::chrono::steady_clock::now();
    armed_for_ = never;
    time_point next = never;
    for (entry* one : entries_) {
        if (one->limit_ <= now) {
            one->limit_ = never;
            --limited_;
            one->on_expired();
        }
        next = std::min(next, one->limit_);
    }
    if (next != never) arm(next);
}

}  // namespace stagger
