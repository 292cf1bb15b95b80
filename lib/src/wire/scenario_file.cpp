#include "wire/scenario_file.hpp"

#include <algorithm>
#include <boost/json/stream_parser.hpp>
#include <cerrno>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <limits>
#include <stdexcept>
#include <system_error>

#include "wire/scenario_file_object.hpp"

namespace stagger::wire {

namespace json = boost::json;

namespace {

using provider::distribution;
using provider::header_hint;
using provider::retry_after_hint;
using provider::unit;

// A refusal and a failure are HTTP errors, whatever the scenario calls them.
constexpr std::uint64_t lowest_error_status = 400;
constexpr std::uint64_t highest_error_status = 599;
// Of the logarithm: at 5 the largest of a million draws is 10^10 times the median.
constexpr number_rule sigma_rule{.high = 5};
constexpr std::uint64_t most_in_flight = 1'000'000;
constexpr std::uint64_t most_requests = 1'000'000'000;
constexpr std::uint64_t most_tokens = 1u << 24;  // of one answer
// A scenario is read as a whole; the largest sensible ones have a few kilobytes.
constexpr std::uintmax_t largest_file = 16u << 20;

unit read_unit(const scenario_object& object) {
    return object.word("unit", unit::requests, {{"requests", unit::requests}, {"tokens", unit::tokens}});
}

distribution read_distribution(const scenario_object& object, distribution fallback) {
    return object.word("kind", fallback,
                       {{"constant", distribution::constant}, {"lognormal", distribution::lognormal}});
}

// A bucket or window below one request would admit none.
number_rule capacity_rule(unit counts) {
    return counts == unit::requests ? at_least_one : positive;
}

double required_number(const scenario_object& object, std::string_view name, const number_rule& rule) {
    object.require(name);
    return object.number(name, 0, rule);
}

duration required_seconds(const scenario_object& object, std::string_view name, const number_rule& rule) {
    object.require(name);
    return object.seconds(name, duration::zero(), rule);
}

/// Which tokens a limit on tokens counts.
provider::counted_tokens read_counted(const scenario_object& object, unit counts) {
    using provider::counted_tokens;
    const json::value* found = object.find("counted");
    if (found != nullptr && counts != unit::tokens) {
        object.reject("counted", "must only be given where unit is tokens", *found);
    }
    return object.word("counted", counted_tokens::reserved,
                       {{"reserved", counted_tokens::reserved},
                        {"settled", counted_tokens::settled},
                        {"made", counted_tokens::made},
                        {"input", counted_tokens::input},
                        {"output", counted_tokens::output}});
}

provider::limit read_token_bucket(const scenario_object& object) {
    object.expect_only({"kind", "unit", "rate_per_s", "burst", "counted"});
    provider::token_bucket bucket;
    bucket.counts = read_unit(object);
    bucket.rate_per_s = required_number(object, "rate_per_s", positive);
    bucket.burst = object.number("burst", bucket.burst, capacity_rule(bucket.counts));
    bucket.counted = read_counted(object, bucket.counts);
    return bucket;
}

provider::limit read_fixed_window(const scenario_object& object) {
    object.expect_only({"kind", "unit", "quota", "window_s", "phase_s", "counted"});
    provider::fixed_window window;
    window.counts = read_unit(object);
    window.quota = required_number(object, "quota", capacity_rule(window.counts));
    window.window = required_seconds(object, "window_s", positive);
    window.counted = read_counted(object, window.counts);
    window.phase = object.seconds("phase_s", window.phase, not_negative);
    return window;
}

provider::limit read_sliding_window(const scenario_object& object) {
    object.expect_only({"kind", "unit", "quota", "window_s", "counted"});
    provider::sliding_window window;
    window.counts = read_unit(object);
    window.quota = required_number(object, "quota", capacity_rule(window.counts));
    window.window = required_seconds(object, "window_s", positive);
    window.counted = read_counted(object, window.counts);
    return window;
}

provider::limit read_concurrency(const scenario_object& object) {
    object.expect_only({"kind", "max", "queue", "queue_timeout_s"});
    object.require("max");
    provider::concurrency_limit limit;
    limit.max = static_cast<unsigned>(object.whole("max", limit.max, 1, most_in_flight));
    limit.queue = static_cast<unsigned>(object.whole("queue", limit.queue, 0, most_in_flight));
    limit.queue_timeout = object.seconds("queue_timeout_s", limit.queue_timeout, positive);
    return limit;
}

using read_kind = provider::limit (*)(const scenario_object&);

provider::limit read_limit(const json::value& value, const std::string& path) {
    const scenario_object object(value, path);
    object.require("kind");
    const read_kind read = object.word<read_kind>("kind", nullptr,
                                                  {{"token_bucket", read_token_bucket},
                                                   {"fixed_window", read_fixed_window},
                                                   {"sliding_window", read_sliding_window},
                                                   {"concurrency", read_concurrency}});
    return read(object);
}

/// A limit on what arrives over time; places in flight are the whole provider's.
provider::limit read_rate_limit(const json::value& value, const std::string& path) {
    const scenario_object object(value, path);
    object.require("kind");
    const read_kind read = object.word<read_kind>("kind", nullptr,
                                                  {{"token_bucket", read_token_bucket},
                                                   {"fixed_window", read_fixed_window},
                                                   {"sliding_window", read_sliding_window}});
    return read(object);
}

/// Reads each element of a required array with `read(value, path)`.
template <class Read>
auto read_each(const scenario_object& object, std::string_view name, Read read) {
    std::vector<decltype(read(json::value(), std::string()))> elements;
    const json::array& array = object.require_array(name);
    for (std::size_t i = 0; i < array.size(); ++i) {
        elements.push_back(read(array[i], object.path_of(name) + "[" + std::to_string(i) + "]"));
    }
    return elements;
}

std::string read_name(const json::value& value, const std::string& path) {
    if (value.is_string() && !value.get_string().empty()) return std::string(value.get_string());
    throw std::invalid_argument(path + ": must be a string that is not empty, is " +
                                scenario_text::show(value));
}

provider::limits_change read_change(const json::value& value, const std::string& path) {
    const scenario_object object(value, path, {"at_s", "limits"});
    return {required_seconds(object, "at_s", not_negative), read_each(object, "limits", read_limit)};
}

unsigned read_status(const scenario_object& object, std::string_view name, unsigned fallback) {
    return static_cast<unsigned>(object.whole(name, fallback, lowest_error_status, highest_error_status));
}

unsigned read_refusal_status(const scenario_object& object, std::string_view name, unsigned fallback) {
    const json::value* found = object.find(name);
    if (found != nullptr && found->is_string() && found->get_string() == "close") {
        return provider::connection_closed;
    }
    return static_cast<unsigned>(
        object.whole(name, fallback, lowest_error_status, highest_error_status, " or \"close\""));
}

/// The members `from_s` and `to_s` of what lasts for a while.
template <class Spell>
void read_times(const scenario_object& object, Spell& spell) {
    spell.from = object.seconds("from_s", spell.from, not_negative);
    spell.to = required_seconds(object, "to_s", not_negative);
    if (spell.to <= spell.from) object.reject("to_s", "must be > from_s", object.require("to_s"));
}

provider::outage read_outage(const json::value& value, const std::string& path) {
    const scenario_object object(value, path, {"from_s", "to_s", "status"});
    provider::outage outage;
    read_times(object, outage);
    outage.status = read_status(object, "status", outage.status);
    return outage;
}

provider::chance_refusals read_chance(const json::value& value, const std::string& path) {
    const scenario_object object(value, path,
                                 {"share", "status", "charged", "from_in_flight", "to_in_flight"});
    provider::chance_refusals drawn;
    drawn.share = required_number(object, "share", {.low_allowed = false, .high = 1});
    drawn.status = read_refusal_status(object, "status", drawn.status);
    drawn.charged = object.flag("charged", drawn.charged);
    if (object.find("from_in_flight") != nullptr) object.require("to_in_flight");
    drawn.from_in_flight =
        static_cast<unsigned>(object.whole("from_in_flight", drawn.from_in_flight, 0, most_in_flight));
    drawn.to_in_flight =
        static_cast<unsigned>(object.whole("to_in_flight", drawn.to_in_flight, 1, most_in_flight));
    if (drawn.depends_on_load() && drawn.to_in_flight <= drawn.from_in_flight) {
        object.reject("to_in_flight", "must be > from_in_flight", object.require("to_in_flight"));
    }
    return drawn;
}

provider::closure read_closure(const json::value& value, const std::string& path) {
    const scenario_object object(value, path, {"from_s", "to_s", "status", "retry_after"});
    provider::closure closed;
    read_times(object, closed);
    closed.status = read_refusal_status(object, "status", closed.status);
    closed.retry_after = object.word("retry_after", closed.retry_after,
                                     {{"none", retry_after_hint::none},
                                      {"exact", retry_after_hint::exact},
                                      {"integer", retry_after_hint::integer},
                                      {"ms", retry_after_hint::milliseconds}});
    return closed;
}

provider::refusals_description read_refusals(const json::value& value, const std::string& path) {
    const scenario_object object(value, path, {"by_chance", "closures", "prompts", "delay_s"});
    provider::refusals_description refusals;
    if (object.find("by_chance") != nullptr) refusals.by_chance = read_each(object, "by_chance", read_chance);
    if (object.find("closures") != nullptr) refusals.closures = read_each(object, "closures", read_closure);
    if (object.find("prompts") != nullptr) refusals.prompts = read_each(object, "prompts", read_name);
    refusals.delay = object.seconds("delay_s", refusals.delay, not_negative);
    return refusals;
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

provider::faults_description read_faults(const json::value& value, const std::string& path) {
    const scenario_object object(value, path, {"error_rate", "error_status", "outages"});
    provider::faults_description faults;
    faults.error_rate = object.number("error_rate", faults.error_rate, {.high = 1});
    faults.error_status = read_status(object, "error_status", faults.error_status);
    if (object.find("outages") != nullptr) faults.outages = read_each(object, "outages", read_outage);
    return faults;
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
            model.limits = read_each(described, "limits", read_rate_limit);
        }
    }
    return models;
}

provider::answers_description read_answers(const json::value& value, const std::string& path) {
    const scenario_object object(value, path, {"default_max_tokens", "tokens"});
    provider::answers_description answers;
    answers.default_max_tokens =
        static_cast<unsigned>(object.whole("default_max_tokens", answers.default_max_tokens, 1, most_tokens));
    answers.tokens = static_cast<unsigned>(object.whole("tokens", answers.tokens, 0, most_tokens));
    return answers;
}

provider::provider_description read_provider(const json::value& value, const std::string& path) {
    const scenario_object object(
        value, path,
        {"limits", "charge_rejections", "rejection_status", "lockout", "hints", "latency", "rtt_s",
         "rtt_sigma", "changes", "faults", "refusals", "models", "answers"});
    provider::provider_description described;
    described.limits = read_each(object, "limits", read_limit);
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
    if (object.find("changes") != nullptr) described.changes = read_each(object, "changes", read_change);
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
    return read_each(object, name, [&](const json::value& value, const std::string& path) {
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
    if (object.find("models") != nullptr) client.models = read_each(object, "models", read_name);
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
        scenario.clients = read_each(object, "clients", read_client);
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
