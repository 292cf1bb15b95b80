#pragma once

#include <memory>

#include "http/connection.hpp"
#include "stagger/client.hpp"

namespace stagger::detail {

/// What bounds the answers of a client, on all of its connections, as its options say.
std::shared_ptr<answer_memory> memory_of(const client_options& options, const io_executor& strand);

/// What the connections to a client's endpoint have in common, as its options say.
/// @throws std::invalid_argument if the options' ca_file cannot be used
std::shared_ptr<const connection_settings> connections_of(const client_options& options,
                                                          const endpoint& target, const io_executor& strand,
                                                          std::shared_ptr<answer_memory> memory);

}  // namespace stagger::detail
