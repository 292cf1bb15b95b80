#pragma once

#include <boost/asio/any_completion_handler.hpp>

#include "net/completion_task.hpp"
#include "stagger/client.hpp"
#include "stagger/completion_stream.hpp"

namespace stagger::detail {

/** @brief A request whose answer is handed out as a stream, once its head has come with success.
 *
 * Until then it is a request like any other, with its attempts; from then on nothing is tried again.
 */
class streamed_answer_task final : public completion_task {
 public:
    using handler_type = boost::asio::any_completion_handler<client::stream_signature>;

    /// @param at_home the handler is known to run on the client's executor
    static void start(const std::shared_ptr<client_state>& client, const completion_request& request,
                      handler_type handler, bool at_home);
    streamed_answer_task(const std::shared_ptr<client_state>& client, handler_type handler, bool at_home);

 private:
    bool ends_with_head(connection_pool::lease& leased, wire::decoded_answer& ended) override;
    void accept(permit&& leave, const hints& said, const token_usage& used) override;
    bool answer_goes_on() const override { return static_cast<bool>(opened_); }
    bool may_go_again(const wire::decoded_answer& ended) const override { return ended.error.failed(); }
    void deliver(const boost::asio::any_completion_executor& handler_executor, error_code error,
                 completion&& result) override;

    handler_type handler_;
    connection_pool::lease opened_;  // once the head has come with success
    wire::response received_;
    permit leave_;
};

}  // namespace stagger::detail
