#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace stagger::gateway {

/** @brief The number under which a tenant is known: the first 64 bits of a SHA-256.
 *
 * The same in every run and on every machine, and nobody finds a key by it.
 * @param told its name, or the value of the field with its key; empty: 0, whoever says nothing is one tenant
 */
std::uint64_t tenant_number(std::string_view told);

/// 16 digits, as `sha256sum` begins; "-" for 0.
std::string tenant_text(std::uint64_t number);

/// Its name where it is listed, else its number.
std::string shown_tenant(std::uint64_t number, std::string_view name);

}  // namespace stagger::gateway
