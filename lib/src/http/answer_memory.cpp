#include "http/answer_memory.hpp"

#include <algorithm>
#include <utility>

#include "http/clock.hpp"

namespace stagger {

answer_memory::answer_memory(std::shared_ptr<deadline_queue> deadlines, std::size_t most_bytes,
                             std::size_t largest_bytes, duration longest_rest)
    : entry(std::move(deadlines)),
      longest_rest_(longest_rest),
      shared_(most_bytes - std::min(most_bytes, largest_bytes)) {}

bool answer_memory::holder::ask() {
    // Who holds little does not wait behind others.
    const bool overtakes = bytes_ < little_bytes || all_->first_ == this;
    const bool goes_on = (overtakes || all_->line_.empty()) && all_->admits(*this);
    if (!goes_on) all_->line_.push_back(*this);
    if (all_->first_ == this) all_->expires_at(never);
    return goes_on;
}

void answer_memory::holder::holds(std::size_t bytes) {
    if (all_->first_ == this) {
        // It needs no room that is kept.
        if (bytes < little_bytes) all_->first_ = nullptr;
        all_->expires_at(all_->first_ ? saturating_add(steady_now(), all_->longest_rest_) : never);
    }
    all_->held_ += bytes - bytes_;
    bytes_ = bytes;
    if (!all_->line_.empty()) all_->go_on();
}

void answer_memory::holder::leave_line() {
    if (is_linked()) unlink();
}

void answer_memory::holder::give_back() {
    leave_line();
    holds(0);
}

bool answer_memory::admits(holder& one) {
    if (one.bytes_ < little_bytes || first_ == &one) return true;
    const std::size_t others = held_ - (first_ ? first_->bytes_ : 0);
    if (others < shared_) return true;
    if (first_) return false;
    first_ = &one;
    return true;
}

void answer_memory::go_on() {
    while (!line_.empty() && admits(line_.front())) {
        holder& next = line_.front();
        line_.pop_front();
        next.may_go_on();
    }
}

void answer_memory::on_expired() {
    first_ = nullptr;
    go_on();
}

}  // namespace stagger
