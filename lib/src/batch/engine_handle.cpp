#include "batch/engine_handle.hpp"

#include <stdexcept>
#include <utility>

#include "batch/engine.hpp"

namespace stagger::batch {

engine_handle::engine_handle(std::shared_ptr<engine> used)
    : context_bound(used->executor()), engine_(std::move(used)) {}

engine& engine_handle::living() const {
    if (!engine_) throw std::logic_error("batch_results: its execution context was destroyed");
    return *engine_;
}

}  // namespace stagger::batch
