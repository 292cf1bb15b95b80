#pragma once

#include <cstdint>
#include <random>

namespace stagger {

/// The seed a caller chose, or one from the system where it chose none (0).
inline std::uint64_t seed_or_random(std::uint64_t chosen) {
    if (chosen != 0) return chosen;
    std::random_device device;
    return (std::uint64_t{device()} << 32) | device();
}

}  // namespace stagger
