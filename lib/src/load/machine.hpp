#pragma once

#include "load/run_results.hpp"

namespace stagger::load {

/// This machine; what the system does not tell is "unknown".
machine_description describe_machine();

/// Now, in UTC, as RFC 3339 writes it: "2026-11-24T19:10:00Z".
std::string utc_now();

}  // namespace stagger::load
