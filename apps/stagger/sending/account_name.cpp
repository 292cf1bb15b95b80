#include "account_name.hpp"

#include "http/sha256.hpp"

namespace app {

std::string account_name(std::string_view api_key) {
    if (api_key.empty()) return "none";
    // So that the name is not the beginning of a hash that somebody else makes of the same key.
    std::string text = "stagger account: ";
    text.append(api_key);
    constexpr std::size_t shown_bytes = 6;
    return stagger::hex_of(stagger::sha256_of(text), shown_bytes);
}

}  // namespace app
