#include <boost/asio/dispatch.hpp>
#include <stdexcept>
#include <utility>

#include "batch/engine.hpp"
#include "net/client_access.hpp"
#include "net/client_state.hpp"
#include "stagger/batch.hpp"

namespace stagger {
namespace batch {

namespace {

using detail::turnstile;

/// A member of the client's turnstile, to be called from anywhere.
std::function<void(std::uint64_t)> at_turnstile(const client& target,
                                                void (turnstile::*member)(std::uint64_t)) {
    return [state = detail::client_access::state_of(target), member](std::uint64_t kind) {
        // Posted: whoever waits there goes on inside the call.
        state->posting.execute([state, member, kind] {
            (state->held.*member)(kind);
            state->running.step_aside();
        });
    };
}

}  // namespace

transport transport_of(const client& target) {
    transport made;
    made.executor = target.get_executor();
    made.serial = target.serial_executor();
    const auto state = detail::client_access::state_of(target);
    made.max_in_flight = 0;
    for (const auto& way : state->routes) made.max_in_flight += way->gate.options().max_in_flight();
    made.send = [target = target](const completion_request& request, transport::handler handler) {
        detail::client_access::complete_one_of_many(target, request, std::move(handler));
    };
    made.expect = [gate = target.gate(), state](std::size_t rest) mutable {
        if (!state->choice) return gate.expect(rest);
        state->posting.execute([state, rest] { state->choice->expect(rest); });
    };
    made.stop_sending = [state] {
        for (const auto& way : state->routes) way->gate.close();
        state->posting.execute([state] {
            if (state->choice) state->choice->close();
            state->held.release_all();
        });
    };
    made.close = [target = target]() mutable { target.close(); };
    made.status = [target] { return target.status(); };
    made.set_aside = [state] {
        std::size_t all = 0;
        for (const auto& way : state->routes) all += way->gate.kind_refused();
        return all;
    };
    made.hold = [state](std::uint64_t kind) {
        // At once where that can be: each turn later one more is sent.
        boost::asio::dispatch(state->strand, [state, kind] {
            state->held.hold(kind);
            // Not inside what an attempt reports.
            state->posting.execute([state] { state->running.step_aside(); });
        });
    };
    made.ask_again = at_turnstile(target, &turnstile::let_one);
    made.release = at_turnstile(target, &turnstile::release);
    made.refuse = at_turnstile(target, &turnstile::refuse);
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
