#include "http/sha256.hpp"

#include <openssl/evp.h>

#include <new>

namespace stagger {

sha256_digest sha256_of(std::string_view text) {
    sha256_digest digest{};
    if (EVP_Digest(text.data(), text.size(), digest.data(), nullptr, EVP_sha256(), nullptr) != 1)
        throw std::bad_alloc();  // nothing else makes it fail
    return digest;
}

std::string hex_of(const sha256_digest& digest, std::size_t bytes) {
    constexpr std::string_view digits = "0123456789abcdef";
    std::string text;
    for (std::size_t each = 0; each < bytes; ++each) {
        text += digits[digest[each] >> 4U];
        text += digits[digest[each] & 15U];
    }
    return text;
}

}  // namespace stagger
