#pragma once

#include <memory>

#include "net/client_state.hpp"
#include "net/context_bound.hpp"

namespace stagger::detail {

/** @brief What the copies of a client share: its state, for as long as the execution context lives.
 *
 * Requests that run own the state itself, and go with the context. What is left of a client then still says
 * what it has counted.
 */
class client_handle final : public context_bound {
 public:
    explicit client_handle(std::shared_ptr<client_state> state)
        : context_bound(state->executor), gate_(state->first().gate), state_(std::move(state)) {}

    /// @throws std::logic_error if the context has ended
    const std::shared_ptr<client_state>& state() const;
    client_counters counters() const;
    const stagger::gate& gate() const { return gate_; }
    coordinator_status status() const;
    /// Where the context has ended, so has everything else.
    void close() const {
        if (state_) state_->close();
    }

 private:
    void context_ends() noexcept override;
    void forked(fork_side side) override { state_->forked(side); }

    const stagger::gate gate_;
    std::shared_ptr<client_state> state_;  // null once the context has ended
    client_counters last_;                 // and what it had counted then
};

}  // namespace stagger::detail
