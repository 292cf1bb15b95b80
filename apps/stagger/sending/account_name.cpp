#include "account_name.hpp"

#include <fmt/format.h>
#include <openssl/evp.h>

#include <array>
#include <new>

namespace app {

std::string account_name(std::string_view api_key) {
    if (api_key.empty()) return "none";
    // So that the name is not the beginning of a hash that somebody else makes of the same key.
    std::string text = "stagger account: ";
    text.append(api_key);
    std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
    if (EVP_Digest(text.data(), text.size(), digest.data(), nullptr, EVP_sha256(), nullptr) != 1) {
        throw std::bad_alloc();  // nothing else makes it fail
    }
    constexpr std::size_t shown_bytes = 6;
    std::string name;
    for (std::size_t each = 0; each < shown_bytes; ++each) name += fmt::format("{:02x}", digest[each]);
    return name;
}

}  // namespace app
