#include "net/whole_answer_task.hpp"

#include <boost/asio/associated_cancellation_slot.hpp>
#include <utility>

#include "http/complete_later.hpp"

namespace stagger::detail {

namespace asio = boost::asio;

void whole_answer_task::start(const std::shared_ptr<client_state>& client, const completion_request& request,
                              handler_type handler, bool at_home) {
    const auto cancelled = asio::get_associated_cancellation_slot(handler);
    const auto self = std::make_shared<whole_answer_task>(client, std::move(handler), at_home);
    self->completion_task::start(request, wire::delivery::whole, cancelled);
}

whole_answer_task::whole_answer_task(const std::shared_ptr<client_state>& client, handler_type handler,
                                     bool at_home)
    : completion_task(client, executor_for(handler, *client, at_home)), handler_(std::move(handler)) {}

void whole_answer_task::deliver(const asio::any_completion_executor& handler_executor, error_code error,
                                completion&& result) {
    complete_later(client().executor, handler_executor, std::move(handler_), error, std::move(result));
}

}  // namespace stagger::detail
