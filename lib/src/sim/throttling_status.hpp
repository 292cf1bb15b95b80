#pragma once

namespace stagger::sim {

/// Whether clients take an answer for a rejection by a limit; any other error is an accident to them.
inline bool is_throttling(unsigned status) {
    return status == 429 || status == 503 || status == 529;
}

}  // namespace stagger::sim
