#include "stagger/coordinator_options.hpp"
#include "stagger/coordinator_status.hpp"
#include "stagger/hints.hpp"
#include "stagger/wait_reason.hpp"

namespace stagger {

std::string_view to_string(pacing_kind kind) {
    switch (kind) {
        case pacing_kind::ride_the_limit:
            return "ride_the_limit";
        case pacing_kind::unpaced:
            return "unpaced";
        case pacing_kind::cookbook_pause:
            return "cookbook_pause";
        case pacing_kind::aws_adaptive:
            return "aws_adaptive";
        case pacing_kind::netflix_aimd:
            return "netflix_aimd";
        case pacing_kind::inspect_adaptive:
            return "inspect_adaptive";
        case pacing_kind::fixed_rate:
            return "fixed_rate";
    }
    return "unknown";
}

std::string_view to_string(opening_hint kind) {
    switch (kind) {
        case opening_hint::retry_after:
            return "retry_after";
        case opening_hint::retry_after_ms:
            return "retry_after_ms";
        case opening_hint::body:
            return "body";
        case opening_hint::quota:
            return "quota";
    }
    return "unknown";
}

std::string_view to_string(wait_reason reason) {
    switch (reason) {
        case wait_reason::none:
            return "none";
        case wait_reason::pace:
            return "pace";
        case wait_reason::in_flight:
            return "in_flight";
        case wait_reason::retry_after:
            return "retry_after";
        case wait_reason::closed:
            return "closed";
        case wait_reason::retry_budget:
            return "retry_budget";
        case wait_reason::own_delay:
            return "own_delay";
        case wait_reason::kind_refused:
            return "kind_refused";
    }
    return "unknown";
}

std::string_view to_string(coordinator_mode mode) {
    switch (mode) {
        case coordinator_mode::ramp:
            return "ramp";
        case coordinator_mode::search:
            return "search";
        case coordinator_mode::ride:
            return "ride";
        case coordinator_mode::closed:
            return "closed";
    }
    return "unknown";
}

}  // namespace stagger
