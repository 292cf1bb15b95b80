#include "gateway/status_json.hpp"

#include <algorithm>
#include <numeric>
#include <utility>
#include <vector>

#include "gateway/tenant.hpp"
#include "json/json_writer.hpp"

namespace stagger::gateway {

namespace {

// What is read at a glance; the others are counted.
constexpr std::size_t most_shown = 50;

std::string counts_json(const gateway_counts& counts) {
    std::string text;
    wire::object_writer object(text);
    object.count("calls", counts.calls);
    object.count("answered", counts.answered);
    object.count("turned_away", counts.turned_away);
    object.count("departed", counts.departed);
    object.count("cut", counts.cut);
    object.count("resumed", counts.resumed);
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
    for (const priority one : priorities)
        object.count(to_string(one), shown.waiting[static_cast<std::size_t>(one)]);
    object.count("next", shown.of_gate.waiting);
    object.close();
    return text;
}

void add_span(wire::object_writer& object, std::string_view name, const std::optional<duration>& span) {
    span ? object.number(name, to_seconds(*span)) : object.raw(name, "null");
}

std::string class_json(const gateway_status& shown, priority of) {
    const auto at = static_cast<std::size_t>(of);
    std::string text;
    wire::object_writer object(text);
    object.count("waiting", shown.crowd.waiting[at]);
    add_span(object, "p50_s", shown.waits[at].p50);
    add_span(object, "p99_s", shown.waits[at].p99);
    object.close();
    return text;
}

std::string classes_json(const gateway_status& shown) {
    std::string text;
    wire::object_writer object(text);
    for (const priority one : priorities) object.raw(to_string(one), class_json(shown, one));
    object.close();
    return text;
}

std::string tenants_json(const std::vector<gateway_status::seen_tenant>& tenants) {
    std::string text = "[";
    for (const auto& one : tenants) {
        if (text.size() > 1) text += ',';
        wire::object_writer object(text);
        object.string("tenant", one.name);
        object.count("waiting", one.waiting);
        object.count("going", one.going);
        object.number("oldest_s", to_seconds(one.oldest));
        add_span(object, "p50_s", one.waits.p50);
        add_span(object, "p99_s", one.waits.p99);
        object.close();
    }
    return text += ']';
}

gateway_status::usual_waits usual_of(const recent_waits& all) {
    return {all.quantile(.5), all.quantile(.99)};
}

std::vector<gateway_status::seen_tenant> tenants_of(const gateway& shown, const waiting_crowd& crowd) {
    std::vector<gateway_status::seen_tenant> all;
    for (const auto& [tenant, theirs] : crowd.tenants) {
        auto& one = all.emplace_back();
        one.number = tenant;
        one.waiting = theirs.waiting;
        one.oldest = theirs.oldest;
    }
    for (const auto& [tenant, waits] : shown.waits_by_tenant()) {
        if (!crowd.tenants.contains(tenant)) all.emplace_back().number = tenant;
    }
    keep_most_waiting(all);
    for (auto& one : all) {
        one.name = shown_tenant(one.number, shown.clients().terms_of(one.number).name);
        one.going = shown.going_of(one.number);
        if (const recent_waits* waits = shown.waits_of(one.number)) one.waits = usual_of(*waits);
    }
    return all;
}

/// The pace says nothing of a turn that hangs on other calls' ends.
std::optional<duration> until_turn(const waiting_call& one, const coordinator_status& gate, time_point now) {
    const bool paced = gate.why != wait_reason::in_flight && gate.why != wait_reason::kind_refused &&
                       one.why != wait_reason::own_delay;
    return paced ? look_ahead(one.ahead, gate, now).wait : std::nullopt;
}

std::string calls_json(const gateway_status& shown, time_point now) {
    std::string text = "[";
    for (const waiting_call& one : shown.crowd.first) {
        if (text.size() > 1) text += ',';
        wire::object_writer object(text);
        object.count("id", one.id);
        object.string("class", to_string(one.in));
        object.string("tenant", one.tenant);
        one.model.empty() ? object.raw("model", "null") : object.string("model", one.model);
        object.number("waited_s", to_seconds(one.waited));
        object.count("attempts", one.attempts);
        object.count("ahead", one.ahead);
        object.string("why", one.why ? to_string(*one.why) : "line");
        add_span(object, "expected_s", until_turn(one, shown.of_gate, now));
        object.close();
    }
    return text += ']';
}

std::string line_json(const gateway_status& shown, time_point now) {
    std::string text;
    wire::object_writer object(text);
    object.count("length",
                 std::accumulate(shown.crowd.waiting.begin(), shown.crowd.waiting.end(), std::uint64_t{0}));
    object.count("bytes", shown.waiting_bytes);
    object.number("oldest_s", to_seconds(shown.crowd.oldest));
    object.raw("classes", classes_json(shown));
    object.count("tenants_waiting", shown.crowd.tenants.size());
    object.raw("tenants", tenants_json(shown.tenants));
    object.raw("calls", calls_json(shown, now));
    object.close();
    return text;
}

}  // namespace

void keep_most_waiting(std::vector<gateway_status::seen_tenant>& all) {
    std::ranges::sort(all, [](const auto& left, const auto& right) {
        return left.waiting != right.waiting ? left.waiting > right.waiting : left.number < right.number;
    });
    if (all.size() > most_shown) all.resize(most_shown);
}

gateway_status status_of(const gateway& shown, time_point now) {
    gateway_status status;
    status.upstream = shown.options().upstream.base_url();
    status.draining = shown.is_draining();
    status.of_gate = shown.gate().status();
    for (const priority one : priorities) {
        const auto at = static_cast<std::size_t>(one);
        status.waiting[at] = shown.waiting(one);
        status.waits[at] = usual_of(shown.waits(one));
    }
    status.waiting_bytes = shown.waiting_bytes();
    status.crowd = shown.crowd(most_shown, now);
    status.tenants = tenants_of(shown, status.crowd);
    status.counts = shown.counts();
    return status;
}

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
    object.string("why", to_string(gate.why));
    object.raw("waiting", waiting_json(shown));
    object.raw("line", line_json(shown, now));
    object.raw("calls", counts_json(shown.counts));
    object.raw("attempts", attempts_json(gate));
    object.close();
    return text;
}

}  // namespace stagger::gateway
