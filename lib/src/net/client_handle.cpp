#include "net/client_handle.hpp"

#include <stdexcept>
#include <utility>

namespace stagger::detail {

const std::shared_ptr<client_state>& client_handle::state() const {
    if (!state_) throw std::logic_error("client: its execution context was destroyed");
    return state_;
}

client_counters client_handle::counters() const {
    client_counters seen = state_ ? state_->counts.snapshot() : last_;
    seen.gate = status();
    return seen;
}

coordinator_status client_handle::status() const {
    return state_ && state_->choice ? state_->choice->status() : gate_.status();
}

void client_handle::context_ends() noexcept {
    const std::shared_ptr<client_state> state = std::exchange(state_, nullptr);
    last_ = state->counts.snapshot();
    state->context_ends();
}

}  // namespace stagger::detail
