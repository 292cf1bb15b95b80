#include "dialect/authorization.hpp"

#include <algorithm>
#include <cstdint>

#include "dialect/registry.hpp"

namespace stagger::wire {

std::string base64(std::string_view bytes) {
    constexpr std::string_view alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    std::string out;
    out.reserve((bytes.size() + 2) / 3 * 4);
    for (; !bytes.empty(); bytes.remove_prefix(std::min<std::size_t>(3, bytes.size()))) {
        std::uint32_t group = 0;
        for (std::size_t i = 0; i < 3; ++i) {
            group = group << 8 | (i < bytes.size() ? static_cast<unsigned char>(bytes[i]) : 0U);
        }
        for (std::size_t i = 0; i < 4; ++i) {
            out += i <= bytes.size() ? alphabet[group >> (18 - 6 * i) & 63] : '=';
        }
    }
    return out;
}

void add_authorization(std::vector<field>& fields, stagger::dialect dialect, std::string_view api_key) {
    if (api_key.empty()) return;
    implementation_of(dialect).add_authorization(fields, api_key);
}

}  // namespace stagger::wire
