#include <stdexcept>
#include <utility>

#include "batch/engine.hpp"
#include "stagger/batch.hpp"

namespace stagger {
namespace batch {

transport transport_of(const client& target) {
    transport made;
    made.executor = target.get_executor();
    made.serial = target.serial_executor();
    made.max_in_flight = target.gate().options().max_in_flight();
    made.send = [target = target](completion_request request, transport::handler handler) mutable {
        target.async_complete(std::move(request), std::move(handler));
    };
    made.expect = [gate = target.gate()](std::size_t rest) mutable { gate.expect(rest); };
    made.stop_sending = [gate = target.gate()]() mutable { gate.close(); };
    made.close = [target = target]() mutable { target.close(); };
    made.status = [gate = target.gate()] { return gate.status(); };
    return made;
}

}  // namespace batch

batch_results submit(client target, std::unique_ptr<prompt_source> source, const batch_options& options) {
    if (!source) throw std::invalid_argument("source: must not be null");
    auto engine = std::make_shared<batch::engine>(batch::transport_of(target), std::move(source), options);
    engine->start();
    return batch_results(std::move(engine));
}

batch_results submit(client target, std::vector<completion_request> requests, const batch_options& options) {
    return submit(std::move(target), prompts_from(std::move(requests)), options);
}

batch_results submit(client target, std::vector<std::string> prompts, const batch_options& options) {
    return submit(std::move(target), prompts_from(std::move(prompts)), options);
}

}  // namespace stagger
