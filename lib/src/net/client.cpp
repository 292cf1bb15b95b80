#include "stagger/client.hpp"

#include <boost/asio/post.hpp>
#include <boost/asio/require.hpp>
#include <stdexcept>
#include <string>
#include <utility>

#include "http/seed.hpp"
#include "net/client_access.hpp"
#include "net/client_handle.hpp"
#include "net/client_state.hpp"
#include "net/own_gate.hpp"
#include "net/request_task.hpp"
#include "net/running_operation.hpp"

namespace stagger {

namespace asio = boost::asio;

namespace {

/// @param options outlive the rules
detail::request_rules rules_of(const client_options& options, const coordinator_options& limits) {
    return {options.deadline(),
            options.attempt_timeout(),
            options.retry(),
            options.backoff(),
            options.obey_retry_after(),
            options.backoff_after_rejection(),
            {options.give_up_after_tries(), options.give_up_after_time()},
            limits.retry_after_cap()};
}

/// What a route does not say, the client's options say.
client_options options_of(const route& way, const client_options& options) {
    client_options its = options;
    its.base_url(way.base_url());
    if (way.api_key()) its.api_key(*way.api_key());
    if (!way.model().empty()) its.model(way.model());
    if (way.dialect()) its.dialect(*way.dialect());
    if (way.proxy()) its.proxy(*way.proxy()).unix_socket("");
    if (way.unix_socket()) its.unix_socket(*way.unix_socket());
    if (way.unix_socket() && !way.proxy()) its.proxy("");
    for (const auto& [name, value] : way.headers()) its.header(name, value);
    its.validate();
    return its;
}

const client_options& validated(const client_options& options) {
    options.validate();
    return options;
}

}  // namespace

namespace detail {

client_state::client_state(asio::any_io_executor used, const client_options& chosen,
                           const coordinator_options& limits)
    : options(validated(chosen)),
      executor(checked(used)),
      completion_executor(executor),
      strand(make_serial(executor, options.single_threaded())),
      posting(asio::require(strand, asio::execution::blocking.never)),
      turn(std::make_shared<next_turn>(posting)),
      counts(options.observer().get()),
      requests{rules_of(options, limits), {}, random_source(seed_or_random(options.jitter_seed()))},
      running(executor, strand) {}

client_state::client_state(asio::any_io_executor used, const client_options& chosen, stagger::gate shared,
                           bool own)
    : client_state(std::move(used), chosen, shared.options()) {
    if (!own && options.fleet())
        throw std::invalid_argument("fleet: must be told to a client with a gate of its own");
    routes.push_back(std::make_unique<route_target>(options.base_url(), std::string(), options,
                                                    std::move(shared), own, executor, strand, answers));
    if (options.observer()) first().gate.explain_waits();
}

client_state::client_state(asio::any_io_executor used, const client_options& chosen,
                           const stagger::routes& ways)
    : client_state(std::move(used), chosen, ways.all().front().limits()) {
    if (!options.base_url().empty())
        throw std::invalid_argument("base_url: must be empty where there are routes, is " +
                                    options.base_url());
    std::vector<routing::route_rules> rules;
    for (const route& way : ways.all()) {
        const bool own = !way.gate();
        auto admits =
            own ? detail::make_own_gate(executor, options_of(way, options), way.limits()) : *way.gate();
        if (options.observer()) admits.explain_waits();
        routes.push_back(std::make_unique<route_target>(way.name(), way.model(), options_of(way, options),
                                                        std::move(admits), own, executor, strand, answers));
        rules.push_back({way.tier(), way.weight(), way.fallback_after()});
    }
    requests.has_several_routes = routes.size() > 1;
    if (requests.has_several_routes)
        choice = std::make_shared<route_choice>(strand, routes, std::move(rules));
}

void client_state::context_ends() noexcept {
    for (const auto& way : routes) way->pool.close();
    running.context_ends();
}

void client_state::forked(fork_side side) {
    for (const auto& way : routes) way->pool.look_up_again();
    if (side == fork_side::parent) return;
    for (const auto& way : routes) way->pool.leave_to_parent();
    running.leave_to_parent();
}

void client_state::close() {
    for (const auto& way : routes) {
        if (way->gate_is_own) way->gate.close();
    }
    asio::post(strand, [self = shared_from_this()] {
        self->refuses = self->closed = true;
        for (const auto& way : self->routes) way->pool.close();
        self->running.stop_all(errc::shut_down);
    });
    turn->separate();
}

void client_state::drain(duration limit, running_operations::drain_handler handler) {
    asio::post(strand, [self = shared_from_this(), limit, handler = std::move(handler)]() mutable {
        self->refuses = true;
        self->running.drain({self, &self->running}, limit, std::move(handler));
    });
    turn->separate();
}

}  // namespace detail

client::client(asio::any_io_executor executor, const client_options& options,
               const coordinator_options& limits)
    : handle_(std::make_shared<detail::client_handle>(std::make_shared<detail::client_state>(
          executor, options, detail::make_own_gate(executor, options, limits), true))) {}

client::client(asio::any_io_executor executor, const client_options& options, stagger::gate shared)
    : handle_(std::make_shared<detail::client_handle>(
          std::make_shared<detail::client_state>(std::move(executor), options, std::move(shared), false))) {}

client::client(asio::any_io_executor executor, const routes& ways, const client_options& options)
    : handle_(std::make_shared<detail::client_handle>(
          std::make_shared<detail::client_state>(std::move(executor), options, ways))) {}

const detail::client_handle& client::handle() const {
    if (!handle_) throw std::logic_error("client: was moved from");
    return *handle_;
}

const client::state_pointer& client::state_of(const handle_pointer& handle) {
    if (!handle) throw std::logic_error("client: was moved from");
    return handle->state();
}

void client::start_complete(const state_pointer& target, completion_request&& request,
                            any_complete_handler handler, bool at_home) {
    detail::request_task::start(target, std::move(request), client_options::default_deadline,
                                std::move(handler), at_home);
}

void client::start_complete(const state_pointer& target, const completion_request& request,
                            any_complete_handler handler, bool at_home) {
    detail::request_task::start(target, request, client_options::default_deadline, std::move(handler),
                                at_home);
}

void client::start_stream(const state_pointer& target, completion_request&& request,
                          any_stream_handler handler, bool at_home) {
    detail::request_task::start(target, std::move(request), client_options::default_deadline,
                                std::move(handler), at_home);
}

void client::start_stream(const state_pointer& target, const completion_request& request,
                          any_stream_handler handler, bool at_home) {
    detail::request_task::start(target, request, client_options::default_deadline, std::move(handler),
                                at_home);
}

void detail::client_access::complete_one_of_many(const client& target, const completion_request& request,
                                                 client::any_complete_handler handler) {
    request_task::start(state_of(target), request, duration::zero(), std::move(handler), false);
}

client_counters client::counters() const {
    return handle().counters();
}

void client::start_drain(const state_pointer& target, duration limit, any_drain_handler handler) {
    target->drain(limit, std::move(handler));
}

gate client::gate() const {
    return handle().gate();
}

std::vector<gate> client::gates() const {
    std::vector<stagger::gate> all;
    for (const auto& way : handle().state()->routes) all.push_back(way->gate);
    return all;
}

coordinator_status client::status() const {
    return handle().status();
}

std::vector<route_state> client::route_states() const {
    const auto& state = handle().state();
    std::vector<route_state> all;
    for (const auto& way : state->routes) {
        all.push_back({way->name, way->condition.load(std::memory_order_relaxed), way->attempts.value(),
                       way->gate.status()});
    }
    return all;
}

const asio::any_io_executor& client::executor_of(const detail::client_state& target) {
    return target.executor;
}

asio::any_io_executor client::get_executor() const {
    return handle().state()->executor;
}

asio::any_io_executor client::serial_executor() const {
    return handle().state()->strand;
}

void client::close() const {
    handle().close();
}

}  // namespace stagger
