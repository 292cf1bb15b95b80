#pragma once

#include <array>
#include <string>
#include <string_view>

namespace stagger {

/// SHA-256 of a text (FIPS 180-4).
using sha256_digest = std::array<unsigned char, 32>;

/// @throws std::bad_alloc
sha256_digest sha256_of(std::string_view text);

/// The first bytes of a digest, two lower-case hexadecimal digits each.
std::string hex_of(const sha256_digest& digest, std::size_t bytes);

}  // namespace stagger
