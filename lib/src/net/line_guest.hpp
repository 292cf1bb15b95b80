#pragma once

#include "stagger/error.hpp"
#include "stagger/gate.hpp"

namespace stagger::detail {

/// Somebody in a gate's line. The gate keeps it as long as it waits.
class line_guest {
 public:
    line_guest() = default;
    line_guest(const line_guest&) = delete;
    line_guest& operator=(const line_guest&) = delete;
    virtual ~line_guest() = default;

    /// The wait is over, with a permit or an error. Told by whoever moved the line, on its thread and inside
    /// its call: what follows is to be posted. Whoever is destroyed untold waits for nothing any more.
    virtual void leave_line(const error_code& error, permit leave) = 0;
};

}  // namespace stagger::detail
