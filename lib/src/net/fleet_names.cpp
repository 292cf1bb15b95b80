#include "net/fleet_names.hpp"

#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cstdio>
#include <new>

#include "http/endpoint.hpp"
#include "http/seed.hpp"

namespace stagger::detail {

namespace {

std::string digest_of(const std::string& text) {
    std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
    if (EVP_Digest(text.data(), text.size(), digest.data(), nullptr, EVP_sha256(), nullptr) != 1)
        throw std::bad_alloc();  // nothing else makes it fail
    constexpr std::size_t bytes = 16;
    constexpr std::string_view digits = "0123456789abcdef";
    std::string made;
    for (std::size_t each = 0; each < bytes; ++each) {
        made += digits[digest[each] >> 4U];
        made += digits[digest[each] & 15U];
    }
    return made;
}

}  // namespace

std::string member_name() {
    std::array<char, 17> text{};
    std::snprintf(text.data(), text.size(), "%016llx", static_cast<unsigned long long>(seed_or_random(0)));
    return text.data();
}

fleet_subject subject_of(const client_options& options) {
    const endpoint target = parse_endpoint(options.base_url());
    std::string host = target.host;
    std::transform(host.begin(), host.end(), host.begin(), [](unsigned char c) { return std::tolower(c); });
    fleet_subject found;
    found.endpoint = (target.tls ? "https://" : "http://") + host + ":" + target.port + target.base_path;
    found.model = options.model();
    // A key as the only part that nobody knows: it has more bits than can be tried.
    std::string all = "stagger fleet: " + found.endpoint + '\n' + options.api_key() + '\n' + found.model;
    for (const auto& [name, value] : options.headers())
        all.append(1, '\n').append(name).append(":").append(value);
    found.hash = digest_of(all);
    return found;
}

}  // namespace stagger::detail
