#pragma once

#include <boost/asio/any_completion_executor.hpp>
#include <memory>
#include <string>

#include "dialect/dialect.hpp"
#include "dialect/secrets.hpp"
#include "http/connection_pool.hpp"
#include "http/http_request.hpp"
#include "http/io_types.hpp"
#include "net/client_counts.hpp"
#include "net/context_bound.hpp"
#include "net/next_turn.hpp"
#include "net/running_operations.hpp"
#include "net/turnstile.hpp"
#include "request/request_rules.hpp"
#include "stagger/client.hpp"
#include "stagger/gate.hpp"

namespace stagger::detail {

class request_stand_in;

/// What the requests of one client share. Everything that changes is used on `strand` only.
class client_state : public std::enable_shared_from_this<client_state> {
 public:
    client_state(boost::asio::any_io_executor executor, const client_options& chosen, stagger::gate shared,
                 bool gate_is_own);

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
    const endpoint target;
    const wire::encoding_context encoding;
    const common_head whole;     ///< of requests for an answer in one piece
    const common_head streamed;  ///< of requests for a stream
    stagger::gate gate;
    const bool gate_is_own;
    const bool gate_is_elsewhere;  ///< its executor is not this client's
    const wire::secrets hidden;
    const std::size_t account;  ///< tells keys apart
    client_counts counts;

    std::string outgoing;  ///< the request that is being sent, used by one after the other
    connection_pool pool;
    request_context requests;
    running_operations running;
    std::shared_ptr<request_stand_in> stand_in;  ///< takes the requests of a client for tests; else null
    turnstile held;        ///< requests that are not sent for now, by whoever drives the client
    bool refuses = false;  ///< new requests: it drains or is closed
    bool closed = false;   ///< what runs is stopped
};

}  // namespace stagger::detail
