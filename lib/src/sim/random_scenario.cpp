#include "sim/random_scenario.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <initializer_list>
#include <set>
#include <string>
#include <utility>

#include "stagger/random.hpp"

namespace stagger::sim {

namespace {

using namespace std::chrono_literals;
using provider::scenario;

template <class Value>
Value one_of(random_source& random, std::initializer_list<Value> values) {
    return *(values.begin() + random.next() % values.size());
}

/// Every factor is as likely: as many draws from 1 to 10 as from 10 to 100.
double over_magnitudes(random_source& random, double low, double high) {
    return std::exp(random.uniform(std::log(low), std::log(high)));
}

std::uint64_t count_over_magnitudes(random_source& random, double low, double high) {
    return static_cast<std::uint64_t>(std::llround(over_magnitudes(random, low, high)));
}

/// Few digits, as people write them: those read back from a scenario file as the same number.
double to_two_places(double value) {
    return std::round(100 * value) / 100;
}

double to_four_places(double value) {
    return std::round(10'000 * value) / 10'000;
}

duration to_the_millisecond(double seconds) {
    return std::max<duration>(1ms, std::chrono::round<std::chrono::milliseconds>(from_seconds(seconds)));
}

// ---- one limit, which binds

provider::limit draw_bucket(random_source& random) {
    const double rate = to_two_places(over_magnitudes(random, 1, 500));
    return provider::token_bucket{provider::unit::requests, rate,
                                  std::max(1.0, std::round(rate * random.uniform(1, 2)))};
}

provider::limit draw_window(random_source& random, double share_fixed) {
    const double quota = std::round(over_magnitudes(random, 20, 5000));
    const duration length = to_the_millisecond(over_magnitudes(random, 1, 60));
    if (random.uniform() < share_fixed)
        return provider::fixed_window{provider::unit::requests, quota, length, {}};
    return provider::sliding_window{provider::unit::requests, quota, length};
}

provider::limit draw_concurrency(random_source& random) {
    provider::concurrency_limit limit;
    limit.max = static_cast<unsigned>(count_over_magnitudes(random, 2, 256));
    return limit;
}

provider::limit draw_limit(random_kind kind, random_source& random) {
    switch (kind) {
        case random_kind::token_bucket:
            return draw_bucket(random);
        case random_kind::window:
            return draw_window(random, 0.5);
        case random_kind::fixed_window:
            return draw_window(random, 1);
        case random_kind::sliding_window:
            return draw_window(random, 0);
        default:
            return draw_concurrency(random);
    }
}

/// How long the limit alone makes that many requests take.
struct time_by_limit {
    double requests;
    double service_s;

    double operator()(const provider::token_bucket& limit) const {
        return (requests - limit.burst) / limit.rate_per_s;
    }
    double operator()(const provider::fixed_window& limit) const {
        return (requests / limit.quota - 1) * to_seconds(limit.window);
    }
    double operator()(const provider::sliding_window& limit) const {
        return (requests / limit.quota - 1) * to_seconds(limit.window);
    }
    double operator()(const provider::concurrency_limit& limit) const {
        return requests / limit.max * service_s;
    }
};

bool limit_binds(const scenario& drawn) {
    const provider::client_description& client = drawn.clients.front();
    const auto requests = static_cast<double>(client.requests);
    const double service_s = to_seconds(drawn.provider.latency.mean);
    // The last request of many is one of the slow ones: the tail of a lognormal is some times its mean.
    constexpr double tail = 4;
    const double by_latency = service_s * (requests / client.concurrency + tail);
    constexpr double clearly = 3;
    return std::visit(time_by_limit{requests, service_s}, drawn.provider.limits.front()) >=
           clearly * by_latency;
}

scenario draw_client_and_server(random_source& random, std::vector<provider::limit> limits) {
    scenario drawn;
    provider::provider_description& server = drawn.provider;
    server.limits = std::move(limits);
    server.latency.kind = provider::distribution::lognormal;
    server.latency.mean = to_the_millisecond(over_magnitudes(random, 0.2, 20));
    server.rtt = to_the_millisecond(over_magnitudes(random, 0.001, 0.3));
    if (random.uniform() < 0.25) {
        server.hints.retry_after =
            one_of(random, {provider::retry_after_hint::none, provider::retry_after_hint::exact,
                            provider::retry_after_hint::integer});
        const bool silent = server.hints.retry_after == provider::retry_after_hint::none;
        if (silent || random.uniform() < 0.5) server.hints.headers = provider::header_hint::openai;
    }
    provider::client_description client;
    client.requests = count_over_magnitudes(random, 300, 20'000);
    client.concurrency = static_cast<unsigned>(count_over_magnitudes(random, 64, 4096));
    drawn.clients = {client};
    return drawn;
}

scenario draw_measured(random_kind kind, random_source& random) {
    while (true) {  // about one draw in three is kept
        const provider::limit limit = draw_limit(kind, random);
        scenario drawn = draw_client_and_server(random, {limit});
        if (limit_binds(drawn)) return drawn;
    }
}

// ---- refusals that are no limit, or none that stays

unsigned draw_refusal(random_source& random) {
    return one_of(random, {429u, 503u, 529u});
}

scenario draw_unlimited(random_source& random) {
    return draw_client_and_server(random, {});
}

scenario draw_on_bucket(random_source& random) {
    return draw_measured(random_kind::token_bucket, random);
}

scenario overloaded(scenario drawn, random_source& random) {
    provider::chance_refusals shed;
    shed.share = to_four_places(over_magnitudes(random, 0.01, 0.3));
    shed.status = draw_refusal(random);
    drawn.provider.refusals.by_chance = {shed};
    return drawn;
}

scenario draw_closed_at_start(random_source& random) {
    scenario drawn = random.uniform() < 0.5 ? draw_on_bucket(random) : draw_unlimited(random);
    provider::closure closed;
    closed.to = to_the_millisecond(over_magnitudes(random, 1, 60));
    closed.status = draw_refusal(random);
    if (random.uniform() < 0.5) {
        closed.retry_after =
            one_of(random, {provider::retry_after_hint::exact, provider::retry_after_hint::integer});
    }
    drawn.provider.refusals.closures = {closed};
    return drawn;
}

scenario draw_dip(random_source& random) {
    while (true) {
        scenario drawn = draw_on_bucket(random);
        const auto usual = std::get<provider::token_bucket>(drawn.provider.limits.front());
        const auto requests = static_cast<double>(drawn.clients.front().requests);
        const double undisturbed_s = (requests - usual.burst) / usual.rate_per_s;
        const duration begins = to_the_millisecond(undisturbed_s * random.uniform(0.2, 0.6));
        const duration lasts = to_the_millisecond(over_magnitudes(random, 10, 60));
        provider::token_bucket low = usual;
        low.rate_per_s = to_four_places(usual.rate_per_s * over_magnitudes(random, 0.05, 0.5));
        const double admitted_by_then =
            usual.burst + usual.rate_per_s * to_seconds(begins) + low.rate_per_s * to_seconds(lasts);
        if (admitted_by_then > 0.9 * requests) continue;  // nothing would come back
        drawn.provider.changes = {{begins, {low}}, {begins + lasts, {usual}}};
        return drawn;
    }
}

scenario draw_late_refusals(random_source& random) {
    scenario drawn = draw_on_bucket(random);
    drawn.provider.rejection_status = draw_refusal(random);
    drawn.provider.refusals.delay = to_the_millisecond(over_magnitudes(random, 1, 10));
    return drawn;
}

scenario draw_closing_connections(random_source& random) {
    scenario drawn = draw_on_bucket(random);
    drawn.provider.rejection_status = provider::connection_closed;
    drawn.provider.hints = {};  // nothing that could carry one
    return drawn;
}

scenario draw_poisoned_prompt(random_source& random) {
    scenario drawn = random.uniform() < 0.5 ? draw_on_bucket(random) : draw_unlimited(random);
    drawn.provider.rejection_status = draw_refusal(random);
    provider::client_description& client = drawn.clients.front();
    std::set<std::uint64_t> poisoned;
    for (std::uint64_t left = 1 + random.next() % 3; left > 0; --left)
        poisoned.insert(random.next() % client.requests);
    client.always_refused.assign(poisoned.begin(), poisoned.end());
    return drawn;
}

// ---- everything at once

provider::limit adverse_limit(random_source& random) {
    const double rate = to_two_places(over_magnitudes(random, 1, 200));
    switch (random.next() % 4) {
        case 0:
            return provider::token_bucket{provider::unit::requests, rate,
                                          to_two_places(one_of(random, {1.0, 5.0, rate, 2 * rate}) + 1)};
        case 1: {
            const double window_s = one_of(random, {1.0, 5.0, 20.0});
            return provider::fixed_window{
                provider::unit::requests, std::ceil(rate * window_s), from_seconds(window_s), {}};
        }
        case 2: {
            const double window_s = one_of(random, {1.0, 5.0, 20.0});
            return provider::sliding_window{provider::unit::requests, std::ceil(rate * window_s),
                                            from_seconds(window_s)};
        }
        default: {
            provider::concurrency_limit limit;
            limit.max = 1 + static_cast<unsigned>(random.next() % 40);
            limit.queue = one_of(random, {0u, 0u, 10u});
            return limit;
        }
    }
}

provider::faults_description adverse_faults(random_source& random) {
    provider::faults_description faults;
    if (random.uniform() < 0.3) faults.error_rate = to_two_places(random.uniform(0, 0.2));
    if (random.uniform() < 0.2) {
        faults.error_status = one_of(random, {500u, 503u});
        faults.outages = {{3s, 20s, faults.error_status}};
    }
    return faults;
}

scenario draw_adverse(random_source& random) {
    scenario drawn;
    provider::provider_description& server = drawn.provider;
    server.limits = {adverse_limit(random)};
    if (random.uniform() < 0.2) server.limits.push_back(adverse_limit(random));
    server.latency.kind =
        one_of(random, {provider::distribution::constant, provider::distribution::lognormal});
    server.latency.mean = one_of<duration>(random, {20ms, 300ms, 2s});
    server.rtt = one_of<duration>(random, {200us, 5ms, 50ms, 300ms});
    server.hints.retry_after =
        one_of(random, {provider::retry_after_hint::none, provider::retry_after_hint::none,
                        provider::retry_after_hint::exact, provider::retry_after_hint::integer,
                        provider::retry_after_hint::milliseconds, provider::retry_after_hint::wrong});
    server.hints.wrong = one_of<duration>(random, {500ms, 4s, 30s});
    server.hints.headers = one_of(random, {provider::header_hint::none, provider::header_hint::openai});
    server.charge_rejections = random.uniform() < 0.1;
    if (random.uniform() < 0.15) server.lockout_silence = one_of<duration>(random, {1s, 3s});
    server.faults = adverse_faults(random);
    if (random.uniform() < 0.2) server.changes = {{5s, {adverse_limit(random)}}};
    const std::size_t clients = random.uniform() < 0.2 ? 3 : 1;
    for (std::size_t each = 0; each < clients; ++each) {
        provider::client_description client;
        client.requests = 50 + random.next() % 600;
        client.concurrency = one_of(random, {1u, 7u, 64u, 1024u});
        client.start = one_of<duration>(random, {0s, 2s});
        client.rpm = random.uniform() < 0.2 ? std::round(random.uniform(60, 3000)) : 0;
        drawn.clients.push_back(client);
    }
    return drawn;
}

scenario draw(random_kind kind, std::uint64_t seed) {
    if (kind == random_kind::adverse) {
        random_source random(seed);
        return draw_adverse(random);
    }
    // A stream for each kind, and none that a run with this seed draws from.
    constexpr std::uint64_t scenario_stream = 0x7363656e6172696fu;
    random_source random((seed ^ scenario_stream) + (static_cast<std::uint64_t>(kind) << 56));
    switch (kind) {
        case random_kind::overload:
            return overloaded(draw_unlimited(random), random);
        case random_kind::overload_bucket:
            return overloaded(draw_on_bucket(random), random);
        case random_kind::closed_at_start:
            return draw_closed_at_start(random);
        case random_kind::dip:
            return draw_dip(random);
        case random_kind::late_refusals:
            return draw_late_refusals(random);
        case random_kind::closing_connections:
            return draw_closing_connections(random);
        case random_kind::poisoned_prompt:
            return draw_poisoned_prompt(random);
        default:
            return draw_measured(kind, random);
    }
}

}  // namespace

std::string_view to_string(random_kind kind) {
    switch (kind) {
        case random_kind::token_bucket:
            return "token_bucket";
        case random_kind::window:
            return "window";
        case random_kind::concurrency:
            return "concurrency";
        case random_kind::adverse:
            return "adverse";
        case random_kind::fixed_window:
            return "fixed_window";
        case random_kind::sliding_window:
            return "sliding_window";
        case random_kind::overload:
            return "overload";
        case random_kind::overload_bucket:
            return "overload_bucket";
        case random_kind::closed_at_start:
            return "closed_at_start";
        case random_kind::dip:
            return "dip";
        case random_kind::late_refusals:
            return "late_refusals";
        case random_kind::closing_connections:
            return "closing_connections";
        case random_kind::poisoned_prompt:
            return "poisoned_prompt";
    }
    return "unknown";
}

provider::scenario random_scenario(random_kind kind, std::uint64_t seed) {
    scenario drawn = draw(kind, seed);
    drawn.name = std::string(to_string(kind)) + "-" + std::to_string(seed);
    drawn.seed = seed;
    return drawn;
}

std::optional<provider::scenario> find_random_scenario(std::string_view name) {
    for (const random_kind kind : random_kinds) {
        const std::string start = std::string(to_string(kind)) + "-";
        if (!name.starts_with(start)) continue;
        const std::string_view digits = name.substr(start.size());
        std::uint64_t seed = 0;
        const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), seed);
        if (error == std::errc() && end == digits.data() + digits.size() && !digits.empty())
            return random_scenario(kind, seed);
    }
    return std::nullopt;
}

}  // namespace stagger::sim
