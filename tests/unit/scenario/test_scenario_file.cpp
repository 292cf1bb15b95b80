#include <doctest/doctest.h>

#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <string>
#include <system_error>
#include <variant>
#include <vector>

#include "scenario/scenario_file.hpp"

using namespace stagger;
using namespace std::chrono_literals;
using wire::clients_member;

namespace {

std::string problem(const std::string& text, clients_member clients = clients_member::required) {
    try {
        wire::parse_scenario(text, clients);
    } catch (const std::invalid_argument& wrong) {
        return wrong.what();
    }
    return "";
}

/// A scenario with one limit, written as given.
std::string with_limit(const std::string& limit) {
    return R"({"provider": {"limits": [{"kind": "concurrency", "max": 1}, )" + limit +
           R"(]}, "clients": [{}]})";
}
/// A scenario with these further members of the provider.
std::string with_provider(const std::string& members) {
    return R"({"provider": {"limits": [], )" + members + R"(}, "clients": [{}]})";
}
std::string with_refusals(const std::string& members) {
    return with_provider("\"refusals\": {" + members + "}");
}
std::string with_client(const std::string& client) {
    return R"({"provider": {"limits": []}, "clients": [{}, )" + client + "]}";
}

/// A file that is gone at the end of the test.
class temporary_file {
 public:
    temporary_file(const std::string& name, const std::string& text)
        : path_(std::filesystem::temp_directory_path() /
                ("stagger_" + std::to_string(::getpid()) + "_" + name)) {
        std::ofstream(path_) << text;
    }
    ~temporary_file() { std::filesystem::remove(path_); }
    temporary_file(const temporary_file&) = delete;
    temporary_file& operator=(const temporary_file&) = delete;
    std::string path() const { return path_.string(); }

 private:
    std::filesystem::path path_;
};

}  // namespace

TEST_CASE("everything but limits and clients has a default") {
    const auto scenario = wire::parse_scenario(R"({"provider": {"limits": []}, "clients": [{}]})");
    CHECK(scenario.name.empty());
    CHECK(scenario.seed == 1);
    const auto& provider = scenario.provider;
    CHECK(provider.limits.empty());
    CHECK_FALSE(provider.charge_rejections);
    CHECK(provider.rejection_status == 429);
    CHECK(provider.lockout_silence == 0s);
    CHECK(provider.hints.retry_after == provider::retry_after_hint::none);
    CHECK(provider.hints.headers == provider::header_hint::none);
    CHECK(provider.latency.kind == provider::distribution::constant);
    CHECK(provider.latency.mean == 2s);
    CHECK(provider.rtt == 50ms);
    CHECK(provider.rtt_sigma == 0.1);
    CHECK(provider.changes.empty());
    CHECK(provider.faults.error_rate == 0);
    CHECK(provider.faults.error_status == 500);
    CHECK(provider.faults.outages.empty());
    CHECK(provider.refusals == provider::refusals_description());
    REQUIRE(scenario.clients.size() == 1);
    CHECK(scenario.clients[0].requests == 1);
    CHECK(scenario.clients[0].concurrency == 1024);
    CHECK(scenario.clients[0].start == 0s);
    CHECK_FALSE(scenario.clients[0].warm);
    CHECK(scenario.clients[0].rpm == 0);
    CHECK(scenario.clients[0].tpm == 0);
    CHECK(scenario.clients[0].tokens.mean == 300);
    CHECK(scenario.clients[0] == provider::client_description());
    CHECK(provider == provider::provider_description());
}

TEST_CASE("every member is read") {
    const auto scenario = wire::parse_scenario(R"({
      "name": "all", "seed": 18446744073709551615,
      "provider": {
        "limits": [
          {"kind": "token_bucket", "unit": "tokens", "rate_per_s": 2.5, "burst": 0.5},
          {"kind": "fixed_window", "unit": "requests", "quota": 90000, "window_s": 60, "phase_s": 1.5},
          {"kind": "sliding_window", "unit": "tokens", "quota": 3000, "window_s": 0.25},
          {"kind": "concurrency", "max": 64, "queue": 7, "queue_timeout_s": 4}],
        "charge_rejections": true, "rejection_status": 503, "lockout": {"silence_s": 3},
        "hints": {"retry_after": "wrong", "wrong_s": 12, "headers": "anthropic"},
        "latency": {"kind": "lognormal", "mean_s": 1.5, "sigma": 0.25},
        "rtt_s": 0.001, "rtt_sigma": 0,
        "changes": [{"at_s": 100, "limits": []}, {"at_s": 200, "limits": [{"kind": "concurrency", "max": 1}]}],
        "faults": {"error_rate": 0.5, "error_status": 502, "outages": [{"from_s": 30, "to_s": 60, "status": 500}]},
        "refusals": {
          "by_chance": [{"share": 0.25}, {"share": 1, "status": 529, "charged": true,
                                          "from_in_flight": 3, "to_in_flight": 7}],
          "closures": [{"to_s": 3}, {"from_s": 5, "to_s": 6, "status": 429, "retry_after": "integer"},
                       {"from_s": 7, "to_s": 8, "status": "close"}],
          "prompts": ["poison", "cursed"], "delay_s": 5},
        "models": {"old": {"refused": true}, "org/new": {"limits": [
          {"kind": "token_bucket", "unit": "tokens", "rate_per_s": 9, "burst": 9, "counted": "settled"},
          {"kind": "fixed_window", "unit": "tokens", "quota": 9, "window_s": 1, "counted": "made"},
          {"kind": "sliding_window", "unit": "tokens", "quota": 9, "window_s": 1, "counted": "output"}]}},
        "answers": {"default_max_tokens": 4096, "tokens": 16, "cached_tokens": 5,
                    "refusals": "inside_answer", "faults": "malformed"}},
      "clients": [{"requests": 1e4, "concurrency": 12, "start_s": 3, "warm": true, "rpm": 60, "tpm": 7e4,
                   "tokens": {"kind": "lognormal", "mean": 100, "sigma": 1},
                   "output_tokens": {"mean": 16}, "max_tokens": 64, "always_refused": [0, 9999],
                   "models": ["old", "org/new"]}, {}]})");
    CHECK(scenario.name == "all");
    CHECK(scenario.seed == 18446744073709551615u);
    const auto& provider = scenario.provider;
    REQUIRE(provider.limits.size() == 4);
    const auto& bucket = std::get<provider::token_bucket>(provider.limits[0]);
    CHECK(bucket.counts == provider::unit::tokens);
    CHECK(bucket.rate_per_s == 2.5);
    CHECK(bucket.burst == 0.5);
    const auto& fixed = std::get<provider::fixed_window>(provider.limits[1]);
    CHECK(fixed.counts == provider::unit::requests);
    CHECK(fixed.quota == 90000);
    CHECK(fixed.window == 60s);
    CHECK(fixed.phase == 1500ms);
    const auto& sliding = std::get<provider::sliding_window>(provider.limits[2]);
    CHECK(sliding.counts == provider::unit::tokens);
    CHECK(sliding.quota == 3000);
    CHECK(sliding.window == 250ms);
    const auto& concurrency = std::get<provider::concurrency_limit>(provider.limits[3]);
    CHECK(concurrency.max == 64);
    CHECK(concurrency.queue == 7);
    CHECK(concurrency.queue_timeout == 4s);
    CHECK(provider.charge_rejections);
    CHECK(provider.rejection_status == 503);
    CHECK(provider.lockout_silence == 3s);
    CHECK(provider.hints.retry_after == provider::retry_after_hint::wrong);
    CHECK(provider.hints.wrong == 12s);
    CHECK(provider.hints.headers == provider::header_hint::anthropic);
    CHECK(provider.latency.kind == provider::distribution::lognormal);
    CHECK(provider.latency.mean == 1500ms);
    CHECK(provider.latency.sigma == 0.25);
    CHECK(provider.rtt == 1ms);
    CHECK(provider.rtt_sigma == 0);
    REQUIRE(provider.changes.size() == 2);
    CHECK(provider.changes[0].at == 100s);
    CHECK(provider.changes[0].limits.empty());
    CHECK(provider.changes[1].limits.size() == 1);
    CHECK(provider.faults.error_rate == 0.5);
    CHECK(provider.faults.error_status == 502);
    REQUIRE(provider.faults.outages.size() == 1);
    CHECK(provider.faults.outages[0].from == 30s);
    CHECK(provider.faults.outages[0].to == 60s);
    CHECK(provider.faults.outages[0].status == 500);
    REQUIRE(provider.refusals.by_chance.size() == 2);
    CHECK(provider.refusals.by_chance[0] == provider::chance_refusals{.share = 0.25});
    CHECK_FALSE(provider.refusals.by_chance[0].depends_on_load());
    CHECK(provider.refusals.by_chance[1] == provider::chance_refusals{1, 529, true, 3, 7});
    REQUIRE(provider.refusals.closures.size() == 3);
    CHECK(provider.refusals.closures[2].status == provider::connection_closed);
    CHECK(provider.refusals.prompts == std::vector<std::string>{"poison", "cursed"});
    CHECK(provider.refusals.delay == 5s);
    REQUIRE(provider.models.size() == 2);
    CHECK(provider.models.at("old") == provider::model_description{true, {}});
    const provider::model_description& model = provider.models.at("org/new");
    CHECK_FALSE(model.refused);
    REQUIRE(model.limits.size() == 3);
    using provider::counted_tokens;
    CHECK(std::get<provider::token_bucket>(model.limits[0]).counted == counted_tokens::settled);
    CHECK(std::get<provider::fixed_window>(model.limits[1]).counted == counted_tokens::made);
    CHECK(std::get<provider::sliding_window>(model.limits[2]).counted == counted_tokens::output);
    CHECK(bucket.counted == counted_tokens::reserved);
    CHECK(provider.answers.default_max_tokens == 4096);
    CHECK(provider.answers.tokens == 16);
    CHECK(provider.answers.cached_tokens == 5);
    CHECK(provider.answers.refusals == stagger::provider::error_form::inside_answer);
    CHECK(provider.answers.faults == stagger::provider::error_form::malformed);
    CHECK(provider.refusals.closures[0] == provider::closure{0s, 3s, 503, provider::retry_after_hint::none});
    CHECK(provider.refusals.closures[1] ==
          provider::closure{5s, 6s, 429, provider::retry_after_hint::integer});
    REQUIRE(scenario.clients.size() == 2);
    const auto& client = scenario.clients[0];
    CHECK(client.requests == 10000);
    CHECK(client.concurrency == 12);
    CHECK(client.start == 3s);
    CHECK(client.warm);
    CHECK(client.rpm == 60);
    CHECK(client.tpm == 70000);
    CHECK(client.tokens.kind == provider::distribution::lognormal);
    CHECK(client.tokens.mean == 100);
    CHECK(client.tokens.sigma == 1);
    REQUIRE(client.output);
    CHECK(client.output->kind == provider::distribution::constant);
    CHECK(client.output->mean == 16);
    CHECK(client.max_tokens == 64);
    CHECK(client.always_refused == std::vector<std::uint64_t>{0, 9999});
    CHECK(client.models == std::vector<std::string>{"old", "org/new"});
}

TEST_CASE("the words of the hints") {
    using provider::header_hint;
    using provider::retry_after_hint;
    const auto hints = [](const std::string& name, const std::string& word) {
        return wire::parse_scenario(with_provider("\"hints\": {\"" + name + "\": \"" + word + "\"}"))
            .provider.hints;
    };
    CHECK(hints("retry_after", "none").retry_after == retry_after_hint::none);
    CHECK(hints("retry_after", "exact").retry_after == retry_after_hint::exact);
    CHECK(hints("retry_after", "integer").retry_after == retry_after_hint::integer);
    CHECK(hints("retry_after", "ms").retry_after == retry_after_hint::milliseconds);
    CHECK(hints("retry_after", "wrong").retry_after == retry_after_hint::wrong);
    CHECK(hints("headers", "none").headers == header_hint::none);
    CHECK(hints("headers", "openai").headers == header_hint::openai);
    CHECK(hints("headers", "ietf").headers == header_hint::ietf);
    CHECK(hints("headers", "anthropic").headers == header_hint::anthropic);
}

TEST_CASE("a wrong member is named by its path, with the rule and the value") {
    struct row {
        std::string text;
        std::string expected;
    };
    const std::vector<row> rows = {
        {"[]", "the scenario: must be an object, is []"},
        {R"({"clients": [{}]})", "provider: must be given, is missing"},
        {R"({"provider": {}, "clients": [{}]})", "provider.limits: must be given, is missing"},
        {R"({"provider": {"limits": []}})", "clients: must be given, is missing"},
        {R"({"provider": {"limits": []}, "clients": []})", "clients: must not be empty, is []"},
        {R"({"provider": {"limits": []}, "clients": 3})", "clients: must be an array, is 3"},
        {R"({"provider": {"limits": []}, "clients": [{}], "sead": 1})",
         "sead: unknown member, must be one of name, seed, provider, clients, is 1"},
        {R"({"name": 7, "provider": {"limits": []}, "clients": [{}]})", "name: must be a string, is 7"},
        {R"({"seed": -1, "provider": {"limits": []}, "clients": [{}]})",
         "seed: must be a whole number within 0..18446744073709551615, is -1"},
        {with_limit("3"), "provider.limits[1]: must be an object, is 3"},
        {with_limit("{}"), "provider.limits[1].kind: must be given, is missing"},
        {with_limit(R"({"kind": "leaky"})"),
         "provider.limits[1].kind: must be one of token_bucket, fixed_window, sliding_window, concurrency, "
         "is \"leaky\""},
        {with_limit(R"({"kind": "token_bucket"})"),
         "provider.limits[1].rate_per_s: must be given, is missing"},
        {with_limit(R"({"kind": "token_bucket", "rate_per_s": 0})"),
         "provider.limits[1].rate_per_s: must be > 0, is 0"},
        {with_limit(R"({"kind": "token_bucket", "rate_per_s": "9"})"),
         "provider.limits[1].rate_per_s: must be a number, is \"9\""},
        {with_limit(R"({"kind": "token_bucket", "rate_per_s": 1, "burst": 0.5})"),
         "provider.limits[1].burst: must be >= 1, is 0.5"},
        {with_limit(R"({"kind": "token_bucket", "unit": "tokens", "rate_per_s": 1, "burst": 0})"),
         "provider.limits[1].burst: must be > 0, is 0"},
        {with_limit(R"({"kind": "token_bucket", "unit": "bytes", "rate_per_s": 1})"),
         "provider.limits[1].unit: must be one of requests, tokens, is \"bytes\""},
        {with_limit(R"({"kind": "token_bucket", "rate_per_s": 1, "quota": 2})"),
         "provider.limits[1].quota: unknown member, must be one of kind, unit, rate_per_s, burst, counted, "
         "is 2"},
        {with_limit(R"({"kind": "token_bucket", "rate_per_s": 1, "counted": "made"})"),
         "provider.limits[1].counted: must only be given where unit is tokens, is \"made\""},
        {with_limit(
             R"({"kind": "sliding_window", "unit": "tokens", "quota": 3, "window_s": 1, "counted": "all"})"),
         "provider.limits[1].counted: must be one of reserved, settled, made, input, output, is \"all\""},
        {with_limit(
             R"({"kind": "fixed_window", "unit": "tokens", "quota": 3, "window_s": 1, "counted": true})"),
         "provider.limits[1].counted: must be one of reserved, settled, made, input, output, is true"},
        {with_limit(R"({"kind": "fixed_window", "window_s": 3})"),
         "provider.limits[1].quota: must be given, is missing"},
        {with_limit(R"({"kind": "fixed_window", "quota": 3})"),
         "provider.limits[1].window_s: must be given, is missing"},
        {with_limit(R"({"kind": "fixed_window", "quota": 3, "window_s": -3})"),
         "provider.limits[1].window_s: must be > 0, is -3"},
        {with_limit(R"({"kind": "fixed_window", "quota": 3, "window_s": 1e-12})"),
         "provider.limits[1].window_s: must be >= 1e-09, is 1e-12"},
        {with_limit(R"({"kind": "fixed_window", "quota": 3, "window_s": 2e9})"),
         "provider.limits[1].window_s: must be <= 1e+09, is 2e+09"},
        {with_limit(R"({"kind": "fixed_window", "quota": 3, "window_s": 1, "phase_s": -1})"),
         "provider.limits[1].phase_s: must be >= 0, is -1"},
        {with_limit(R"({"kind": "sliding_window", "quota": 1e999, "window_s": 1})"),
         "provider.limits[1].quota: must be <= 1e+15, is inf"},
        {with_limit(R"({"kind": "concurrency"})"), "provider.limits[1].max: must be given, is missing"},
        {with_limit(R"({"kind": "concurrency", "max": 0})"),
         "provider.limits[1].max: must be a whole number within 1..1000000, is 0"},
        {with_limit(R"({"kind": "concurrency", "max": 1, "queue": 1.5})"),
         "provider.limits[1].queue: must be a whole number within 0..1000000, is 1.5"},
        {with_limit(R"({"kind": "concurrency", "max": 1, "queue_timeout_s": 0})"),
         "provider.limits[1].queue_timeout_s: must be > 0, is 0"},
        {with_provider(R"("charge_rejections": 1)"),
         "provider.charge_rejections: must be true or false, is 1"},
        {with_provider(R"("rejection_status": 200)"),
         "provider.rejection_status: must be a whole number within 400..599 or \"close\", is 200"},
        {with_provider(R"("rejection_status": "reset")"),
         "provider.rejection_status: must be a whole number within 400..599 or \"close\", is \"reset\""},
        {with_provider(R"("lockout": {"silence_s": -1})"), "provider.lockout.silence_s: must be >= 0, is -1"},
        {with_provider(R"("lockout": 3)"), "provider.lockout: must be an object, is 3"},
        {with_provider(R"("hints": {"retry_after": true})"),
         "provider.hints.retry_after: must be one of none, exact, integer, ms, wrong, is true"},
        {with_provider(R"("hints": {"wrong_s": null})"), "provider.hints.wrong_s: must be a number, is null"},
        {with_provider(R"("latency": {"kind": "uniform"})"),
         "provider.latency.kind: must be one of constant, lognormal, is \"uniform\""},
        {with_provider(R"("latency": {"sigma": 6})"), "provider.latency.sigma: must be <= 5, is 6"},
        {with_provider(R"("rtt_s": -0.5)"), "provider.rtt_s: must be >= 0, is -0.5"},
        {with_provider(R"("rtt_sigma": -1)"), "provider.rtt_sigma: must be >= 0, is -1"},
        {with_provider(R"("changes": [{"limits": []}])"),
         "provider.changes[0].at_s: must be given, is missing"},
        {with_provider(R"("changes": [{"at_s": 1}])"),
         "provider.changes[0].limits: must be given, is missing"},
        {with_provider(R"("changes": [{"at_s": 1, "limits": [{"kind": "concurrency", "max": -1}]}])"),
         "provider.changes[0].limits[0].max: must be a whole number within 1..1000000, is -1"},
        {with_provider(R"("faults": {"error_rate": 1.5})"),
         "provider.faults.error_rate: must be <= 1, is 1.5"},
        {with_provider(R"("faults": {"error_status": 302})"),
         "provider.faults.error_status: must be a whole number within 400..599, is 302"},
        {with_provider(R"("faults": {"outages": [{"from_s": 3, "to_s": 4}, {"from_s": 3, "to_s": 3}]})"),
         "provider.faults.outages[1].to_s: must be > from_s, is 3"},
        {with_provider(R"("faults": {"outages": [{"to_s": 4, "status": 200}]})"),
         "provider.faults.outages[0].status: must be a whole number within 400..599, is 200"},
        {with_provider(R"("refusals": [])"), "provider.refusals: must be an object, is []"},
        {with_provider(R"("refusals": {"share": 1})"),
         "provider.refusals.share: unknown member, must be one of by_chance, closures, prompts, delay_s, is "
         "1"},
        {with_refusals(R"("by_chance": {"share": 1})"),
         "provider.refusals.by_chance: must be an array, is {\"share\":1}"},
        {with_refusals(R"("by_chance": [{}])"),
         "provider.refusals.by_chance[0].share: must be given, is missing"},
        {with_refusals(R"("by_chance": [{"share": 0}])"),
         "provider.refusals.by_chance[0].share: must be > 0, is 0"},
        {with_refusals(R"("by_chance": [{"share": 1.1}])"),
         "provider.refusals.by_chance[0].share: must be <= 1, is 1.1"},
        {with_refusals(R"("by_chance": [{"share": 1, "status": 200}])"),
         "provider.refusals.by_chance[0].status: must be a whole number within 400..599 or \"close\", is "
         "200"},
        {with_refusals(R"("by_chance": [{"share": 1, "charged": 0}])"),
         "provider.refusals.by_chance[0].charged: must be true or false, is 0"},
        {with_refusals(R"("by_chance": [{"share": 1, "from_in_flight": 3}])"),
         "provider.refusals.by_chance[0].to_in_flight: must be given, is missing"},
        {with_refusals(R"("by_chance": [{"share": 1, "from_in_flight": 3, "to_in_flight": 3}])"),
         "provider.refusals.by_chance[0].to_in_flight: must be > from_in_flight, is 3"},
        {with_refusals(R"("by_chance": [{"share": 1, "to_in_flight": 0}])"),
         "provider.refusals.by_chance[0].to_in_flight: must be a whole number within 1..1000000, is 0"},
        {with_refusals(R"("by_chance": [{"share": 1, "from_in_flight": -1, "to_in_flight": 2}])"),
         "provider.refusals.by_chance[0].from_in_flight: must be a whole number within 0..1000000, is -1"},
        {with_refusals(R"("by_chance": [{"share": 1, "until": 3}])"),
         "provider.refusals.by_chance[0].until: unknown member, must be one of share, status, charged, "
         "from_in_flight, to_in_flight, is 3"},
        {with_refusals(R"("closures": 3)"), "provider.refusals.closures: must be an array, is 3"},
        {with_refusals(R"("closures": [{"from_s": 1}])"),
         "provider.refusals.closures[0].to_s: must be given, is missing"},
        {with_refusals(R"("closures": [{"to_s": 1}, {"from_s": 3, "to_s": 2}])"),
         "provider.refusals.closures[1].to_s: must be > from_s, is 2"},
        {with_refusals(R"("closures": [{"from_s": -1, "to_s": 2}])"),
         "provider.refusals.closures[0].from_s: must be >= 0, is -1"},
        {with_refusals(R"("closures": [{"to_s": 1, "status": 600}])"),
         "provider.refusals.closures[0].status: must be a whole number within 400..599 or \"close\", is 600"},
        {with_refusals(R"("closures": [{"to_s": 1, "retry_after": "wrong"}])"),
         "provider.refusals.closures[0].retry_after: must be one of none, exact, integer, ms, is \"wrong\""},
        {with_refusals(R"("closures": [{"to_s": 1, "until_s": 3}])"),
         "provider.refusals.closures[0].until_s: unknown member, must be one of from_s, to_s, status, "
         "retry_after, is 3"},
        {with_refusals(R"("delay_s": -1)"), "provider.refusals.delay_s: must be >= 0, is -1"},
        {with_refusals(R"("prompts": "x")"), "provider.refusals.prompts: must be an array, is \"x\""},
        {with_refusals(R"("prompts": ["x", ""])"),
         "provider.refusals.prompts[1]: must be a string that is not empty, is \"\""},
        {with_refusals(R"("prompts": [3])"),
         "provider.refusals.prompts[0]: must be a string that is not empty, is 3"},
        {with_provider(R"("models": [])"), "provider.models: must be an object, is []"},
        {with_provider(R"("models": {"a": 1})"), "provider.models.a: must be an object, is 1"},
        {with_provider(R"("models": {"a": {"share": 1}})"),
         "provider.models.a.share: unknown member, must be one of limits, refused, is 1"},
        {with_provider(R"("models": {"a": {}, "b": {"refused": 1}})"),
         "provider.models.b.refused: must be true or false, is 1"},
        {with_provider(R"("models": {"a": {"limits": 1}})"),
         "provider.models.a.limits: must be an array, is 1"},
        {with_provider(R"("models": {"a": {"limits": [{"kind": "concurrency", "max": 1}]}})"),
         "provider.models.a.limits[0].kind: must be one of token_bucket, fixed_window, sliding_window, is "
         "\"concurrency\""},
        {with_provider(R"("models": {"a": {"limits": [{}]}})"),
         "provider.models.a.limits[0].kind: must be given, is missing"},
        {with_provider(R"("models": {"a": {"limits": [{"kind": "token_bucket", "rate_per_s": 0}]}})"),
         "provider.models.a.limits[0].rate_per_s: must be > 0, is 0"},
        {with_provider(R"("answers": 1)"), "provider.answers: must be an object, is 1"},
        {with_provider(R"("answers": {"default_max_tokens": 0})"),
         "provider.answers.default_max_tokens: must be a whole number within 1..16777216, is 0"},
        {with_provider(R"("answers": {"tokens": -1})"),
         "provider.answers.tokens: must be a whole number within 0..16777216, is -1"},
        {with_provider(R"("answers": {"length": 1})"),
         "provider.answers.length: unknown member, must be one of default_max_tokens, tokens, cached_tokens, "
         "refusals, faults, is 1"},
        {with_client(R"({"output_tokens": {"mean": 0}})"),
         "clients[1].output_tokens.mean: must be >= 1, is 0"},
        {with_client(R"({"output_tokens": 16})"), "clients[1].output_tokens: must be an object, is 16"},
        {with_client(R"({"max_tokens": 16})"), "clients[1].output_tokens: must be given, is missing"},
        {with_client(R"({"output_tokens": {}, "max_tokens": 1.5})"),
         "clients[1].max_tokens: must be a whole number within 0..16777216, is 1.5"},
        {with_client(R"({"always_refused": 3})"), "clients[1].always_refused: must be an array, is 3"},
        {with_client(R"({"requests": 3, "always_refused": [3]})"),
         "clients[1].always_refused[0]: must be a whole number within 0..2, is 3"},
        {with_client(R"({"requests": 3, "always_refused": ["2"]})"),
         "clients[1].always_refused[0]: must be a whole number within 0..2, is \"2\""},
        {with_client(R"({"requests": 3, "always_refused": [1, 1]})"),
         "clients[1].always_refused[1]: must be greater than the one before, is 1"},
        {with_client(R"({"models": ["a", null]})"),
         "clients[1].models[1]: must be a string that is not empty, is null"},
        {with_client(R"({"requests": 0})"),
         "clients[1].requests: must be a whole number within 1..1000000000, is 0"},
        {with_client(R"({"warm": "yes"})"), "clients[1].warm: must be true or false, is \"yes\""},
        {with_client(R"({"rpm": -1})"), "clients[1].rpm: must be >= 0, is -1"},
        {with_client(R"({"tokens": {"mean": 0}})"), "clients[1].tokens.mean: must be >= 1, is 0"},
        {with_client(R"({"tokens": {"median": 1}})"),
         "clients[1].tokens.median: unknown member, must be one of kind, mean, sigma, is 1"},
    };
    for (const row& each : rows) CHECK(problem(each.text) == each.expected);
}

TEST_CASE("a long wrong value is cut in the message") {
    const std::string message = problem("{\"name\": [\"" + std::string(500, 'x') + "\"]}");
    CHECK(message.find("name: must be a string, is [\"xxx") == 0);
    CHECK(message.ends_with("xxx..."));
    CHECK(message.size() < 100);
}

TEST_CASE("syntax errors name line and column") {
    CHECK(problem("{\n  \"provider\": {\"limits\": [}\n}") == "line 2, column 27: syntax error");
    CHECK(problem("{\"seed\" 1}") == "line 1, column 9: syntax error");
    CHECK(problem("{\n\"seed\": 1\n") == "line 3, column 1: incomplete JSON");
    CHECK(problem("") == "line 1, column 1: incomplete JSON");
    CHECK(problem("{}\n{}") == "line 2, column 1: text after the scenario");
    CHECK(problem(std::string(2000, '[')).find("line 1, column ") == 0);
}

TEST_CASE("clients may be absent where nobody asks for them, but not wrong") {
    const auto scenario = wire::parse_scenario(R"({"provider": {"limits": []}})", clients_member::optional);
    CHECK(scenario.clients.empty());
    CHECK(problem(R"({"provider": {"limits": []}, "clients": []})", clients_member::optional).empty());
    CHECK(problem(with_client(R"({"requests": 0})"), clients_member::optional).find("clients[1].requests") ==
          0);
}

TEST_CASE("a file's problem begins with its name, and its name is the scenario's where it has none") {
    const temporary_file good("good.json", R"({"provider": {"limits": []}, "clients": [{}]})");
    CHECK(wire::load_scenario(good.path()).name.ends_with("good"));
    const temporary_file bad("bad.json", R"({"provider": {"limits": 1}, "clients": [{}]})");
    std::string message;
    try {
        wire::load_scenario(bad.path());
    } catch (const std::invalid_argument& wrong) {
        message = wrong.what();
    }
    CHECK(message == bad.path() + ": provider.limits: must be an array, is 1");
}

TEST_CASE("a file that cannot be read is a system error that names it") {
    for (const std::string& path : {std::string("/nowhere/at/all.json"), std::string("/tmp")}) {
        std::string message;
        try {
            wire::load_scenario(path);
        } catch (const std::system_error& failed) {
            message = failed.what();
        }
        CHECK(message.find(path) == 0);
        CHECK(message.find("Success") == std::string::npos);
    }
}

TEST_CASE("every example scenario can be read") {
    int read = 0;
    for (const auto& entry : std::filesystem::directory_iterator(STAGGER_SOURCE_DIR "/examples/scenarios")) {
        CAPTURE(entry.path().string());
        CHECK_NOTHROW(wire::load_scenario(entry.path().string()));
        ++read;
    }
    CHECK(read >= 10);
    const auto demo = wire::load_scenario(STAGGER_SOURCE_DIR "/examples/scenarios/demo.json");
    const auto& bucket = std::get<provider::token_bucket>(demo.provider.limits.at(0));
    CHECK(bucket.rate_per_s == 20);
    CHECK(bucket.burst == 20);
    CHECK(demo.provider.latency.mean == 2s);
    CHECK(demo.provider.rtt == 0s);
}
