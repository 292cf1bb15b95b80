#pragma once

#include "stagger/error.hpp"

namespace stagger {

/// Whether the host's name or its certificate is wrong, or ours is refused, or the proxy lets nothing
/// through: nothing that is sent there can be answered.
inline bool is_endpoint_error(errc error) {
    switch (error) {
        case errc::name_not_found:
        case errc::certificate_expired:
        case errc::certificate_not_yet_valid:
        case errc::certificate_wrong_host:
        case errc::certificate_self_signed:
        case errc::certificate_untrusted:
        case errc::client_certificate_refused:
        case errc::proxy_refused:
            return true;
        default:
            return false;
    }
}

}  // namespace stagger
