#include "sim/suite.hpp"

#include <chrono>
#include <string>
#include <utility>

namespace stagger::sim {

namespace {

using namespace std::chrono_literals;
using provider::scenario;

scenario far_away(std::string name, std::uint64_t requests) {
    scenario made;
    made.name = std::move(name);
    made.provider.latency.kind = provider::distribution::lognormal;
    made.provider.latency.mean = 2s;
    made.provider.rtt = 50ms;
    provider::client_description client;
    client.requests = requests;
    client.concurrency = 1024;
    made.clients = {client};
    return made;
}

scenario bucket(std::string name, double rate_per_s, double burst, std::uint64_t requests = 10'000) {
    scenario made = far_away(std::move(name), requests);
    made.provider.limits = {provider::token_bucket{provider::unit::requests, rate_per_s, burst}};
    return made;
}

scenario window(std::string name, double quota, duration length, std::uint64_t requests) {
    scenario made = far_away(std::move(name), requests);
    made.provider.limits = {provider::fixed_window{provider::unit::requests, quota, length, {}}};
    return made;
}

scenario says_retry_after(scenario made, provider::retry_after_hint kind, duration told = {}) {
    made.provider.hints.retry_after = kind;
    if (kind == provider::retry_after_hint::wrong) made.provider.hints.wrong = told;
    return made;
}

scenario has_headers(scenario made) {
    made.provider.hints.headers = provider::header_hint::openai;
    return made;
}

scenario concurrency_64() {
    scenario made = far_away("concurrency 64", 10'000);
    provider::concurrency_limit limit;
    limit.max = 64;
    made.provider.limits = {limit};
    return made;
}

scenario long_service() {
    scenario made = bucket("bucket 50/s, 20 s of service", 50, 50);
    made.provider.latency.mean = 20s;
    made.clients[0].concurrency = 4096;
    return made;
}

scenario halved_and_doubled() {
    scenario made = bucket("50 to 25 to 50/s", 50, 50, 15'000);
    made.provider.changes = {{100s, {provider::token_bucket{provider::unit::requests, 25, 25}}},
                             {200s, {provider::token_bucket{provider::unit::requests, 50, 50}}}};
    return made;
}

scenario close_by(scenario made) {
    made.provider.rtt = 1ms;
    return made;
}

scenario nginx() {
    scenario made = close_by(bucket("nginx: 20/s burst 5, Retry-After 1", 20, 5, 500));
    made.provider.latency.mean = 50ms;
    return says_retry_after(std::move(made), provider::retry_after_hint::integer);
}

scenario outage() {
    scenario made = bucket("outage of 30 s", 50, 50);
    made.provider.faults.outages = {{60s, 90s}};
    return made;
}

scenario random_errors() {
    scenario made = bucket("2 % random 500s", 50, 50);
    made.provider.faults.error_rate = 0.02;
    return made;
}

scenario answers_503() {
    scenario made = bucket("bucket 50/s, answers 503", 50, 50);
    made.provider.rejection_status = 503;
    return made;
}

scenario token_limit() {
    scenario made = far_away("bucket of 15000 tokens/s", 10'000);
    made.provider.limits = {provider::token_bucket{provider::unit::tokens, 15'000, 15'000}};
    made.clients[0].tokens = {provider::distribution::lognormal, 300, 0.5};
    return made;
}

scenario four_processes() {
    scenario made = bucket("four processes, one bucket 50/s", 50, 50, 4'000);
    made.clients.assign(4, made.clients[0]);
    return made;
}

scenario short_warm() {
    scenario made = bucket("500 requests at 50/s, warm", 50, 50, 500);
    made.clients[0].warm = true;
    return made;
}

scenario lockout(std::string name) {
    scenario made = bucket(std::move(name), 10, 10, 300);
    made.provider.lockout_silence = 3s;
    return made;
}

scenario lockout_with_told_rate() {
    scenario made = lockout("lockout, 600 rpm configured");
    made.clients[0].rpm = 600;
    return made;
}

scenario charging_window(std::string name) {
    scenario made = far_away(std::move(name), 300);
    made.provider.limits = {provider::sliding_window{provider::unit::requests, 20, 2s}};
    made.provider.charge_rejections = true;
    return made;
}

// ---- refusals that are no limit, or none that stays

scenario sheds(scenario made, double share, unsigned status) {
    provider::chance_refusals drawn;
    drawn.share = share;
    drawn.status = status;
    made.provider.refusals.by_chance = {drawn};
    return made;
}

scenario closed_at_start(scenario made, duration until, provider::retry_after_hint told) {
    made.provider.refusals.closures = {{0s, until, 503, told}};
    return made;
}

scenario fallen_and_risen() {
    scenario made = bucket("20 to 2 to 20/s", 20, 20, 4'000);
    made.provider.changes = {{60s, {provider::token_bucket{provider::unit::requests, 2, 20}}},
                             {90s, {provider::token_bucket{provider::unit::requests, 20, 20}}}};
    return made;
}

scenario late_refusals() {
    scenario made = bucket("bucket 50/s, refusals after 5 s", 50, 50);
    made.provider.refusals.delay = 5s;
    return made;
}

scenario closes_connections() {
    scenario made = bucket("bucket 50/s, closes connections", 50, 50);
    made.provider.rejection_status = provider::connection_closed;
    return made;
}

/// Nobody is told how many may run: a balancer refuses the likelier, the more do.
/// are.
scenario sheds_by_load() {
    scenario made = far_away("refused more and more from 48 to 80 at once", 5'000);
    provider::chance_refusals drawn;
    drawn.share = 1;
    drawn.from_in_flight = 48;
    drawn.to_in_flight = 80;
    made.provider.refusals.by_chance = {drawn};
    return made;
}

scenario refused_model() {
    scenario made = far_away("two models, one of them refused", 400);
    made.provider.models["retired"].refused = true;
    made.clients[0].models = {"small", "retired"};
    return made;
}

scenario limited_models() {
    scenario made = far_away("two models, 10/s and 40/s", 4'000);
    made.provider.models["large"].limits = {provider::token_bucket{provider::unit::requests, 10, 10}};
    made.provider.models["small"].limits = {provider::token_bucket{provider::unit::requests, 40, 40}};
    made.clients[0].models = {"large", "small"};
    return made;
}

/// A prompt and its answer have 200 tokens, but more than five times as many are reserved for them at first.
scenario reserved_tokens() {
    scenario made = far_away("60000 tokens a minute told, reserved and settled", 3'000);
    provider::token_bucket budget{provider::unit::tokens, 1'000, 60'000};
    budget.counted = provider::counted_tokens::settled;
    made.provider.limits = {budget};
    made.provider.answers.default_max_tokens = 1'024;
    provider::client_description& client = made.clients[0];
    client.tpm = 60'000;
    client.tokens.mean = 184;
    client.output = provider::token_costs{provider::distribution::constant, 16, 0.5};
    return made;
}

scenario poisoned_prompt() {
    scenario made = far_away("one prompt of 600 always refused", 600);
    made.clients[0].concurrency = 64;
    made.clients[0].always_refused = {17};
    return made;
}

figures_to_reach figures(double least_efficiency, double most_waste) {
    figures_to_reach required;
    required.least_efficiency = least_efficiency;
    required.most_waste_per_100 = most_waste;
    return required;
}

figures_to_reach figures_beside_rivals(double least_efficiency, double most_avoidable, double most_ratio) {
    figures_to_reach required;
    required.least_efficiency = least_efficiency;
    required.most_avoidable_per_100 = most_avoidable;
    required.most_ratio_to_best = most_ratio;
    return required;
}

}  // namespace

figures_to_reach random_figures(random_kind kind) {
    switch (kind) {
        case random_kind::token_bucket:
            return figures(.99, 2);
        case random_kind::window:
        case random_kind::fixed_window:
        case random_kind::sliding_window:
            return figures(.97, 4);
        case random_kind::concurrency:
            return figures(.92, 3);
        case random_kind::adverse:  // all sorts: only that nothing is lost
        // Refusals that no pace avoids: these are held against other policies
        // (never_worse.hpp).
        case random_kind::overload:
        case random_kind::overload_bucket:
        case random_kind::closed_at_start:
        case random_kind::dip:
        case random_kind::late_refusals:
        case random_kind::closing_connections:
        case random_kind::poisoned_prompt:
            return {};
    }
    return {};
}

namespace {

/// Refusals that are no limit's, or none that stays, and limits that are not
/// everybody's.
std::vector<suite_row> rows_of_refusals() {
    using hint = provider::retry_after_hint;
    return {
        {sheds(far_away("10 % are 529", 10'000), .1, 529), figures_beside_rivals(.95, 0, 1.02)},
        {sheds(bucket("bucket 50/s, 10 % are 503", 50, 50), .1, 503), figures_beside_rivals(.98, 12, 1.02)},
        {closed_at_start(far_away("closed for 10 s", 10'000), 10s, hint::none),
         figures_beside_rivals(.86, 1, 1.02)},
        {closed_at_start(bucket("closed for 30 s, Retry-After in s, bucket 50/s", 50, 50), 30s,
                         hint::integer),
         figures_beside_rivals(.98, 2, 1.02)},
        {fallen_and_risen(), figures_beside_rivals(.95, 3, 1.05)},
        {late_refusals(), figures_beside_rivals(.93, 20, 1.02)},
        {closes_connections(), figures_beside_rivals(.95, 10, 1.02)},
        {sheds_by_load(), figures(.55, 10)},
        {poisoned_prompt(), figures_beside_rivals(.95, 20, 1.02)},
        {refused_model(), figures_beside_rivals(.88, 7000, 1.15)},
        {limited_models(), figures_beside_rivals(.998, 2, 1.02)},
        {reserved_tokens(), figures_beside_rivals(.99, 0.5, 1.02)},
    };
}

std::vector<suite_row> rows_of_limits() {
    using hint = provider::retry_after_hint;
    figures_to_reach without_bursts = figures(.998, 0.9);
    without_bursts.most_peak_10ms = 10;
    without_bursts.most_peak_1s = 130;
    figures_to_reach shared = figures(.90, 2.5);
    shared.least_jain = .92;
    shared.least_aggregate_goodput_per_s = .99 * 50;
    const auto few_lockouts = [](double least_efficiency, double most_waste, double most_lockouts) {
        figures_to_reach required = figures(least_efficiency, most_waste);
        required.most_lockouts = most_lockouts;
        return required;
    };
    return {
        {bucket("bucket 50/s", 50, 50), without_bursts},
        {long_service(), figures(.998, 0.9)},
        {window("window 3000 per 60 s", 3000, 60s, 20'000), figures(.99, 2.0)},
        {window("window 50 per 1 s", 50, 1s, 10'000), figures(.97, 1.5)},
        {concurrency_64(), figures(.96, 1.6)},
        {halved_and_doubled(), figures(.975, 1.5)},
        {says_retry_after(bucket("bucket 50/s, Retry-After in s", 50, 50), hint::integer),
         figures(.997, 1.1)},
        {close_by(says_retry_after(bucket("bucket 50/s, Retry-After in s, RTT 1 ms", 50, 50), hint::integer)),
         figures(.997, 1.1)},
        {nginx(), figures(.98, 2.5)},
        {says_retry_after(window("window of 60 s, exact Retry-After", 3000, 60s, 20'000), hint::exact),
         figures(.995, 0.6)},
        {has_headers(bucket("bucket 50/s, headers", 50, 50)), figures(.996, 0.3)},
        {has_headers(window("window of 60 s, headers", 3000, 60s, 20'000)), figures(.998, 0.3)},
        {outage(), figures(.99, 1.5)},
        {random_errors(), figures(.995, 1.5)},
        {answers_503(), figures(.998, 0.9)},
        {token_limit(), figures(.995, 2.2)},
        {four_processes(), shared},
        {bucket("500 requests at 50/s, cold", 50, 50, 500), figures(.985, 4.5)},
        {short_warm(), figures(.99, 4.5)},
        {lockout("lockout of 3 s, no hint"), few_lockouts(.60, 9, 3)},
        {says_retry_after(lockout("lockout of 3 s, Retry-After 4"), hint::wrong, 4s),
         few_lockouts(.67, 9, 3)},
        {lockout_with_told_rate(), few_lockouts(.98, 0, 0)},
        {charging_window("window 20 per 2 s, refusals charged"), figures(.84, 6.5)},
        {says_retry_after(charging_window("window 20 per 2 s, refusals charged, Retry-After 2"), hint::wrong,
                          2s),
         figures(.72, 6)},
    };
}

}  // namespace

std::vector<suite_row> built_in_suite() {
    std::vector<suite_row> rows = rows_of_limits();
    for (suite_row& each : rows_of_refusals()) rows.push_back(std::move(each));
    return rows;
}

}  // namespace stagger::sim
