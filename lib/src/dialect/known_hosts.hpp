#pragma once

#include <span>
#include <string_view>

#include "stagger/dialect.hpp"

/// What is known of the hosts of providers: so that nobody's key goes to somebody else, and nothing need be
/// said twice.
namespace stagger::wire {

struct known_host {
    std::string_view name;  ///< the host, or with a dot in front what it ends with
    dialect spoken;
    std::string_view base_path;  ///< of its API in OpenAI's words, where a base URL has no path
    std::span<const std::string_view> key_variables;
};

/// Null for any other host.
const known_host* find_known_host(std::string_view host);

/// The environment's variables in which the key for a host is looked for, in their order: those of its
/// provider, else those of the dialect.
std::span<const std::string_view> key_variables_for(std::string_view host, dialect spoken);
/// The same for a base URL, whatever it is.
std::span<const std::string_view> key_variables_for_url(std::string_view base_url, dialect spoken);

}  // namespace stagger::wire
