#include <stdexcept>
#include <utility>

#include "batch/engine.hpp"
#include "batch/engine_handle.hpp"
#include "stagger/batch.hpp"

namespace stagger {

namespace {

using handle_pointer = std::shared_ptr<batch::engine_handle>;

batch::engine& living(const handle_pointer& handle) {
    if (!handle) throw std::logic_error("batch_results: were moved from");
    return handle->living();
}

void cancel_if_living(const handle_pointer& handle) {
    if (handle && handle->get()) handle->get()->cancel();
}

}  // namespace

batch_results::batch_results(std::shared_ptr<batch::engine> engine)
    : handle_(std::make_shared<batch::engine_handle>(std::move(engine))) {}
batch_results::batch_results(batch_results&&) noexcept = default;

batch_results& batch_results::operator=(batch_results&& other) noexcept {
    if (this == &other) return *this;
    cancel_if_living(handle_);
    handle_ = std::move(other.handle_);
    return *this;
}

batch_results::~batch_results() {
    cancel_if_living(handle_);
}

void batch_results::drain() {
    if (handle_ && handle_->get()) handle_->get()->drain();
}

void batch_results::cancel() {
    cancel_if_living(handle_);
}

std::size_t batch_results::taken_up() const {
    return living(handle_).taken_up();
}

std::exception_ptr batch_results::thrown() const {
    return living(handle_).thrown();
}

void batch_results::start_next(const handle_pointer& target,
                               boost::asio::any_completion_handler<next_signature> handler) {
    living(target).async_next(std::move(handler));
}

}  // namespace stagger
