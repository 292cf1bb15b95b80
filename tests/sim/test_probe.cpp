#include <doctest/doctest.h>

#include <cmath>
#include <cstdio>
#include <cstdlib>

#include "probe_in_virtual_time.hpp"
#include "stagger/random.hpp"

using namespace stagger;

TEST_CASE("probe explore") {
    const int n = std::getenv("N") ? std::atoi(std::getenv("N")) : 10;
    const int only = std::getenv("KIND") ? std::atoi(std::getenv("KIND")) : -1;
    for (int kind = 0; kind < 5; ++kind) {
        if (only >= 0 && kind != only) continue;
        int good = 0;
        for (int seed = 1; seed <= n; ++seed) {
            random_source r(static_cast<std::uint64_t>(seed * 10 + kind));
            const auto mag = [&](double lo, double hi) { return std::exp(r.uniform(std::log(lo), std::log(hi))); };
            provider::provider_description d;
            double rate = 0, window = 0, cap = 0;
            char text[200];
            if (kind == 0) {
                rate = mag(0.5, 100); cap = std::round(mag(1, 60));
                d.limits = {provider::token_bucket{provider::unit::requests, rate, cap}};
            } else if (kind == 1 || kind == 2) {
                window = mag(1, 20); cap = std::round(mag(5, 60));
                if (kind == 1) d.limits = {provider::fixed_window{provider::unit::requests, cap, from_seconds(window), from_seconds(r.uniform(0, window))}};
                else d.limits = {provider::sliding_window{provider::unit::requests, cap, from_seconds(window)}};
                rate = cap / window;
            } else if (kind == 3) {
                cap = std::round(mag(1, 60));
                provider::concurrency_limit l; l.max = static_cast<unsigned>(cap); d.limits = {l};
            }
            d.latency.kind = provider::distribution::lognormal;
            d.latency.mean = from_seconds(mag(0.02, 2));
            d.rtt = from_seconds(mag(0.0005, 0.05));
            const auto plan = probe_in_virtual_time(d, {}, static_cast<std::uint64_t>(seed));
            const auto fits = load::ranked_fits(plan.answers());
            const auto& f = fits[0];
            bool refused = false;
            for (auto& a : plan.answers()) refused |= a.what == load::probe_answer::outcome::refused;
            bool ok = false;
            const load::limit_rule want[] = {load::limit_rule::draining, load::limit_rule::clock_opens, load::limit_rule::sliding, load::limit_rule::in_flight};
            if (kind == 4) ok = !refused;
            else {
                ok = refused && f.rule == want[kind] ;
                if (kind < 3) ok = ok && std::fabs(f.rate_per_s().best / rate - 1) < 0.05;
                if (kind == 3) ok = ok && f.capacity.best == cap;
            }
            good += ok;
            auto last = plan.answers().back().sent;
            std::snprintf(text, sizeof text, "kind %d seed %d rate %.3f window %.3f cap %.0f lat %.3f rtt %.4f", kind, seed, rate, window, cap, to_seconds(d.latency.mean), to_seconds(d.rtt));
            if (!ok || std::getenv("ALL")) std::printf("%s %s\n    -> end %d rule %s pace %.4f [%.4f %.4f] cap %.2f [%.2f %.2f) unexpl %zu next %s %zu; n=%zu t=%.1f\n", ok ? "ok " : "BAD", text, int(plan.end()), std::string(to_string(f.rule)).c_str(), f.pace.best, f.pace.low, f.pace.high, f.capacity.best, f.capacity.low, f.capacity.high, f.unexplained, std::string(to_string(fits[1].rule)).c_str(), fits[1].unexplained, plan.answers().size(), to_seconds(last - time_point{}));
        }
        std::printf("kind %d: %d of %d\n", kind, good, n);
    }
}
