#include "net/streamed_answer_task.hpp"

#include <boost/asio/associated_cancellation_slot.hpp>
#include <utility>

#include "dialect/status_meaning.hpp"
#include "http/clock.hpp"
#include "http/complete_later.hpp"
#include "net/open_stream.hpp"

namespace stagger::detail {

namespace asio = boost::asio;

void streamed_answer_task::start(const std::shared_ptr<client_state>& client,
                                 const completion_request& request, handler_type handler, bool at_home) {
    const auto cancelled = asio::get_associated_cancellation_slot(handler);
    const auto self = std::make_shared<streamed_answer_task>(client, std::move(handler), at_home);
    self->completion_task::start(request, wire::delivery::streamed, cancelled);
}

streamed_answer_task::streamed_answer_task(const std::shared_ptr<client_state>& client, handler_type handler,
                                           bool at_home)
    : completion_task(client, executor_for(handler, *client, at_home)), handler_(std::move(handler)) {}

bool streamed_answer_task::ends_with_head(connection_pool::lease& leased, wire::decoded_answer& ended) {
    if (!wire::is_success(leased->answer().status)) return false;
    set_phase(request_phase::receiving);
    ended = wire::decode_stream_head(leased->answer(), unix_now(), client().hidden);
    if (ended.error) return true;
    received_ = std::move(leased->answer());
    leased->answer().body.clear();
    opened_ = std::move(leased);
    return true;
}

void streamed_answer_task::accept(permit&& leave, const hints& said, const token_usage& used) {
    if (!opened_) return leave.accepted(said, used);
    leave.answering(said);
    leave_ = std::move(leave);
}

void streamed_answer_task::deliver(const asio::any_completion_executor& handler_executor, error_code error,
                                   completion&& result) {
    std::shared_ptr<open_stream> opened;
    if (error) {
        opened = std::make_shared<open_stream>(shared_client(), error, std::move(result));
    } else {
        open_stream::beginning from{std::move(opened_),     std::move(leave_), std::move(received_),
                                    std::move(result.info), sent_at(),         deadline(),
                                    std::move(trace())};
        opened = std::make_shared<open_stream>(shared_client(), std::move(from));
        opened->enroll();
    }
    complete_later(client().executor, handler_executor, std::move(handler_), error,
                   completion_stream(std::move(opened)));
}

}  // namespace stagger::detail
