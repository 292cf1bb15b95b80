#include "stagger/decision_log.hpp"

namespace stagger {

std::string_view to_string(mode_cause cause) {
    switch (cause) {
        case mode_cause::rejection:
            return "rejection";
        case mode_cause::admission:
            return "admission";
        case mode_cause::failure:
            return "failure";
        case mode_cause::fleet:
            return "fleet";
        case mode_cause::time:
            return "time";
    }
    return "unknown";
}

}  // namespace stagger
