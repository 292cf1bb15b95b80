#pragma once

#include <memory>

#include "net/context_bound.hpp"

namespace stagger::batch {

class engine;

/// The batch behind some results, for as long as its execution context lives.
class engine_handle final : public detail::context_bound {
 public:
    explicit engine_handle(std::shared_ptr<engine> used);

    /// @throws std::logic_error if the context has ended
    engine& living() const;
    /// Null once the context has ended.
    const std::shared_ptr<engine>& get() const { return engine_; }

 private:
    void context_ends() noexcept override { engine_.reset(); }

    std::shared_ptr<engine> engine_;
};

}  // namespace stagger::batch
