#pragma once

#include <boost/asio/any_completion_executor.hpp>
#include <memory>
#include <string>
#include <vector>

#include "http/io_types.hpp"
#include "net/client_counts.hpp"
#include "net/context_bound.hpp"
#include "net/next_turn.hpp"
#include "net/route_choice.hpp"
#include "net/route_target.hpp"
#include "net/running_operations.hpp"
#include "net/turnstile.hpp"
#include "request/request_rules.hpp"
#include "stagger/client.hpp"
#include "stagger/gate.hpp"

namespace stagger::detail {

/// What the requests of one client share. Everything that changes is used on `strand` only.
class client_state : public std::enable_shared_from_this<client_state> {
 public:
    /// One way for all requests.
    client_state(boost::asio::any_io_executor executor, const client_options& chosen, stagger::gate shared,
                 bool gate_is_own);
    client_state(boost::asio::any_io_executor executor, const client_options& chosen, const routes& ways);

    route_target& first() const { return *routes.front(); }

    /// As context_bound has it.
    void context_ends() noexcept;
    void forked(fork_side side);
    /// From any thread: ends what runs and refuses what comes.
    void close();
    /// From any thread: refuses what comes and waits for what runs.
    void drain(duration limit, running_operations::drain_handler handler);

    const client_options options;
    const boost::asio::any_io_executor executor;
    /// `executor`, to be asked with for a handler's own; made once, since that allocates.
    const boost::asio::any_completion_executor completion_executor;
    const io_executor strand;
    /// `strand` for what must not run inside the call that hands it over: `asio::post` asks for that, and for
    /// more, each time.
    const io_executor posting;
    const std::shared_ptr<next_turn> turn;  ///< what requests do next on `strand`
    client_counts counts;

    std::string outgoing;  ///< the request that is being sent, used by one after the other
    std::vector<std::unique_ptr<route_target>> routes;  ///< at least one
    std::shared_ptr<route_choice> choice;               ///< null where there is one route
    request_context requests;
    running_operations running;
    turnstile held;        ///< requests that are not sent for now, by whoever drives the client
    bool refuses = false;  ///< new requests: it drains or is closed
    bool closed = false;   ///< what runs is stopped
 private:
    /// What does not depend on routes.
    client_state(boost::asio::any_io_executor executor, const client_options& chosen,
                 const coordinator_options& limits);
};

}  // namespace stagger::detail
