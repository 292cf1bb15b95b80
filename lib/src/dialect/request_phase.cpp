#include "stagger/request_phase.hpp"

namespace stagger {

std::string_view to_string(request_phase value) noexcept {
    switch (value) {
        case request_phase::not_started:
            return "not started";
        case request_phase::queued:
            return "waiting in line";
        case request_phase::backing_off:
            return "backing off";
        case request_phase::awaiting_place:
            return "waiting for a connection";
        case request_phase::resolving:
            return "resolving the host's name";
        case request_phase::connecting:
            return "connecting";
        case request_phase::shaking_hands:
            return "in the TLS handshake";
        case request_phase::sending:
            return "sending the request";
        case request_phase::awaiting_answer:
            return "awaiting the answer";
        case request_phase::receiving:
            return "receiving the answer";
        case request_phase::answered:
            return "answered";
    }
    return "unknown";
}

}  // namespace stagger
