#include "stagger/completion_stream.hpp"

#include <stdexcept>
#include <utility>

#include "net/open_stream.hpp"

namespace stagger {

namespace {

detail::open_stream& opened(const std::shared_ptr<detail::open_stream>& stream) {
    if (!stream) throw std::logic_error("completion_stream: is one of nothing");
    return *stream;
}

}  // namespace

completion_stream::completion_stream(std::shared_ptr<detail::open_stream> opened)
    : opened_(std::move(opened)) {}

completion_stream::completion_stream(completion_stream&&) noexcept = default;

completion_stream& completion_stream::operator=(completion_stream&& other) noexcept {
    completion_stream taken(std::move(other));
    std::swap(opened_, taken.opened_);
    return *this;
}

completion_stream::~completion_stream() {
    if (opened_) opened_->abandon();
}

const completion& completion_stream::result() const {
    return opened(opened_).result();
}

void completion_stream::start_next(const std::shared_ptr<detail::open_stream>& target,
                                   boost::asio::any_completion_handler<next_signature> handler) {
    opened(target).next(std::move(handler));
}

}  // namespace stagger
