#include "stagger/decision_log.hpp"

namespace stagger {

duration waiting_times::total() const {
    duration sum{0};
    for (const duration each : spans_) sum += each;
    return sum;
}

waiting_times& waiting_times::operator+=(const waiting_times& other) {
    for (const wait_reason why : wait_reasons) (*this)[why] += other[why];
    return *this;
}

waiting_times& waiting_times::operator-=(const waiting_times& other) {
    for (const wait_reason why : wait_reasons) (*this)[why] -= other[why];
    return *this;
}

std::string_view to_string(mode_cause cause) {
    switch (cause) {
        case mode_cause::rejection:
            return "rejection";
        case mode_cause::admission:
            return "admission";
        case mode_cause::failure:
            return "failure";
        case mode_cause::time:
            return "time";
    }
    return "unknown";
}

}  // namespace stagger
