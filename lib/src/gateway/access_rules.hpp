#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace stagger::gateway {

/// Whom a gateway answers. A page in a browser may not spend its key: neither under a name that was made to
/// lead here, nor as a page of another origin.
struct access_rules {
    std::vector<std::string> hosts;    ///< names beside those of this machine's loopback
    std::vector<std::string> origins;  ///< as browsers send them, such as "https://app.example.com"
};

/// "localhost:8484", "127.0.0.1", "[::1]:80": whatever the port.
bool is_loopback_name(std::string_view host);

/// The status to refuse with (400 without a Host, 403 for a foreign one or a foreign Origin); 0: let in.
unsigned refused_by(const access_rules& rules, std::string_view host, std::string_view origin);

}  // namespace stagger::gateway
