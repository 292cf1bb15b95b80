#include "dialect/status_meaning.hpp"

namespace stagger::wire {

status_meaning meaning_of_status(unsigned status) {
    switch (status) {
        case 429:
            return {errc::rate_limited, verdict::throttled, true};
        case 503:
        case 529:
            return {errc::overloaded, verdict::throttled, true};
        case 408:
        case 409:
        case 425:
            return {errc::server_error, verdict::transient, false};
        case 401:
            return {errc::unauthorized, verdict::permanent, true};
        case 402:
            return {errc::quota_exhausted, verdict::permanent, false};
        case 403:
            return {errc::forbidden, verdict::permanent, true};
        case 404:
            return {errc::not_found, verdict::permanent, true};
        // Only a proxy says it, in the place of the server.
        case 407:
            return {errc::proxy_refused, verdict::permanent, false};
        // The server lacks what the request needs, and will lack it the next time.
        case 501:
        case 505:
            return {errc::bad_request, verdict::permanent, false};
        default:
            break;
    }
    if (status >= 300 && status < 400) return {errc::redirected, verdict::permanent, false};
    if (status >= 400 && status < 500) return {errc::bad_request, verdict::permanent, true};
    if (status >= 500 && status < 600) return {errc::server_error, verdict::transient, false};
    return {errc::malformed_answer, verdict::permanent, false};
}

}  // namespace stagger::wire
