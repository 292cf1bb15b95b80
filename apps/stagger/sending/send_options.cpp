#include "send_options.hpp"

#include <unistd.h>

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <boost/json/parse.hpp>
#include <map>
#include <span>
#include <stdexcept>

#include "api_key.hpp"
#include "cli/exit_code.hpp"
#include "cli/option_values.hpp"
#include "coordinator/retry_allowance.hpp"
#include "coordinator/send_policy.hpp"
#include "decision_log_file.hpp"
#include "dialect/known_hosts.hpp"
#include "dialect/registry.hpp"
#include "http/endpoint.hpp"
#include "http/proxy_address.hpp"
#include "probing_text.hpp"
#include "stagger/dialect.hpp"

namespace app {
namespace {

constexpr auto limits_group = "Limits";
constexpr auto endpoint_group = "Endpoint";

std::string policy_names() {
    std::string all;
    for (const auto name : stagger::send_policy_names()) all.append(all.empty() ? "" : ", ").append(name);
    return all;
}

void add_limit_options(CLI::App& command, send_options& options, const std::string& usual_deadline) {
    command
        .add_option("--policy", options.policy,
                    "Who decides when to send: " + policy_names() + " (default coordinated)")
        ->type_name("NAME")
        ->group(limits_group);
    add_whole_number_or_auto(
        command, "--max-attempts",
        [&options](std::optional<unsigned> value) { options.max_attempts = value; },
        "Times a prompt is sent at most; 0: until its deadline; auto: the same, but one that fails 6 times "
        "while others are answered is given up (default auto; tenacity 6, cookbook 5, openai-sdk and "
        "aws-standard 3)")
        ->group(limits_group);
    add_duration(
        command, "--deadline", [&options](stagger::duration value) { options.deadline = value; },
        "One prompt from the moment it is taken up, waiting included; 0: none (default " + usual_deadline +
            ")")
        ->group(limits_group);
    add_duration(
        command, "--max-wait", [&options](stagger::duration value) { options.max_wait = value; },
        "Ends the run, with 6, once nothing is admitted for longer, as the server says or as it turns out; "
        "0: waits however long (default 0)")
        ->group(limits_group);
    add_pace_options(command, options);
    add_number(
        command, "--tpm", [&options](double value) { options.tokens_per_minute = value; },
        "As --rpm, for tokens a minute")
        ->group(limits_group);
}

void add_report_options(CLI::App& command, send_options& options) {
    constexpr auto group = "Report";
    add_message_options(command, options);
    command.add_option("--summary", options.summary_file, "Write the run's figures there as JSON")
        ->type_name("FILE")
        ->group(group);
    command
        .add_option("--decision-log", options.decision_log,
                    "Write there why every request waited, as JSON lines; stagger replay reads them")
        ->type_name("FILE")
        ->group(group);
}

std::pair<std::string, std::string> parse_header(const std::string& text) {
    const auto colon = text.find(':');
    if (colon == std::string::npos || colon == 0) {
        throw failure(
            exit_code::wrong_usage,
            "--header: must read \"Name: value\", one has no name and colon; it is not repeated here, "
            "since it may hold a key");
    }
    auto name = text.substr(0, colon);
    const auto value_begin = text.find_first_not_of(" \t", colon + 1);
    auto value = value_begin == std::string::npos ? std::string() : text.substr(value_begin);
    std::string lower = name;
    std::transform(lower.begin(), lower.end(), lower.begin(),
                   [](unsigned char c) { return std::tolower(c); });
    if (lower == "authorization") {
        throw failure(exit_code::wrong_usage,
                      "--header: a key does not belong on the command line, where others can read it; use "
                      "--api-key-file");
    }
    return {std::move(name), std::move(value)};
}

std::pair<std::string, std::string> parse_param(const std::string& text) {
    const auto equals = text.find('=');
    if (equals == std::string::npos || equals == 0) {
        throw failure(exit_code::wrong_usage, "--param: must read NAME=JSON, is \"" + text + "\"");
    }
    auto name = text.substr(0, equals);
    auto value = text.substr(equals + 1);
    if (name == "stream")
        throw failure(exit_code::wrong_usage,
                      "--param stream: not a member to set; complete and bench have --stream, a batch takes "
                      "whole answers");
    boost::json::error_code wrong;
    boost::json::parse(value, wrong);
    if (wrong) {
        throw failure(exit_code::wrong_usage,
                      "--param " + name + ": the value must be JSON (a text needs quotes), is " + value);
    }
    return {std::move(name), std::move(value)};
}

void set_policy(const send_options& options, send_plan& plan) {
    const auto chosen = stagger::find_send_policy(options.policy);
    if (!chosen) throw unknown_policy(options.policy);
    if (chosen->pacing == stagger::pacing_kind::fixed_rate && !(options.requests_per_minute > 0)) {
        throw failure(exit_code::wrong_usage,
                      "--policy " + options.policy + ": needs --rpm, the rate that it keeps");
    }
    stagger::retry_policy retry;
    retry.max_attempts(options.max_attempts.value_or(chosen->max_attempts));
    stagger::keep_to_allowance(retry, *chosen);
    // The others are compared as they are.
    const bool is_own = chosen->pacing == stagger::pacing_kind::ride_the_limit;
    if (options.max_attempts || !is_own) plan.client.give_up_after(0);
    plan.client.retry(std::move(retry));
    if (chosen->backoff) plan.client.backoff(*chosen->backoff).backoff_after_rejection(true);
    plan.client.obey_retry_after(chosen->obeys_retry_after);
    plan.limits.pacing(chosen->pacing);
    plan.policy = options.policy;
}

void find_key(const send_options& options, std::span<const std::string_view> variables, send_plan& plan) {
    const bool has_file = !options.api_key_file.empty();
    // What a variable holds is nobody's business where a file says it.
    const environment_reader nothing = [](const std::string&) { return std::string(); };
    auto found = find_api_key(variables, has_file ? nothing : process_environment);
    plan.key_variables = std::move(found.variables);
    plan.secret = has_file ? read_api_key(options.api_key_file) : std::move(found.secret);
}

/// Nothing where it is to be found out.
std::optional<stagger::dialect> chosen_dialect(const std::string& name) {
    if (name == "auto") return std::nullopt;
    const auto dialect = stagger::parse_dialect(name);
    if (dialect) return dialect;
    throw failure(exit_code::wrong_usage,
                  "--dialect: must be auto, " + stagger::wire::dialect_names() + ", is \"" + name + "\"");
}

/// The first route stands for what depends on one endpoint.
void set_routes(const send_options& options, send_plan& plan) {
    if (!options.base_url.empty()) {
        throw failure(exit_code::wrong_usage,
                      "--routes and --base-url: only one may be given; a base URL is one of a route");
    }
    for (auto& one : pick_routes(read_routes(options.routes_file, process_environment), options.routes))
        plan.routes.push_back({std::move(one), {}, {}});
    const described_route& first = plan.routes.front().about;
    plan.base_url = first.base_url;
    plan.dialect = first.dialect;
    plan.secret = first.secret;
    plan.key_variables = first.key_variables;
    for (const planned_route& one : plan.routes)
        plan.shown_url.append(plan.shown_url.empty() ? "" : ", ").append(one.about.name);
    plan.client.base_url(plan.base_url).dialect(plan.dialect).model(options.model).api_key(plan.secret);
}

void set_endpoint(const send_options& options, send_plan& plan) {
    if (!options.routes_file.empty()) return set_routes(options, plan);
    if (!options.routes.empty())
        throw failure(exit_code::wrong_usage, "--route: must come with --routes, the file that has it");
    const auto chosen = chosen_dialect(options.dialect);
    // Where it is to be found out, it is by the URL: that is looked for in the usual place.
    const auto& looked_for = stagger::wire::implementation_of(chosen.value_or(stagger::dialect::openai_chat));
    const std::string url_variable(looked_for.base_url_variable());
    plan.base_url = options.base_url.empty() ? process_environment(url_variable) : options.base_url;
    if (plan.base_url.empty() && !options.needs_endpoint) {
        plan.dialect = looked_for.value();
        plan.client.dialect(plan.dialect).model(options.model);
        return;
    }
    if (plan.base_url.empty())
        throw failure(exit_code::wrong_usage, "no base URL: give --base-url or set " + url_variable);
    plan.shown_url = stagger::shown_url(plan.base_url);
    plan.dialect = chosen ? *chosen : stagger::dialect_of_url(plan.base_url);
    find_key(options, stagger::wire::key_variables_for_url(plan.base_url, plan.dialect), plan);
    plan.client.base_url(plan.base_url).dialect(plan.dialect).model(options.model).api_key(plan.secret);
}

void hide_secrets_of(const described_route& route, stagger::wire::secrets& hidden) {
    hidden.add(route.secret);
    for (const auto& [name, value] : route.headers) hidden.add_header(name, value);
    const auto query = route.base_url.find('?');
    if (query != std::string::npos) hidden.add_query(std::string_view(route.base_url).substr(query + 1));
}

stagger::routes routes_of(const boost::asio::any_io_executor& executor, const send_plan& plan) {
    std::vector<stagger::route> all;
    std::map<std::string, stagger::gate> accounts;
    for (const auto& [about, limits, way] : plan.routes) {
        stagger::route one(about.base_url);
        one.name(about.name).api_key(about.secret).model(about.model).dialect(about.dialect);
        one.tier(about.tier).weight(about.weight).fallback_after(about.fallback_after).limits(limits);
        if (!way.unix_socket.empty()) one.unix_socket(way.unix_socket);
        if (!way.proxy.empty()) one.proxy(way.proxy);
        for (const auto& [name, value] : about.headers) one.header(name, value);
        if (!about.account.empty()) {
            const auto found = accounts.find(about.account);
            const bool is_first = found == accounts.end();
            one.gate(is_first ? accounts
                                    .emplace(about.account,
                                             stagger::gate(executor, limits, plan.client.jitter_seed()))
                                    .first->second
                              : found->second);
        }
        all.push_back(std::move(one));
    }
    return stagger::routes(std::move(all));
}

void require_readable(const std::string& file) {
    if (file.empty() || ::access(file.c_str(), R_OK) == 0) return;
    throw failure(exit_code::file_failed,
                  file + ": " + std::error_code(errno, std::generic_category()).message());
}

void set_certificates(const send_options& options, send_plan& plan) {
    if (options.ca_only && options.ca_file.empty()) {
        throw failure(exit_code::wrong_usage,
                      "--ca-only: must come with --ca-file, the only authorities to trust");
    }
    if (options.client_certificate.empty() != options.client_key.empty()) {
        throw failure(exit_code::wrong_usage, "--client-cert and --client-key: one must come with the other");
    }
    for (const auto* file : {&options.ca_file, &options.client_certificate, &options.client_key})
        require_readable(*file);
    plan.client.ca_file(options.ca_file).ca_only(options.ca_only);
    plan.client.client_certificate(options.client_certificate, options.client_key);
}

void set_fleet(const send_options& options, send_plan& plan) {
    auto fleet = make_fleet(options.fleet);
    if (!fleet) return;
    const bool tokens = std::any_of(plan.routes.begin(), plan.routes.end(),
                                    [](const planned_route& one) { return one.about.tokens_per_minute > 0; });
    if (options.tokens_per_minute > 0 || tokens)
        throw failure(exit_code::wrong_usage,
                      "--fleet: shares limits on requests, and cannot stand beside --tpm");
    if (std::any_of(plan.routes.begin(), plan.routes.end(),
                    [](const planned_route& one) { return !one.about.account.empty(); }))
        throw failure(
            exit_code::wrong_usage,
            "--fleet: shares the limit of each endpoint, and cannot stand beside an account of routes");
    if (plan.limits.pacing() != stagger::pacing_kind::ride_the_limit)
        throw failure(exit_code::wrong_usage,
                      "--fleet: shares what is measured, which --policy " + options.policy + " does not");
    plan.client.fleet(std::move(*fleet));
}

void hide_password_of(const transport& way, stagger::wire::secrets& hidden) {
    if (!way.proxy.empty()) hidden.add(stagger::parse_proxy(way.proxy).password);
}

/// @pre the endpoints are known
void set_transport(const send_options& options, send_plan& plan) {
    const bool has_proxy = options.transport.proxy && !options.transport.proxy->empty();
    if (has_proxy && !options.transport.unix_socket.empty())
        throw failure(exit_code::wrong_usage, "--proxy and --unix-socket: only one may be given");
    for (const std::string& each : options.resolve) {
        for (auto& [host, port, address] : parse_resolve(each)) plan.client.resolve(host, port, address);
    }
    for (planned_route& one : plan.routes) {
        one.way = find_transport(one.about.way, options.transport, one.about.base_url, process_environment);
        hide_password_of(one.way, plan.hidden);
    }
    if (!plan.routes.empty()) return;
    plan.way = find_transport({}, options.transport, plan.base_url, process_environment);
    hide_password_of(plan.way, plan.hidden);
    plan.client.proxy(plan.way.proxy).unix_socket(plan.way.unix_socket);
}

}  // namespace

failure unknown_policy(const std::string& name) {
    return {exit_code::wrong_usage, "--policy: \"" + name + "\" is none of " + policy_names()};
}

void add_endpoint_options(CLI::App& command, send_options& options) {
    add_upstream_options(command, options);
    command.add_option("-m,--model", options.model, "Model of prompts that name none")
        ->type_name("NAME")
        ->group(endpoint_group);
}

void add_route_options(CLI::App& command, send_options& options) {
    command
        .add_option("--routes", options.routes_file,
                    "Several endpoints at once, from a JSON file (stagger routes --help): each prompt goes "
                    "where it is answered first")
        ->type_name("FILE")
        ->group(endpoint_group);
    command.add_option("--route", options.routes, "Only this one of them; repeatable")
        ->type_name("NAME")
        ->group(endpoint_group)
        ->take_all()
        ->allow_extra_args(false);
}

void add_upstream_options(CLI::App& command, send_options& options) {
    constexpr auto group = endpoint_group;
    command
        .add_option(
            "--base-url", options.base_url,
            "Where the API is, such as https://api.example.com/v1, with any query (else OPENAI_BASE_URL; "
            "for llm-engine LLM_ENGINE_BASE_PATH, anthropic-messages ANTHROPIC_BASE_URL, gemini "
            "GOOGLE_GEMINI_BASE_URL)")
        ->type_name("URL")
        ->group(group);
    command
        .add_option("--dialect", options.dialect,
                    "What the server speaks: auto, " + stagger::wire::dialect_names() +
                        " (default auto: by the base URL's path and host, else openai-chat)")
        ->type_name("NAME")
        ->group(group);
    command
        .add_option(
            "--api-key-file", options.api_key_file,
            "File that holds the API key (else the provider's variable, such as ANTHROPIC_API_KEY, "
            "GEMINI_API_KEY, AZURE_OPENAI_API_KEY or for llm-engine SCALE_API_KEY; else OPENAI_API_KEY, "
            "which goes to no other known provider)")
        ->type_name("FILE")
        ->group(group);
    command
        .add_option("--ca-file", options.ca_file,
                    "Certificate authorities to trust beside the system's (PEM)")
        ->type_name("FILE")
        ->group(group);
    command.add_flag("--ca-only", options.ca_only, "Trust nobody but the authorities of --ca-file")
        ->group(group);
    command
        .add_option("--client-cert", options.client_certificate,
                    "Certificate to show to a server that demands one, and what it rests on (PEM)")
        ->type_name("FILE")
        ->group(group);
    command.add_option("--client-key", options.client_key, "Its private key, without a passphrase (PEM)")
        ->type_name("FILE")
        ->group(group);
    command
        .add_option_function<std::string>(
            "--proxy", [&options](const std::string& url) { options.transport.proxy = url; },
            "Proxy to go through, such as http://proxy:3128 or https://user:password@proxy, but for what "
            "NO_PROXY names; empty: none (else HTTPS_PROXY, for http http_proxy, else ALL_PROXY)")
        ->type_name("URL")
        ->group(group);
    command
        .add_option("--unix-socket", options.transport.unix_socket,
                    "Connect to this socket in the place of the base URL's host")
        ->type_name("PATH")
        ->group(group);
    command
        .add_option("--resolve", options.resolve,
                    "The address of a host, which is then not looked up: HOST:PORT:ADDRESS; repeatable")
        ->type_name("HOST:PORT:ADDRESS")
        ->group(group)
        ->take_all()
        ->allow_extra_args(false);
    command
        .add_option("--header", options.headers, "A header for every request, \"Name: value\"; repeatable")
        ->type_name("HEADER")
        ->group(group)
        ->take_all()
        ->allow_extra_args(false);
}

void add_pace_options(CLI::App& command, send_options& options) {
    add_whole_number<unsigned>(
        command, "-j,--max-concurrency", [&options](unsigned value) { options.max_concurrency = value; }, 1,
        "Requests in flight at most (default 256)")
        ->group(limits_group);
    add_duration(
        command, "--timeout", [&options](stagger::duration value) { options.timeout = value; },
        "One attempt, from sending to the answer's end (default 300s)")
        ->group(limits_group);
    add_number(
        command, "--rpm", [&options](double value) { options.requests_per_minute = value; },
        "A known limit, kept without testing it: requests a minute")
        ->group(limits_group);
    command
        .add_option_function<std::string>(
            "--probing",
            [&options](const std::string& text) {
                const auto value = parse_probing(text);
                if (!value) {
                    throw CLI::ValidationError(
                        "--probing",
                        "must be off, or within 0.1% and 20% such as 1% or 0.01, is \"" + text + "\"");
                }
                options.probing = *value;
            },
            "How far above the measured limit it is tested; off: not at all (default 1%)")
        ->type_name("SHARE")
        ->group(limits_group);
    command
        .add_flag("--no-remember", options.no_remember,
                  "Neither start from what earlier runs learned of the limits, nor keep what this one learns")
        ->group(limits_group);
    add_fleet_options(command, options.fleet);
    add_whole_number<std::uint64_t>(
        command, "--jitter-seed", [&options](std::uint64_t value) { options.jitter_seed = value; }, 0,
        "Seed of everything random (default: from the system)")
        ->group(limits_group);
}

void add_request_options(CLI::App& command, send_options& options) {
    constexpr auto group = "Request";
    add_whole_number<unsigned>(
        command, "--max-tokens", [&options](unsigned value) { options.max_tokens = value; }, 1,
        "Tokens to generate at most (default: the server's)")
        ->group(group);
    add_number(
        command, "--temperature", [&options](double value) { options.temperature = value; },
        "0 to 2; llm-engine and anthropic-messages 0 to 1 (default: the server's)")
        ->group(group);
    command.add_option("--param", options.params, "Any member of the request's body, NAME=JSON; repeatable")
        ->type_name("NAME=JSON")
        ->group(group)
        ->take_all()
        ->allow_extra_args(false);
}

void add_message_options(CLI::App& command, send_options& options) {
    constexpr auto group = "Report";
    command.add_flag("-q,--quiet", options.quiet, "Say nothing but errors")->group(group);
    const auto talk = [&options] {
        if (options.log_level == send_options().log_level) options.log_level = "info";
    };
    command.add_flag_callback("-v,--verbose", talk, "The same as --log-level info")->group(group);
    command
        .add_option("--log-level", options.log_level, "trace, debug, info, warn, error or off (default warn)")
        ->type_name("LEVEL")
        ->group(group);
    command
        .add_option("--log-file", options.log_file,
                    "Append every message and the log there, with the date; the log is no longer on standard "
                    "error, and tells what info does at least")
        ->type_name("FILE")
        ->group(group);
}

void add_send_options(CLI::App& command, send_options& options) {
    const auto usual_deadline = command.get_name() == "batch" ? "none" : "10m";
    add_endpoint_options(command, options);
    add_request_options(command, options);
    add_limit_options(command, options, usual_deadline);
    add_report_options(command, options);
}

void add_worker_options(CLI::App& command, send_options& options) {
    add_upstream_options(command, options);
    add_limit_options(command, options, "none");
    add_report_options(command, options);
}

send_plan make_plan(const send_options& options, stagger::duration usual_deadline) {
    send_plan plan;
    set_policy(options, plan);
    set_endpoint(options, plan);
    set_certificates(options, plan);
    if (options.timeout <= stagger::duration::zero()) {
        throw failure(exit_code::wrong_usage, "--timeout: must be longer than 0, is 0");
    }
    plan.client.attempt_timeout(options.timeout).deadline(options.deadline.value_or(usual_deadline));
    plan.client.jitter_seed(options.jitter_seed).single_threaded(true);  // main has one thread
    for (const auto& each : options.headers) {
        auto [name, value] = parse_header(each);
        plan.client.header(std::move(name), std::move(value));
    }
    plan.hidden = stagger::wire::secrets_of(plan.secret, plan.client.headers());
    for (const planned_route& one : plan.routes) hide_secrets_of(one.about, plan.hidden);
    set_transport(options, plan);
    const auto query = plan.base_url.find('?');
    if (query != std::string::npos) plan.hidden.add_query(std::string_view(plan.base_url).substr(query + 1));
    for (const auto& each : options.params) plan.params.push_back(parse_param(each));
    const double highest = stagger::wire::implementation_of(plan.dialect).highest_temperature();
    if (options.temperature && !(*options.temperature >= 0 && *options.temperature <= highest)) {
        throw failure(exit_code::wrong_usage, fmt::format("--temperature: must be within 0 and {}, is {}",
                                                          highest, *options.temperature));
    }
    plan.max_tokens = options.max_tokens;
    plan.temperature = options.temperature;
    plan.limits.max_in_flight(options.max_concurrency);
    for (const auto& [name, value] :
         {std::pair("--rpm", options.requests_per_minute), std::pair("--tpm", options.tokens_per_minute)}) {
        if (!(value >= 0 && value < 1e12)) {
            throw failure(exit_code::wrong_usage,
                          fmt::format("{}: must be a number from 0 (0: unknown), is {}", name, value));
        }
    }
    plan.limits.requests_per_minute(options.requests_per_minute).tokens_per_minute(options.tokens_per_minute);
    plan.limits.probing(options.probing);
    if (!options.decision_log.empty() && plan.routes.size() > 1) {
        throw failure(
            exit_code::wrong_usage,
            "--decision-log: tells of one line, and several routes have several; pick one by --route");
    }
    if (!options.decision_log.empty()) {
        plan.decisions = std::make_shared<decision_log_file>(options.decision_log);
        plan.limits.recorder(plan.decisions);
    }
    set_fleet(options, plan);
    for (planned_route& one : plan.routes) {
        one.limits = plan.limits;
        one.limits.requests_per_minute(one.about.requests_per_minute);
        one.limits.tokens_per_minute(one.about.tokens_per_minute);
    }
    return plan;
}

stagger::client make_client(const boost::asio::any_io_executor& executor, const send_plan& plan) {
    try {
        if (!plan.routes.empty()) {
            auto options = plan.client;
            return stagger::client(executor, routes_of(executor, plan), options.base_url(""));
        }
        return stagger::client(executor, plan.client, plan.limits);
    } catch (const std::invalid_argument& wrong) {
        throw failure(exit_code::wrong_usage, wrong.what());
    }
}

std::string missing_key(const send_plan& plan, stagger::error_code refused) {
    if (!plan.secret.empty() || refused != stagger::errc::unauthorized) return {};
    return std::string(
               "; no API key was sent: give --api-key-file, here or in the configuration file, or set ") +
           plan.key_variables;
}

namespace {

/// Where the dialects whose schema is no parameter have it.
bool says_how_to_answer(const stagger::completion_request& request) {
    const auto& own = request.members();
    return std::any_of(own.begin(), own.end(), [](const auto& member) {
        return member.first == "output_config" || member.first == "generationConfig" ||
               member.first == "guided_json";
    });
}

}  // namespace

void apply_defaults(const send_plan& plan, stagger::completion_request& request) {
    if (plan.max_tokens && !request.max_new_tokens()) request.max_new_tokens(*plan.max_tokens);
    if (plan.temperature && !request.temperature()) request.temperature(*plan.temperature);
    for (const auto& [name, value] : plan.params) {
        const auto& own = request.members();
        const auto same = [&wanted = name](const auto& member) { return member.first == wanted; };
        if (std::none_of(own.begin(), own.end(), same)) request.set(name, value);
    }
    if (!plan.answer_schema.empty() && request.body().empty() && !says_how_to_answer(request))
        request.json_schema("answer", plan.answer_schema);
}

}  // namespace app
