#include <utility>

#include "batch/engine.hpp"
#include "stagger/batch.hpp"

namespace stagger {

batch_results::batch_results(std::shared_ptr<batch::engine> engine) : engine_(std::move(engine)) {}
batch_results::batch_results(batch_results&&) noexcept = default;

batch_results& batch_results::operator=(batch_results&& other) noexcept {
    if (this == &other) return *this;
    if (engine_) engine_->cancel();
    engine_ = std::move(other.engine_);
    return *this;
}

batch_results::~batch_results() {
    if (engine_) engine_->cancel();
}

void batch_results::drain() {
    engine_->drain();
}

void batch_results::cancel() {
    engine_->cancel();
}

std::size_t batch_results::taken_up() const {
    return engine_->taken_up();
}

void batch_results::start_next(const std::shared_ptr<batch::engine>& target,
                               boost::asio::any_completion_handler<next_signature> handler) {
    target->async_next(std::move(handler));
}

}  // namespace stagger
