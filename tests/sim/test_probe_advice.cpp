#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdlib>
#include <string>

#include "probe/probe_advice.hpp"
#include "probe_in_virtual_time.hpp"
#include "stagger/random.hpp"

namespace {

using namespace stagger;
using namespace std::chrono_literals;
using probe::limit_rule;
using probe::probe_verdict;
using provider::provider_description;

enum class kind { bucket, bucket_of_one, slow_bucket, by_the_clock, minute_by_the_clock, sliding, minute_sliding,
                  in_flight, queue, bucket_and_places, lockout, charged, charged_window, shed };
constexpr std::array kinds{kind::bucket, kind::bucket_of_one, kind::slow_bucket, kind::by_the_clock,
                           kind::minute_by_the_clock, kind::sliding, kind::minute_sliding, kind::in_flight,
                           kind::queue, kind::bucket_and_places, kind::lockout, kind::charged, kind::charged_window, kind::shed};

double over_magnitudes(random_source& random, double low, double high) {
    return std::exp(random.uniform(std::log(low), std::log(high)));
}

double whole(random_source& random, double low, double high) {
    return std::round(over_magnitudes(random, low, high));
}

/// A server, and what is true of it.
struct drawn_limit {
    provider_description server;
    double rate_per_s = 0;      ///< 0: no limit on it
    std::size_t in_flight = 0;  ///< 0: no limit on it
    unsigned places = 0;        ///< those of them that are worked on
    limit_rule rule = limit_rule::draining;
    double capacity = 0;

    double least_per_s() const {
        const double by_places =
            in_flight > 0 ? static_cast<double>(in_flight) / to_seconds(server.latency.mean) : 0;
        if (rate_per_s > 0 && in_flight > 0) return std::min(rate_per_s, by_places);
        return std::max(rate_per_s, by_places);
    }
};

drawn_limit draw(kind what, random_source& random) {
    drawn_limit drawn;
    provider_description& server = drawn.server;
    server.latency.kind = provider::distribution::lognormal;
    server.latency.mean = from_seconds(over_magnitudes(random, 0.02, 2));
    server.rtt = from_seconds(over_magnitudes(random, 0.0005, 0.05));
    const std::array hints{provider::retry_after_hint::none, provider::retry_after_hint::exact,
                           provider::retry_after_hint::integer};
    server.hints.retry_after = hints[random.next() % hints.size()];
    const auto bucket = [&](double per_s, double burst) {
        server.limits.push_back(provider::token_bucket{provider::unit::requests, per_s, burst});
        drawn.rate_per_s = per_s;
        drawn.capacity = burst;
        drawn.rule = limit_rule::draining;
    };
    const auto window = [&](bool slides, double quota, double window_s) {
        if (slides)
            server.limits.push_back(
                provider::sliding_window{provider::unit::requests, quota, from_seconds(window_s)});
        else
            server.limits.push_back(provider::fixed_window{provider::unit::requests, quota,
                                                           from_seconds(window_s),
                                                           from_seconds(random.uniform(0, window_s))});
        drawn.rate_per_s = quota / window_s;
        drawn.capacity = quota;
        drawn.rule = slides ? limit_rule::sliding : limit_rule::clock_opens;
    };
    const auto places = [&](unsigned most, unsigned line) {
        provider::concurrency_limit limit;
        limit.max = most;
        limit.queue = line;
        limit.queue_timeout = from_seconds(random.uniform(3, 60));
        server.limits.push_back(limit);
        drawn.in_flight = most + line;
        drawn.places = most;
        if (drawn.rate_per_s > 0) return;
        drawn.capacity = most + line;
        drawn.rule = limit_rule::in_flight;
    };
    switch (what) {
        case kind::bucket:
            bucket(over_magnitudes(random, 0.5, 100), whole(random, 2, 100));
            break;
        case kind::bucket_of_one:
            bucket(over_magnitudes(random, 0.5, 20), 1);
            break;
        case kind::slow_bucket:
            bucket(over_magnitudes(random, 0.02, 0.5), whole(random, 1, 40));
            break;
        case kind::by_the_clock:
            window(false, whole(random, 3, 200), over_magnitudes(random, 1, 30));
            break;
        case kind::minute_by_the_clock:
            window(false, whole(random, 3, 250), 60);
            break;
        case kind::sliding:
            window(true, whole(random, 3, 200), over_magnitudes(random, 1, 30));
            break;
        case kind::minute_sliding:
            window(true, whole(random, 3, 250), 60);
            break;
        case kind::in_flight:
            places(static_cast<unsigned>(whole(random, 1, 100)), 0);
            break;
        case kind::queue:
            places(static_cast<unsigned>(whole(random, 1, 20)), static_cast<unsigned>(whole(random, 4, 80)));
            break;
        case kind::bucket_and_places:
            bucket(over_magnitudes(random, 0.5, 100), whole(random, 2, 60));
            places(static_cast<unsigned>(whole(random, 2, 60)), 0);
            break;
        case kind::lockout:
            bucket(over_magnitudes(random, 0.5, 50), whole(random, 2, 60));
            server.lockout_silence = from_seconds(over_magnitudes(random, 1, 10));
            break;
        case kind::charged:
            bucket(over_magnitudes(random, 0.5, 50), whole(random, 2, 60));
            server.charge_rejections = true;
            break;
        case kind::charged_window:
            window(true, whole(random, 3, 100), over_magnitudes(random, 1, 30));
            server.charge_rejections = true;
            break;
        case kind::shed: {
            bucket(over_magnitudes(random, 0.5, 50), whole(random, 2, 60));
            provider::chance_refusals by_chance;
            by_chance.share = random.uniform(0.05, 0.3);
            server.refusals.by_chance = {by_chance};
            break;
        }
    }
    return drawn;
}

/// How far the advice is above the truth: more than 1 is too much.
double advice_by_truth(const probe::probe_advice& advice, const drawn_limit& drawn) {
    if (advice.requests_per_minute > 0) return advice.requests_per_minute / (60 * drawn.least_per_s());
    if (advice.requests_in_flight == 0) return 0;
    if (drawn.in_flight > 0 && drawn.rate_per_s == 0)
        return static_cast<double>(advice.requests_in_flight) / static_cast<double>(drawn.in_flight);
    return static_cast<double>(advice.requests_in_flight) / to_seconds(drawn.server.latency.mean) / drawn.rate_per_s;
}

bool is_right(const probe::probe_findings& found, const drawn_limit& drawn) {
    const auto fits = [&](const probe::limit_fit& fit) {
        if (fit.rule == limit_rule::in_flight) return fit.capacity.best >= drawn.places && fit.capacity.best <= static_cast<double>(drawn.in_flight);
        if (fit.rule != drawn.rule && !(drawn.capacity == 1)) return false;
        const auto rate = fit.rate_per_s();
        return drawn.rate_per_s >= rate.low * 0.98 && drawn.rate_per_s <= rate.high * 1.02;
    };
    return fits(found.limit) || std::any_of(found.also_possible.begin(), found.also_possible.end(), fits);
}
bool honest(const drawn_limit& drawn, const probe::probe_findings& found) {
    const auto t = found.hints.retry_after.truth;
    return drawn.server.hints.retry_after == provider::retry_after_hint::none || (t != probe::hint_truth::too_long && t != probe::hint_truth::too_short);
}

}  // namespace

TEST_CASE("explore") {
    const std::uint64_t first = std::getenv("PROBE_SEED") ? std::stoull(std::getenv("PROBE_SEED")) : 1;
    const std::uint64_t last = std::getenv("PROBE_LAST") ? std::stoull(std::getenv("PROBE_LAST")) : 4;
    for (std::uint64_t seed = first; seed <= last; ++seed)
        for (std::size_t k = 0; k < kinds.size(); ++k) {
            random_source random(seed * 1000 + k);
            const drawn_limit drawn = draw(kinds[k], random);
            const auto done = probe_in_virtual_time(drawn.server, {}, seed);
            const auto found = probe::conclude(done.answers(), done.end());
            if (std::getenv("DUMP") && std::stoul(std::getenv("DUMP"))==k) for (auto& a : done.answers()) std::printf("  %.4f %.4f %d ra %.4f\n", to_seconds(a.sent.time_since_epoch()), a.ended==never?-1:to_seconds(a.ended.time_since_epoch()), int(a.what), a.said.retry_after?to_seconds(*a.said.retry_after):-1.0);
            const auto advice = probe::advise(found);
            const auto rate = found.limit.rate_per_s();
            const double r = advice_by_truth(advice, drawn);
            const bool sure = found.has_limit() && found.is_sure();
            std::printf("%2lu k%zu true rate %.3g cap %.3g inflight %zu (lat %.2f rtt %.4f ra%d) | %s end %d sure %d rule %d rate %.3g..%.3g..%.3g cap %.3g unexpl %zu/%zu also %zu n %zu | rpm %.3g conc %zu ratio %.3f RA %d off %.2f pl %u line %.0f %s\n",
                        seed, k, drawn.rate_per_s, drawn.capacity, drawn.in_flight, to_seconds(drawn.server.latency.mean),
                        to_seconds(drawn.server.rtt), int(drawn.server.hints.retry_after),
                        std::string(to_string(found.verdict)).c_str(), int(found.end), sure, int(found.limit.rule), rate.low, rate.best, rate.high,
                        found.limit.capacity.best, found.limit.unexplained, found.requests, found.also_possible.size(), found.requests, advice.requests_per_minute,
                        advice.requests_in_flight, r, int(found.hints.retry_after.truth), to_seconds(found.hints.retry_after.off), drawn.places, found.line?found.line->places()*(found.line->is_paced()?-1:1):0, r > 1 ? "TOO MUCH" : sure && !is_right(found, drawn) ? "WRONG" : honest(drawn, found) ? "" : "LIAR");
        }
}
