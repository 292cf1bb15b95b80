#include "testing/fake_stream.hpp"

#include <boost/asio/associated_executor.hpp>
#include <boost/asio/post.hpp>
#include <utility>

#include "http/complete_later.hpp"

namespace stagger::testing {

namespace asio = boost::asio;

fake_stream::fake_stream(std::shared_ptr<detail::client_state> client, fake_answer answer, error_code error)
    : client_(std::move(client)), answer_(std::move(answer)), error_(error) {
    result_.info = answer_.answer().info;
}

void fake_stream::next(handler_type handler) {
    asio::post(client_->strand, [self = shared_from_this(), handler = std::move(handler)]() mutable {
        self->give(std::move(handler));
    });
}

void fake_stream::give(handler_type handler) {
    const auto theirs = executor_of_handler(
        asio::get_associated_executor(handler, client_->completion_executor), client_->executor);
    if (client_->closed && !error_) error_ = errc::shut_down;
    auto piece = error_ ? std::nullopt : next_piece();
    if (error_) result_.info.last_error = error_;
    complete_later(client_->executor, theirs, std::move(handler), error_, std::move(piece));
}

std::optional<completion_delta> fake_stream::next_piece() {
    const std::size_t count = answer_.pieces().empty() ? 1 : answer_.pieces().size();
    if (given_ == count && answer_.late_error()) {
        error_ = answer_.late_error();
        result_.info.message = answer_.late_message();
        result_.info.phase = request_phase::receiving;
        return std::nullopt;
    }
    if (given_ == count) return std::nullopt;
    completion_delta piece;
    piece.text = answer_.pieces().empty() ? answer_.answer().text : answer_.pieces()[given_];
    result_.text += piece.text;
    ++given_;
    if (given_ == count && !answer_.late_error()) {
        piece.finish_reason = answer_.answer().finish_reason;
        piece.usage = answer_.answer().usage;
        result_ = answer_.answer();
    }
    return piece;
}

}  // namespace stagger::testing
