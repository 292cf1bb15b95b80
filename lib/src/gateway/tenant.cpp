#include "gateway/tenant.hpp"

#include <cstddef>

#include "http/sha256.hpp"

namespace stagger::gateway {

std::uint64_t tenant_number(std::string_view told) {
    if (told.empty()) return 0;
    const sha256_digest hash = sha256_of(told);
    std::uint64_t number = 0;
    for (std::size_t i = 0; i < sizeof number; ++i) number = number << 8U | hash[i];
    return number;
}

std::string tenant_text(std::uint64_t number) {
    if (number == 0) return "-";
    constexpr std::string_view digits = "0123456789abcdef";
    std::string text(2 * sizeof number, '0');
    for (auto place = text.rbegin(); place != text.rend(); ++place) {
        *place = digits[number & 15U];
        number >>= 4U;
    }
    return text;
}

std::string shown_tenant(std::uint64_t number, std::string_view name) {
    return name.empty() ? tenant_text(number) : std::string(name);
}

}  // namespace stagger::gateway
