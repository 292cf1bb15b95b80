#include "net/fleet_names.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <cstdio>

#include "http/endpoint.hpp"
#include "http/seed.hpp"
#include "http/sha256.hpp"

namespace stagger::detail {

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
    constexpr std::size_t told_bytes = 16;
    found.hash = hex_of(sha256_of(all), told_bytes);
    return found;
}

}  // namespace stagger::detail
