#pragma once

#include <atomic>
#include <boost/asio/any_io_executor.hpp>
#include <cstddef>
#include <string>

#include "dialect/dialect.hpp"
#include "dialect/secrets.hpp"
#include "http/connection_pool.hpp"
#include "http/endpoint.hpp"
#include "http/http_request.hpp"
#include "http/io_types.hpp"
#include "net/client_counts.hpp"
#include "stagger/client.hpp"
#include "stagger/gate.hpp"
#include "stagger/route.hpp"

namespace stagger::detail {

/// What it takes to send requests one way: endpoint, account, dialect, gate and connections. What changes is
/// used on the client's strand only.
class route_target {
 public:
    /// @param options of the client, with what this route says itself
    /// @param answers as connections_of has it
    /// @param own_model sent whatever a request names; empty: none
    route_target(std::string called, std::string own_model, const client_options& options,
                 stagger::gate admits, bool gate_is_own, const boost::asio::any_io_executor& of_client,
                 const io_executor& strand, std::shared_ptr<answer_memory>& answers);
    route_target(const route_target&) = delete;
    route_target& operator=(const route_target&) = delete;

    const common_head& head(wire::delivery how) const {
        return how == wire::delivery::streamed ? streamed : whole;
    }

    const std::string name;
    const std::string model;  ///< sent whatever a request names; empty: what it names
    const endpoint target;
    const std::string forwarder;  ///< the proxy that answers in the server's place, for messages; else empty
    const wire::encoding_context encoding;
    const common_head whole;     ///< of requests for an answer in one piece
    const common_head streamed;  ///< of requests for a stream
    const wire::secrets hidden;
    const std::size_t account;  ///< tells keys apart
    stagger::gate gate;
    const bool gate_is_own;
    const bool gate_is_elsewhere;  ///< others than the client end its waits
    connection_pool pool;
    strand_counter attempts;
    std::atomic<route_condition> condition{route_condition::good};  ///< as it was thought of last
};

}  // namespace stagger::detail
