#pragma once

#include "stagger/client.hpp"
#include "stagger/gate.hpp"

namespace stagger::detail {

/** @brief The gate of whoever sends by these options alone: a member of their fleet where they name one.
 * @throws std::invalid_argument for options that are wrong, or limits that no fleet can share
 */
gate make_own_gate(const boost::asio::any_io_executor& executor, const client_options& options,
                   const coordinator_options& limits);

}  // namespace stagger::detail
