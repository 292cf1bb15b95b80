#include "net/next_turn.hpp"

#include <utility>

#include "http/out_of_memory.hpp"

namespace stagger::detail {

namespace {

// One turn comes while the other one is taken.
constexpr std::size_t most_spare = 2;
// What is kept of a turn: more than requests in flight take, less than a long list that comes at once.
constexpr std::size_t most_spare_entries = 1024;

}  // namespace

next_turn::next_turn(io_executor posting) : posting_(std::move(posting)) {
    spare_.reserve(most_spare);
}

void next_turn::add(std::shared_ptr<running_operation> who) {
    const std::lock_guard lock(mutex_);
    if (const auto coming = coming_.lock()) return coming->entries.push_back(std::move(who));
    auto coming = std::make_shared<turn>();
    if (!spare_.empty()) {
        coming->entries = std::move(spare_.back());
        spare_.pop_back();
    }
    coming->entries.push_back(std::move(who));
    coming_ = coming;
    post(std::move(coming));
}

void next_turn::separate() {
    const std::lock_guard lock(mutex_);
    coming_.reset();
}

// Where there is no memory for it, the turn ends here, and nobody else has joined it.
void next_turn::post(std::shared_ptr<turn> one) {
    posting_.execute([self = shared_from_this(), one = std::move(one)] { self->take(one); });
}

void next_turn::take(const std::shared_ptr<turn>& one) {
    {
        const std::lock_guard lock(mutex_);
        if (coming_.lock() == one) coming_.reset();
    }
    while (one->begun < one->entries.size()) {
        const auto next = std::move(one->entries[one->begun++]);
        try {
            next->take_turn();
        } catch (...) {
            // It goes to whoever runs the context. The turn of the others is not over.
            at_second_try([&] { post(one); });
            throw;
        }
    }
    one->entries.clear();
    const std::lock_guard lock(mutex_);
    if (spare_.size() < most_spare && one->entries.capacity() <= most_spare_entries)
        spare_.push_back(std::move(one->entries));
}

}  // namespace stagger::detail
