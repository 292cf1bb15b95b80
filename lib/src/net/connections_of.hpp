#pragma once

#include <memory>

#include "http/connection.hpp"
#include "stagger/client.hpp"

namespace stagger::detail {

/// The proxy that a client's requests to its endpoint go through; null: none.
/// @throws std::invalid_argument if the options' proxy is no URL of one
std::shared_ptr<const proxy_address> proxy_of(const client_options& options, const endpoint& target);
/// The one among them that passes requests on, and may answer them itself; null: none, or it opens a way
/// through and sees no request.
std::shared_ptr<const proxy_address> forwarder_of(const client_options& options, const endpoint& target);

/// What the connections to a client's endpoint have in common, as its options say.
/// @param answers what bounds the answers of all routes together; made where there is none yet
/// @throws std::invalid_argument if the options' ca_file cannot be used
std::shared_ptr<const connection_settings> connections_of(const client_options& options,
                                                          const endpoint& target, const io_executor& strand,
                                                          std::shared_ptr<answer_memory>& answers);

}  // namespace stagger::detail
