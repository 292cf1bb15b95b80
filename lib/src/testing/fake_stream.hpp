#pragma once

#include <cstddef>
#include <memory>

#include "net/answer_stream.hpp"
#include "net/client_state.hpp"
#include "stagger/testing/fake_answer.hpp"

namespace stagger::testing {

/// The pieces of a fake answer, one for each that is asked for. Runs on its client's strand.
class fake_stream final : public detail::answer_stream, public std::enable_shared_from_this<fake_stream> {
 public:
    /// @param error with which it has ended already
    fake_stream(std::shared_ptr<detail::client_state> client, fake_answer answer, error_code error);

    void next(handler_type handler) override;
    const completion& result() const override { return result_; }
    void abandon() override {}

 private:
    void give(handler_type handler);
    std::optional<completion_delta> next_piece();

    const std::shared_ptr<detail::client_state> client_;
    const fake_answer answer_;
    completion result_;  // what has come so far
    error_code error_;
    std::size_t given_ = 0;
};

}  // namespace stagger::testing
