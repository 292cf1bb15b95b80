#pragma once

#include <string_view>

namespace stagger::server {

/// What the server serves when no scenario is named: slow enough to see it throttle, quick enough to try
/// things.
inline constexpr std::string_view default_scenario = R"({
  "name": "default",
  "provider": {
    "limits": [{"kind": "token_bucket", "unit": "requests", "rate_per_s": 20, "burst": 20}],
    "latency": {"kind": "constant", "mean_s": 0.5},
    "rtt_s": 0
  }
})";

}  // namespace stagger::server
