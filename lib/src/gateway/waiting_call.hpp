#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "stagger/priority.hpp"
#include "stagger/time.hpp"
#include "stagger/wait_reason.hpp"

namespace stagger::gateway {

/// A call that waits, and what for.
struct waiting_call {
    std::uint64_t id = 0;
    priority in = priority::normal;
    std::string tenant;              ///< as it is shown
    std::string model;               ///< as `shown_model` has it; empty: not told
    duration waited{0};              ///< since it has come
    unsigned attempts = 0;           ///< that were refused so far
    std::size_t ahead = 0;           ///< that go before it in the fair line
    std::optional<wait_reason> why;  ///< before the coordinator; none: in the fair line, for those ahead
};

/// All that wait.
struct waiting_crowd {
    struct of_tenant {
        std::size_t waiting = 0;
        duration oldest{0};
    };
    std::array<std::size_t, 3> waiting{};  ///< by class
    std::map<std::uint64_t, of_tenant> tenants;
    duration oldest{0};  ///< since the first of them has come
    std::vector<waiting_call> first;
};

}  // namespace stagger::gateway
