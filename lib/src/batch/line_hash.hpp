#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace stagger::batch {

/// Spreads every bit over all others (the finaliser of SplitMix64).
constexpr std::uint64_t mixed(std::uint64_t value) {
    value = (value ^ (value >> 30)) * 0xbf58476d1ce4e5b9u;
    value = (value ^ (value >> 27)) * 0x94d049bb133111ebu;
    return value ^ (value >> 31);
}

/** A hash to recognise text by, eight bytes at a time. Results files hold it, so it may never change.
 *
 * It notices changes; it does not withstand somebody who looks for texts with the same hash.
 */
inline std::uint64_t line_hash(std::string_view text) {
    std::uint64_t hash = mixed(text.size() + 1);
    while (!text.empty()) {
        std::uint64_t word = 0;
        const auto taken = text.size() < sizeof word ? text.size() : sizeof word;
        // Byte by byte where the machine is not little-endian, so that files can move between machines.
        if constexpr (std::endian::native == std::endian::little) {
            std::memcpy(&word, text.data(), taken);
        } else {
            for (std::size_t at = 0; at < taken; ++at)
                word |= std::uint64_t{static_cast<unsigned char>(text[at])} << 8 * at;
        }
        hash = mixed(hash ^ word) + 0x9e3779b97f4a7c15u;
        text.remove_prefix(taken);
    }
    return hash;
}

}  // namespace stagger::batch
