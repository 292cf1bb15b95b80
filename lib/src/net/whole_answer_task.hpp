#pragma once

#include <boost/asio/any_completion_handler.hpp>

#include "net/completion_task.hpp"
#include "stagger/client.hpp"

namespace stagger::detail {

/// A request whose answer is handed out in one piece.
class whole_answer_task final : public completion_task {
 public:
    using handler_type = boost::asio::any_completion_handler<client::completion_signature>;

    /// @param at_home the handler is known to run on the client's executor
    static void start(const std::shared_ptr<client_state>& client, const completion_request& request,
                      handler_type handler, bool at_home);
    whole_answer_task(const std::shared_ptr<client_state>& client, handler_type handler, bool at_home);

 private:
    void deliver(const boost::asio::any_completion_executor& handler_executor, error_code error,
                 completion&& result) override;

    handler_type handler_;
};

}  // namespace stagger::detail
