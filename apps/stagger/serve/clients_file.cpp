#include "clients_file.hpp"

#include <algorithm>
#include <cstdint>
#include <optional>
#include <stdexcept>
#include <string_view>
#include <utility>
#include <vector>

#include "cli/exit_code.hpp"
#include "cli/json_file.hpp"
#include "scenario/scenario_file_object.hpp"

namespace app {
namespace {

namespace gateways = stagger::gateway;
using stagger::wire::scenario_object;

constexpr std::uint64_t most_at_a_time = 1'000'000;

stagger::priority read_class(const scenario_object& from, std::string_view name, stagger::priority fallback) {
    const std::string text = from.text(name, std::string(stagger::to_string(fallback)));
    const auto found = stagger::parse_priority(text);
    if (!found) from.reject(name, "must be interactive, normal or batch", *from.find(name));
    return *found;
}

std::optional<std::size_t> read_bound(const scenario_object& from, std::string_view name) {
    if (!from.find(name)) return std::nullopt;
    return from.whole(name, 1, 1, most_at_a_time);
}

std::optional<double> read_amount(const scenario_object& from, std::string_view name) {
    if (!from.find(name)) return std::nullopt;
    return from.number(name, 0, stagger::wire::not_negative);
}

gateways::tenant_terms read_terms(const scenario_object& from) {
    gateways::tenant_terms made;
    made.weight = from.number("weight", 1, stagger::wire::positive);
    made.most_going = read_bound(from, "max_in_flight");
    made.most_waiting = read_bound(from, "max_waiting");
    made.a_day = {read_amount(from, "requests_a_day"), read_amount(from, "tokens_a_day"),
                  read_amount(from, "money_a_day")};
    made.highest = read_class(from, "max_class", made.highest);
    made.usual = read_class(from, "class", std::max(made.usual, made.highest));
    if (made.usual < made.highest) from.reject("class", "must not be above max_class", *from.find("class"));
    return made;
}

// Never repeated in a message: it might be the key itself.
gateways::key_hash read_key(const boost::json::value& value, const std::string& where) {
    const auto* const text = value.if_string();
    const auto found = text ? gateways::parse_key_hash(std::string_view(*text)) : std::nullopt;
    if (!found) throw std::invalid_argument(where + ": must be the SHA-256 of a key, 64 hexadecimal digits");
    return *found;
}

gateways::client_directory::listed_tenant read_tenant(const boost::json::value& value,
                                                      const std::string& where) {
    const scenario_object from(value, where,
                               {"name", "keys", "weight", "class", "max_class", "max_in_flight",
                                "max_waiting", "requests_a_day", "tokens_a_day", "money_a_day"});
    gateways::client_directory::listed_tenant made;
    made.terms = read_terms(from);
    made.terms.name = stagger::wire::read_scenario_name(from.require("name"), from.path_of("name"));
    if (const auto* const keys = from.find("keys")) {
        if (!keys->is_array()) throw std::invalid_argument(from.path_of("keys") + ": must be an array");
        made.keys = from.each("keys", read_key);
    }
    return made;
}

stagger::fairness::by_class<double> read_weights(const scenario_object& top) {
    auto weights = stagger::fairness::usual_class_weights;
    const auto* const found = top.find("classes");
    if (!found) return weights;
    const scenario_object from(*found, top.path_of("classes"), {"interactive", "normal", "batch"});
    for (const stagger::priority one : stagger::priorities)
        weights[one] = from.number(stagger::to_string(one), weights[one], stagger::wire::positive);
    return weights;
}

gateways::charging read_charging(const scenario_object& top) {
    const std::string text = top.text("charge", "requests");
    if (text == "requests") return gateways::charging::requests;
    if (text != "tokens") top.reject("charge", "must be requests or tokens", *top.find("charge"));
    return gateways::charging::tokens;
}

gateways::tenant_terms read_others(const scenario_object& top) {
    const auto* const found = top.find("others");
    if (!found) return {};
    return read_terms(scenario_object(*found, top.path_of("others"),
                                      {"weight", "class", "max_class", "max_in_flight", "max_waiting",
                                       "requests_a_day", "tokens_a_day", "money_a_day"}));
}

}  // namespace

gateways::client_directory parse_clients(const boost::json::value& file) {
    // Only looked at: a member's path in messages has no "the file" in front.
    [[maybe_unused]] const scenario_object known(file, "the file",
                                                 {"$schema", "classes", "charge", "tenants", "others"});
    const scenario_object top(file, "");
    std::vector<gateways::client_directory::listed_tenant> tenants;
    if (top.find("tenants")) tenants = top.each("tenants", read_tenant);
    return gateways::client_directory(tenants, read_others(top), read_weights(top), read_charging(top));
}

std::shared_ptr<const gateways::client_directory> read_clients(const std::string& path) {
    const boost::json::value file = read_json_file(path);
    try {
        return std::make_shared<const gateways::client_directory>(parse_clients(file));
    } catch (const std::invalid_argument& wrong) {
        throw failure(exit_code::wrong_usage, path + ": " + wrong.what());
    }
}

}  // namespace app
