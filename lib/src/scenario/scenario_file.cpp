#include "scenario/scenario_file.hpp"

#include <algorithm>
#include <boost/json/stream_parser.hpp>
#include <cerrno>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <limits>
#include <stdexcept>
#include <system_error>

#include "scenario/scenario_file_object.hpp"
#include "scenario/scenario_limits.hpp"
#include "scenario/scenario_refusals.hpp"

namespace stagger::wire {

namespace json = boost::json;

namespace {

using provider::distribution;
using provider::header_hint;
using provider::retry_after_hint;

// Of the logarithm: at 5 the largest of a million draws is 10^10 times the median.
constexpr number_rule sigma_rule{.high = 5};
constexpr std::uint64_t most_requests = 1'000'000'000;
constexpr std::uint64_t most_tokens = 1u << 24;  // of one answer
// A scenario is read as a whole; the largest sensible ones have a few kilobytes.
constexpr std::uintmax_t largest_file = 16u << 20;

distribution read_distribution(const scenario_object& object, distribution fallback) {
    return object.word("kind", fallback,
                       {{"constant", distribution::constant}, {"lognormal", distribution::lognormal}});
}

provider::limits_change read_change(const json::value& value, const std::string& path) {
    const scenario_object object(value, path, {"at_s", "limits"});
    return {object.required_seconds("at_s", not_negative), object.each("limits", read_limit)};
}

provider::hints_description read_hints(const json::value& value, const std::string& path) {
    const scenario_object object(value, path, {"retry_after", "wrong_s", "headers"});
    provider::hints_description hints;
    hints.retry_after = object.word("retry_after", hints.retry_after,
                                    {{"none", retry_after_hint::none},
                                     {"exact", retry_after_hint::exact},
                                     {"integer", retry_after_hint::integer},
                                     {"ms", retry_after_hint::milliseconds},
                                     {"wrong", retry_after_hint::wrong}});
    hints.wrong = object.seconds("wrong_s", hints.wrong, not_negative);
    hints.headers = object.word("headers", hints.headers,
                                {{"none", header_hint::none},
                                 {"openai", header_hint::openai},
                                 {"ietf", header_hint::ietf},
                                 {"anthropic", header_hint::anthropic}});
    return hints;
}

provider::latency_description read_latency(const json::value& value, const std::string& path) {
    const scenario_object object(value, path, {"kind", "mean_s", "sigma"});
    provider::latency_description latency;
    latency.kind = read_distribution(object, latency.kind);
    latency.mean = object.seconds("mean_s", latency.mean, not_negative);
    latency.sigma = object.number("sigma", latency.sigma, sigma_rule);
    return latency;
}

std::map<std::string, provider::model_description, std::less<>> read_models(const json::value& value,
                                                                            const std::string& path) {
    const scenario_object object(value, path);
    std::map<std::string, provider::model_description, std::less<>> models;
    for (const auto& member : value.get_object()) {
        const std::string name(member.key());
        const scenario_object described(member.value(), object.path_of(name), {"limits", "refused"});
        provider::model_description& model = models[name];
        model.refused = described.flag("refused", model.refused);
        if (described.find("limits") != nullptr) {
            model.limits = described.each("limits", read_rate_limit);
        }
    }
    return models;
}

provider::answers_description read_answers(const json::value& value, const std::string& path) {
    using provider::error_form;
    const scenario_object object(value, path,
                                 {"default_max_tokens", "tokens", "cached_tokens", "refusals", "faults"});
    provider::answers_description answers;
    answers.default_max_tokens =
        static_cast<unsigned>(object.whole("default_max_tokens", answers.default_max_tokens, 1, most_tokens));
    answers.tokens = static_cast<unsigned>(object.whole("tokens", answers.tokens, 0, most_tokens));
    answers.cached_tokens =
        static_cast<unsigned>(object.whole("cached_tokens", answers.cached_tokens, 0, most_tokens));
    answers.refusals = object.word("refusals", answers.refusals,
                                   {{"status", error_form::status},
                                    {"inside_answer", error_form::inside_answer},
                                    {"quota", error_form::quota}});
    answers.faults = object.word("faults", answers.faults,
                                 {{"status", error_form::status},
                                  {"inside_answer", error_form::inside_answer},
                                  {"malformed", error_form::malformed},
                                  {"cut", error_form::cut}});
    return answers;
}

provider::provider_description read_provider(const json::value& value, const std::string& path) {
    const scenario_object object(
        value, path,
        {"limits", "charge_rejections", "rejection_status", "lockout", "hints", "latency", "rtt_s",
         "rtt_sigma", "changes", "faults", "refusals", "models", "answers"});
    provider::provider_description described;
    described.limits = object.each("limits", read_limit);
    described.charge_rejections = object.flag("charge_rejections", described.charge_rejections);
    described.rejection_status = read_refusal_status(object, "rejection_status", described.rejection_status);
    if (const json::value* given = object.find("lockout")) {
        const scenario_object lockout(*given, object.path_of("lockout"), {"silence_s"});
        described.lockout_silence = lockout.seconds("silence_s", described.lockout_silence, not_negative);
    }
    if (const json::value* given = object.find("hints")) {
        described.hints = read_hints(*given, object.path_of("hints"));
    }
    if (const json::value* given = object.find("latency")) {
        described.latency = read_latency(*given, object.path_of("latency"));
    }
    described.rtt = object.seconds("rtt_s", described.rtt, not_negative);
    described.rtt_sigma = object.number("rtt_sigma", described.rtt_sigma, sigma_rule);
    if (object.find("changes") != nullptr) described.changes = object.each("changes", read_change);
    if (const json::value* given = object.find("faults")) {
        described.faults = read_faults(*given, object.path_of("faults"));
    }
    if (const json::value* given = object.find("refusals")) {
        described.refusals = read_refusals(*given, object.path_of("refusals"));
    }
    if (const json::value* given = object.find("models")) {
        described.models = read_models(*given, object.path_of("models"));
    }
    if (const json::value* given = object.find("answers")) {
        described.answers = read_answers(*given, object.path_of("answers"));
    }
    return described;
}

provider::token_costs read_token_costs(const scenario_object& object, std::string_view name,
                                       provider::token_costs costs) {
    const scenario_object tokens(object.require(name), object.path_of(name), {"kind", "mean", "sigma"});
    costs.kind = read_distribution(tokens, costs.kind);
    costs.mean = tokens.number("mean", costs.mean, at_least_one);
    costs.sigma = tokens.number("sigma", costs.sigma, sigma_rule);
    return costs;
}

/// Numbers of requests, from 0, each greater than the one before.
std::vector<std::uint64_t> read_numbers(const scenario_object& object, std::string_view name,
                                        std::uint64_t requests) {
    std::uint64_t least = 0;
    return object.each(name, [&](const json::value& value, const std::string& path) {
        boost::system::error_code inexact;
        const auto number = value.is_number() ? value.to_number<std::uint64_t>(inexact) : 0;
        std::string rule;
        if (!value.is_number() || inexact || number >= requests) {
            rule = "must be a whole number within 0.." + std::to_string(requests - 1);
        } else if (number < least) {
            rule = "must be greater than the one before";
        }
        if (!rule.empty()) {
            throw std::invalid_argument(path + ": " + rule + ", is " + scenario_text::show(value));
        }
        least = number + 1;
        return number;
    });
}

provider::client_description read_client(const json::value& value, const std::string& path) {
    const scenario_object object(value, path,
                                 {"requests", "concurrency", "start_s", "warm", "rpm", "tpm", "tokens",
                                  "output_tokens", "max_tokens", "always_refused", "models"});
    provider::client_description client;
    client.requests = object.whole("requests", client.requests, 1, most_requests);
    client.concurrency =
        static_cast<unsigned>(object.whole("concurrency", client.concurrency, 1, most_in_flight));
    client.start = object.seconds("start_s", client.start, not_negative);
    client.warm = object.flag("warm", client.warm);
    client.rpm = object.number("rpm", client.rpm, not_negative);
    client.tpm = object.number("tpm", client.tpm, not_negative);
    if (object.find("tokens") != nullptr) client.tokens = read_token_costs(object, "tokens", client.tokens);
    if (object.find("output_tokens") != nullptr) {
        client.output = read_token_costs(object, "output_tokens", {});
    }
    client.max_tokens = static_cast<unsigned>(object.whole("max_tokens", client.max_tokens, 0, most_tokens));
    if (object.find("max_tokens") != nullptr) object.require("output_tokens");
    if (object.find("always_refused") != nullptr) {
        client.always_refused = read_numbers(object, "always_refused", client.requests);
    }
    if (object.find("models") != nullptr) client.models = object.each("models", read_scenario_name);
    return client;
}

[[noreturn]] void reject_syntax(std::string_view text, std::size_t offset, const std::string& what) {
    const std::string_view before = text.substr(0, offset);
    const auto line = 1 + std::count(before.begin(), before.end(), '\n');
    const std::size_t line_start = before.rfind('\n') + 1;  // npos + 1 is 0
    throw std::invalid_argument("line " + std::to_string(line) + ", column " +
                                std::to_string(offset - line_start + 1) + ": " + what);
}

json::value parse_json(std::string_view text) {
    json::stream_parser parser;
    boost::system::error_code error;
    const std::size_t parsed = parser.write_some(text, error);
    if (error) reject_syntax(text, parsed, error.message());
    const std::size_t rest = text.find_first_not_of(" \t\r\n", parsed);
    if (rest != std::string_view::npos) reject_syntax(text, rest, "text after the scenario");
    parser.finish(error);
    if (error) reject_syntax(text, text.size(), error.message());
    return parser.release();
}

std::string read_file(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    std::error_code unknown;
    const std::uintmax_t size = std::filesystem::file_size(path, unknown);
    if (!file || std::filesystem::is_directory(path)) {
        throw std::system_error(errno != 0 ? errno : EISDIR, std::generic_category(), path);
    }
    if (!unknown && size > largest_file) throw std::system_error(EFBIG, std::generic_category(), path);
    return {std::istreambuf_iterator<char>(file), {}};
}

}  // namespace

provider::scenario parse_scenario(std::string_view text, clients_member clients) {
    const json::value document = parse_json(text);
    const scenario_object object(document, "", {"name", "seed", "provider", "clients"});
    provider::scenario scenario;
    scenario.name = object.text("name", scenario.name);
    scenario.seed = object.whole("seed", scenario.seed, 0, std::numeric_limits<std::uint64_t>::max());
    scenario.provider = read_provider(object.require("provider"), object.path_of("provider"));
    if (clients == clients_member::required || object.find("clients") != nullptr) {
        scenario.clients = object.each("clients", read_client);
    }
    if (clients == clients_member::required && scenario.clients.empty()) {
        object.reject("clients", "must not be empty", object.require("clients"));
    }
    return scenario;
}

provider::scenario load_scenario(const std::string& path, clients_member clients) {
    const std::string text = read_file(path);
    try {
        provider::scenario scenario = parse_scenario(text, clients);
        if (scenario.name.empty()) scenario.name = std::filesystem::path(path).stem().string();
        return scenario;
    } catch (const std::invalid_argument& wrong) {
        throw std::invalid_argument(path + ": " + wrong.what());
    }
}

}  // namespace stagger::wire
