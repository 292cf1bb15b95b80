#include "immediate_transport.hpp"

#include <boost/asio/append.hpp>
#include <boost/asio/dispatch.hpp>
#include <boost/asio/post.hpp>
#include <unordered_map>
#include <utility>

#include "stagger/coordinator.hpp"

namespace bench {

namespace asio = boost::asio;
using stagger::action;

namespace {

constexpr std::size_t one_rejected_in = 100;

}  // namespace

struct immediate_transport::desk : std::enable_shared_from_this<desk> {
    using handler = stagger::batch::transport::handler;

    desk(asio::io_context& used, std::string answered) : context(used), body(std::move(answered)) {}

    void send(handler whom) {
        waiting.emplace(core.submit(now, {}), asker{std::move(whom), 0});
        if (std::exchange(driving, true)) return;
        asio::post(context, [self = shared_from_this()] { self->drive(); });
    }

    void drive() {
        driving = false;
        for (;;) {
            const action todo = core.next(now);
            if (todo.what == action::kind::wait) {
                now = todo.at;
                continue;
            }
            if (todo.what != action::kind::admit) return;
            auto node = waiting.extract(todo.task);
            ++node.mapped().attempts;
            if (++attempts % one_rejected_in == 0) {
                ++rejections;
                const auto earliest = core.throttled(now, todo.permit, {});
                node.key() =
                    core.resubmit(now, {}, stagger::never, earliest, stagger::retry_cause::throttled);
                waiting.insert(std::move(node));
            } else {
                core.accepted(now, todo.permit, {});
                answer(std::move(node.mapped()));
            }
        }
    }

    struct asker {
        handler whom;
        unsigned attempts;
    };

    void answer(asker who) {
        stagger::completion done;
        done.raw = body;
        done.info.http_status = 200;
        done.info.attempts = who.attempts;
        done.info.rejections = who.attempts - 1;
        asio::dispatch(asio::append(std::move(who.whom), stagger::error_code(), std::move(done)));
    }

    asio::io_context& context;
    std::string body;
    stagger::coordinator core{
        stagger::coordinator_options().initial_rate(1e5).max_in_flight(immediate_transport::max_in_flight),
        1};
    stagger::time_point now{};
    std::unordered_map<stagger::task_id, asker> waiting;
    bool driving = false;
    std::size_t attempts = 0;
    std::size_t rejections = 0;
};

immediate_transport::immediate_transport(asio::io_context& context, std::string body)
    : desk_(std::make_shared<desk>(context, std::move(body))) {}

immediate_transport::~immediate_transport() = default;

stagger::batch::transport immediate_transport::make() {
    stagger::batch::transport made;
    made.executor = desk_->context.get_executor();
    made.max_in_flight = max_in_flight;
    made.send = [desk = desk_](const stagger::completion_request&, stagger::batch::transport::handler whom) {
        desk->send(std::move(whom));
    };
    made.expect = [desk = desk_](std::size_t rest) { desk->core.expect(rest); };
    made.stop_sending = [] {};
    made.close = [] {};
    made.status = [desk = desk_] { return desk->core.status(desk->now); };
    return made;
}

std::size_t immediate_transport::rejections() const {
    return desk_->rejections;
}

}  // namespace bench
