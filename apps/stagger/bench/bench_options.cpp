#include "bench_options.hpp"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <boost/asio/io_context.hpp>

#include "cli/distinct_files.hpp"
#include "cli/option_values.hpp"
#include "http/seed.hpp"
#include "service_level_text.hpp"

namespace app {
namespace {

namespace load = stagger::load;

constexpr unsigned usual_concurrency = 16;
constexpr unsigned usual_requests = 1000;
// A request that is never answered must not hold up the comparison.
constexpr auto usual_deadline = std::chrono::minutes(10);
constexpr double highest_rate = 1e6;

constexpr auto load_group = "Load";

/// What is sent, and when.
void add_load_options(CLI::App& command, bench_options& options) {
    constexpr auto group = load_group;
    command
        .add_option("--load", options.load,
                    "closed (some requests at once, the next when one ends), constant, poisson, burst or "
                    "ramp (default closed; with --rate constant)")
        ->type_name("KIND")
        ->group(group);
    add_whole_number<unsigned>(
        command, "--concurrency", [&options](unsigned value) { options.concurrency = value; }, 1,
        "Requests at once in a closed loop (default 16)")
        ->group(group);
    add_number(
        command, "--rate", [&options](double value) { options.rate_per_s = value; },
        "Requests a second, of bursts on average, of a ramp at first")
        ->type_name("R")
        ->group(group);
    add_number(
        command, "--ramp-to", [&options](double value) { options.ramp_to_per_s = value; },
        "Requests a second at the end of a ramp")
        ->type_name("R")
        ->group(group);
    add_whole_number<unsigned>(
        command, "--burst", [&options](unsigned value) { options.burst = value; }, 1,
        "Requests of each burst")
        ->group(group);
}

/// How much of it, and what of that is measured.
void add_length_options(CLI::App& command, bench_options& options) {
    constexpr auto group = load_group;
    add_whole_number<unsigned>(
        command, "--requests", [&options](unsigned value) { options.requests = value; }, 1,
        "Requests in all, of each policy (default 1000, or as many as --duration takes)")
        ->group(group);
    add_duration(
        command, "--duration", [&options](stagger::duration value) { options.length = value; },
        "Send nothing new after that long")
        ->group(group);
    add_duration(
        command, "--warm-up", [&options](stagger::duration value) { options.warm_up = value; },
        "Leave out what ends that early (default 0)")
        ->group(group);
    add_duration(
        command, "--cool-down", [&options](stagger::duration value) { options.cool_down = value; },
        "Leave out what ends in so long a time before the end (default 0)")
        ->group(group);
    add_duration(
        command, "--rest", [&options](stagger::duration value) { options.rest = value; },
        "Between two policies, so that a limit's window of one does not tax the next (default 5s)")
        ->group(group);
}

void add_prompt_options(CLI::App& command, bench_options& options) {
    constexpr auto group = "Prompts";
    command
        .add_option("--prompts", options.prompts,
                    "A prompt file as of stagger batch, from its beginning again where it is shorter than "
                    "the load (default: synthetic prompts)")
        ->type_name("FILE")
        ->group(group);
    command
        .add_option("--prompt-tokens", options.prompt_tokens,
                    "Length of synthetic prompts: 200, 50-400, or lognormal:MEDIAN:SIGMA (default 128)")
        ->type_name("N")
        ->group(group);
    command.add_flag("--stream", options.stream, "Ask for streams, and measure their tokens")->group(group);
}

void add_result_options(CLI::App& command, bench_options& options) {
    constexpr auto group = "Report";
    command
        .add_option("--slo", options.slo,
                    "What counts as good, such as ttft=500ms,e2e=10s: time to the first token (needs "
                    "--stream) and to the whole answer")
        ->type_name("LIMITS")
        ->group(group);
    command.add_option("--progress", options.progress, "auto, line, jsonl, heartbeat or off (default line)")
        ->type_name("MODE")
        ->group(group);
    command
        .add_option("--json", options.json, "Write everything that was measured there; - for standard output")
        ->type_name("FILE")
        ->group(group);
    command
        .add_option("--html", options.html,
                    "Write it there as one page with charts and tables; - for standard output")
        ->type_name("FILE")
        ->group(group);
    command.add_option("--csv", options.csv, "Write a line for every request there; - for standard output")
        ->type_name("FILE")
        ->group(group);
}

// It compares several policies, begins each with nothing remembered, and has files of its own.
void remove_options_of_one_run(CLI::App& command) {
    for (const auto* name : {"--policy", "--no-remember", "--summary", "--decision-log"})
        command.remove_option(command.get_option(name));
}

failure wrong(const std::string& message) {
    return {exit_code::wrong_usage, message};
}

load::load_kind kind_of(const bench_options& options) {
    if (options.load.empty()) return options.rate_per_s ? load::load_kind::constant : load::load_kind::closed;
    if (const auto kind = load::parse_load_kind(options.load)) return *kind;
    throw wrong("--load: must be closed, constant, poisson, burst or ramp, is \"" + options.load + "\"");
}

void check_rate(const char* name, double value, bool may_be_zero) {
    if (value <= highest_rate && (value > 0 || (may_be_zero && value == 0))) return;
    throw wrong(fmt::format("{}: must be a number of requests a second, {} and up to 1000000, is {}", name,
                            may_be_zero ? "from 0" : "above 0", value));
}

/// An option that the load has no use for would be a misunderstanding.
void refuse_other_loads(const bench_options& options, load::load_kind kind) {
    const auto refuse = [&](const char* name, bool given) {
        if (given)
            throw wrong(std::string(name) + ": does not go with --load " + std::string(to_string(kind)));
    };
    refuse("--concurrency", options.concurrency && kind != load::load_kind::closed);
    refuse("--rate", options.rate_per_s && kind == load::load_kind::closed);
    refuse("--ramp-to", options.ramp_to_per_s && kind != load::load_kind::ramp);
    refuse("--burst", options.burst && kind != load::load_kind::burst);
}

void set_rates(const bench_options& options, load::load_profile& profile) {
    if (profile.kind == load::load_kind::closed) return;
    const std::string load = "--load " + std::string(to_string(profile.kind));
    if (!options.rate_per_s) throw wrong(load + ": needs --rate");
    const bool ramp = profile.kind == load::load_kind::ramp;
    check_rate("--rate", *options.rate_per_s, ramp);
    profile.rate_per_s = *options.rate_per_s;
    if (!ramp) return;
    if (!options.ramp_to_per_s) throw wrong(load + ": needs --ramp-to");
    check_rate("--ramp-to", *options.ramp_to_per_s, profile.rate_per_s > 0);
    profile.ramp_to_per_s = *options.ramp_to_per_s;
}

load::load_profile profile_of(const bench_options& options) {
    load::load_profile profile;
    profile.kind = kind_of(options);
    refuse_other_loads(options, profile.kind);
    set_rates(options, profile);
    profile.concurrency = options.concurrency.value_or(usual_concurrency);
    if (profile.kind == load::load_kind::burst && !options.burst) throw wrong("--load burst: needs --burst");
    profile.burst = options.burst.value_or(1);
    if (options.requests) profile.requests = *options.requests;
    if (!options.requests && !options.length) profile.requests = usual_requests;
    if (options.length && *options.length <= stagger::duration::zero())
        throw wrong("--duration: must be longer than 0, is 0");
    profile.length = options.length;
    return profile;
}

load::measuring measuring_of(const bench_options& options) {
    load::measuring how;
    if (options.length && options.warm_up + options.cool_down >= *options.length)
        throw wrong(fmt::format(
            "--duration: must be longer than --warm-up and --cool-down together, {} s, is {} s",
            stagger::to_seconds(options.warm_up + options.cool_down), stagger::to_seconds(*options.length)));
    how.warm_up = options.warm_up;
    how.cool_down = options.cool_down;
    if (options.slo.empty()) return how;
    how.slo = parse_service_level(options.slo);
    if (!how.slo)
        throw wrong("--slo: must be times with a unit, like ttft=500ms,e2e=10s, is \"" + options.slo + "\"");
    if (how.slo->first_token_ms && !options.stream) throw wrong("--slo: ttft needs --stream");
    return how;
}

load::token_lengths lengths_of(const bench_options& options) {
    if (const auto lengths = load::token_lengths::parse(options.prompt_tokens)) return *lengths;
    throw wrong("--prompt-tokens: must read like 200, 50-400 or lognormal:200:0.5, is \"" +
                options.prompt_tokens + "\"");
}

std::uint64_t seed_of(const bench_options& options) {
    if (options.send.jitter_seed != 0) return options.send.jitter_seed;
    // Short enough to be typed again, and for readers of JSON that know no whole numbers of 64 bits.
    constexpr std::uint64_t seeds = 1'000'000'000;
    return 1 + stagger::seed_or_random(0) % seeds;
}

send_plan turn_of(const bench_options& options, const std::string& policy,
                  const load::load_profile& profile) {
    send_options send = options.send;
    send.policy = policy;
    send.jitter_seed = profile.seed;
    send_plan turn = make_plan(send, usual_deadline);
    // A closed loop's concurrency is not to be held back where nobody asked for that.
    if (profile.kind == load::load_kind::closed && !options.gate_is_given) {
        const unsigned wanted = std::max(send.max_concurrency, profile.concurrency);
        turn.limits.max_in_flight(wanted);
        for (planned_route& one : turn.routes) one.limits.max_in_flight(wanted);
    }
    // What is wrong with it is to be said before anything is sent.
    boost::asio::io_context nobody;
    make_client(nobody.get_executor(), turn);
    return turn;
}

}  // namespace

void add_bench_options(CLI::App& command, bench_options& options) {
    add_load_options(command, options);
    add_length_options(command, options);
    add_prompt_options(command, options);
    add_send_options(command, options.send);
    add_route_options(command, options.send);
    remove_options_of_one_run(command);
    add_result_options(command, options);
    command
        .add_option("--policy", options.policies,
                    "Policies to compare, with commas between, each in its own turn (default coordinated)")
        ->type_name("NAME,...")
        ->delimiter(',')
        ->take_all()
        ->allow_extra_args(false)
        ->group("Limits");
}

std::string bench_plan::prompts_name() const {
    return prompts.empty() ? "synthetic " + prompt_tokens.text() : prompts;
}

bench_plan make_bench_plan(const bench_options& options) {
    keep_apart("--json", options.json, {options.prompts});
    keep_apart("--csv", options.csv, {options.prompts, options.json});
    keep_apart("--html", options.html, {options.prompts, options.json, options.csv});
    keep_apart("--log-file", options.send.log_file,
               {options.prompts, options.json, options.csv, options.html});
    bench_plan plan{
        {},
        profile_of(options),
        measuring_of(options),
        options.rest,
        options.stream,
        options.prompts,
        lengths_of(options),
        parse_progress_mode(options.progress),
        one_is_standard_output({{"--json", options.json}, {"--csv", options.csv}, {"--html", options.html}})};
    plan.profile.seed = seed_of(options);
    if (options.policies.empty()) throw wrong("--policy: must name a policy, is empty");
    for (const std::string& policy : options.policies)
        plan.turns.push_back(turn_of(options, policy, plan.profile));
    return plan;
}

load::load_description describe_load(const bench_plan& plan) {
    const load::load_profile& profile = plan.profile;
    load::load_description load;
    load.kind = to_string(profile.kind);
    if (profile.kind == load::load_kind::closed) {
        load.concurrency = profile.concurrency;
    } else {
        load.rate_per_s = profile.rate_per_s;
    }
    if (profile.kind == load::load_kind::ramp) load.ramp_to_per_s = profile.ramp_to_per_s;
    if (profile.kind == load::load_kind::burst) load.burst = profile.burst;
    load.requests = profile.requests;
    if (profile.length) load.duration_s = stagger::to_seconds(*profile.length);
    load.seed = profile.seed;
    load.warm_up_s = stagger::to_seconds(plan.measuring.warm_up);
    load.cool_down_s = stagger::to_seconds(plan.measuring.cool_down);
    load.stream = plan.stream;
    load.prompts = plan.prompts_name();
    return load;
}

}  // namespace app
