#include "stagger/client.hpp"

#include <boost/asio/post.hpp>
#include <boost/asio/require.hpp>
#include <functional>
#include <stdexcept>
#include <string>
#include <utility>

#include "http/seed.hpp"
#include "net/client_handle.hpp"
#include "net/client_state.hpp"
#include "net/connections_of.hpp"
#include "net/request_task.hpp"
#include "net/running_operation.hpp"

namespace stagger {

namespace asio = boost::asio;

namespace {

wire::encoding_context make_encoding(const client_options& options, const endpoint& target) {
    wire::encoding_context context;
    context.dialect = options.dialect();
    context.base_path = target.base_path;
    context.base_query = target.base_query;
    context.host = target.host;
    context.model = options.model();
    context.api_key = options.api_key();
    return context;
}

wire::secrets hidden_words(const client_options& options, const endpoint& target) {
    wire::secrets words = wire::secrets_of(options.api_key(), options.headers());
    words.add_query(target.base_query);
    return words;
}

/// Whoever sends the same key and the same fields is one account to the server.
std::size_t account_of(const client_options& options) {
    std::string all = options.api_key();
    for (const auto& [name, value] : options.headers())
        all.append("\n").append(name).append(":").append(value);
    return std::hash<std::string>()(all);
}

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

const client_options& validated(const client_options& options) {
    options.validate();
    return options;
}

}  // namespace

namespace detail {

client_state::client_state(asio::any_io_executor used, const client_options& chosen, stagger::gate shared,
                           bool own)
    : options(validated(chosen)),
      executor(checked(used)),
      completion_executor(executor),
      strand(make_serial(executor, options.single_threaded())),
      posting(asio::require(strand, asio::execution::blocking.never)),
      turn(std::make_shared<next_turn>(posting)),
      target(parse_endpoint(options.base_url())),
      encoding(make_encoding(options, target)),
      whole(make_common_head(target.authority, encoding, wire::delivery::whole,
                             format_fixed_fields(options.headers()))),
      streamed(make_common_head(target.authority, encoding, wire::delivery::streamed,
                                format_fixed_fields(options.headers()))),
      gate(std::move(shared)),
      gate_is_own(own),
      gate_is_elsewhere(gate.get_executor() != executor),
      hidden(hidden_words(options, target)),
      account(account_of(options)),
      counts(options.observer().get()),
      pool(strand, connections_of(options, target, strand),
           options.max_connections() != 0 ? options.max_connections() : gate.options().max_in_flight(),
           options.keep_alive()),
      requests{rules_of(options, gate.options()), {}, random_source(seed_or_random(options.jitter_seed()))},
      running(executor, strand) {
    if (options.observer()) gate.explain_waits();
}

void client_state::context_ends() noexcept {
    pool.close();
    running.context_ends();
}

void client_state::forked(fork_side side) {
    pool.look_up_again();
    if (side == fork_side::parent) return;
    pool.leave_to_parent();
    running.leave_to_parent();
}

void client_state::close() {
    if (gate_is_own) gate.close();
    asio::post(strand, [self = shared_from_this()] {
        self->refuses = self->closed = true;
        self->pool.close();
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
          executor, options, stagger::gate(executor, limits, options.jitter_seed()), true))) {}

client::client(asio::any_io_executor executor, const client_options& options, stagger::gate shared)
    : handle_(std::make_shared<detail::client_handle>(
          std::make_shared<detail::client_state>(std::move(executor), options, std::move(shared), false))) {}

const detail::client_handle& client::handle() const {
    if (!handle_) throw std::logic_error("client: was moved from");
    return *handle_;
}

const client::state_pointer& client::state_of(const handle_pointer& handle) {
    if (!handle) throw std::logic_error("client: was moved from");
    return handle->state();
}

void client::start_complete(const state_pointer& target, const completion_request& request,
                            any_complete_handler handler, bool at_home) {
    detail::request_task::start(target, request, std::move(handler), at_home);
}

void client::start_stream(const state_pointer& target, const completion_request& request,
                          any_stream_handler handler, bool at_home) {
    detail::request_task::start(target, request, std::move(handler), at_home);
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
