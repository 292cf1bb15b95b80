#pragma once

#include <memory>
#include <string>
#include <unordered_set>

#include "net/client_counts.hpp"
#include "net/connection_pool.hpp"
#include "net/io_types.hpp"
#include "stagger/client.hpp"
#include "stagger/gate.hpp"
#include "stagger/random.hpp"
#include "wire/dialect.hpp"
#include "wire/secrets.hpp"

namespace stagger::detail {

class running_operation;

/// What the requests of one client share. Everything that changes is used on `strand` only.
class client_state : public std::enable_shared_from_this<client_state> {
 public:
    client_state(boost::asio::any_io_executor executor, const client_options& chosen, stagger::gate shared,
                 bool gate_is_own);

    /// From any thread: ends what runs and refuses what comes.
    void close();

    const client_options options;
    const boost::asio::any_io_executor executor;
    const io_executor strand;
    const endpoint target;
    const wire::encoding_context encoding;
    const std::string fixed_fields;
    stagger::gate gate;
    const bool gate_is_own;
    const wire::secrets hidden;
    client_counts counts;

    connection_pool pool;
    random_source random;
    std::unordered_set<running_operation*> running;
    bool closed = false;
};

}  // namespace stagger::detail
