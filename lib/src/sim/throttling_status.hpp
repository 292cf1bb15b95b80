#pragma once

#include "provider/description.hpp"

namespace stagger::sim {

/// Whether clients take an answer for a rejection by a limit; any other error is an accident to them.
inline bool is_throttling(unsigned status) {
    return status == 429 || status == 503 || status == 529;
}

/// Whether a run counts an answer as a rejection: a server that closes connections refuses, too, even if its
/// clients cannot tell that from an accident.
inline bool is_rejection(unsigned status) {
    return is_throttling(status) || status == provider::connection_closed;
}

}  // namespace stagger::sim
