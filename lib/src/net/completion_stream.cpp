#include "stagger/completion_stream.hpp"

#include <stdexcept>
#include <utility>

#include "net/answer_stream.hpp"

namespace stagger {

namespace {

detail::answer_stream& opened(const std::shared_ptr<detail::answer_stream>& stream) {
    if (!stream) throw std::logic_error("completion_stream: is one of nothing");
    return *stream;
}

}  // namespace

completion_stream::completion_stream(std::shared_ptr<detail::answer_stream> opened)
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

void completion_stream::start_next(const std::shared_ptr<detail::answer_stream>& target,
                                   boost::asio::any_completion_handler<next_signature> handler) {
    opened(target).next(std::move(handler));
}

namespace detail {

const diagnostic* diagnostic_of(const completion_stream& failed) {
    return failed ? &failed.result().info : nullptr;
}

const diagnostic* diagnostic_of(const answer_stream& failed, error_code error) {
    return error == errc::invalid_request ? nullptr : &failed.result().info;
}

}  // namespace detail

}  // namespace stagger
