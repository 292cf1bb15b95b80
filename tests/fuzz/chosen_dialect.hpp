#pragma once

#include <cstdint>

#include "dialect/registry.hpp"

namespace stagger::fuzz {

/// One of all that there are, so that a new one is fuzzed without a word here.
inline dialect dialect_by(std::uint8_t choice) {
    const auto all = wire::registered_dialects();
    return all[choice % all.size()].value;
}

}  // namespace stagger::fuzz
