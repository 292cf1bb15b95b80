#include "gateway/status_json.hpp"

#include "json/json_writer.hpp"

namespace stagger::gateway {

namespace {

constexpr std::array classes = {call_class::interactive, call_class::normal, call_class::batch};

std::string counts_json(const gateway_counts& counts) {
    std::string text;
    wire::object_writer object(text);
    object.count("calls", counts.calls);
    object.count("answered", counts.answered);
    object.count("turned_away", counts.turned_away);
    object.count("departed", counts.departed);
    object.count("cut", counts.cut);
    object.close();
    return text;
}

std::string attempts_json(const coordinator_status& of_gate) {
    std::string text;
    wire::object_writer object(text);
    object.count("admitted", of_gate.admitted);
    object.count("accepted", of_gate.accepted);
    object.count("refused", of_gate.throttled);
    object.count("failed", of_gate.failed);
    object.count("abandoned", of_gate.abandoned);
    object.close();
    return text;
}

std::string waiting_json(const gateway_status& shown) {
    std::string text;
    wire::object_writer object(text);
    for (const call_class one : classes)
        object.count(to_string(one), shown.waiting[static_cast<std::size_t>(one)]);
    object.count("next", shown.of_gate.waiting);
    object.close();
    return text;
}

}  // namespace

std::string to_json(const gateway_status& shown, time_point now) {
    const coordinator_status& gate = shown.of_gate;
    const outlook seen = look_ahead(0, gate, now);
    std::string text;
    wire::object_writer object(text);
    object.string("upstream", shown.upstream);
    object.raw("draining", shown.draining ? "true" : "false");
    object.string("mode", to_string(gate.mode));
    object.number("pace_per_s", gate.pace_per_s);
    gate.measured_per_s ? object.number("limit_per_s", *gate.measured_per_s)
                        : object.raw("limit_per_s", "null");
    gate.measured_window ? object.count("window", *gate.measured_window) : object.raw("window", "null");
    object.number("closed_s", to_seconds(seen.closed_for));
    object.count("in_flight", gate.in_flight);
    object.raw("waiting", waiting_json(shown));
    object.raw("calls", counts_json(shown.counts));
    object.raw("attempts", attempts_json(gate));
    object.close();
    return text;
}

}  // namespace stagger::gateway
