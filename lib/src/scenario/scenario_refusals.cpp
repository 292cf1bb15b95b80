#include "scenario/scenario_refusals.hpp"

namespace stagger::wire {

namespace json = boost::json;

namespace {

using provider::retry_after_hint;

// A refusal and a failure are HTTP errors, whatever the scenario calls them.
constexpr std::uint64_t lowest_error_status = 400;
constexpr std::uint64_t highest_error_status = 599;

unsigned read_status(const scenario_object& object, std::string_view name, unsigned fallback) {
    return static_cast<unsigned>(object.whole(name, fallback, lowest_error_status, highest_error_status));
}

/// The members `from_s` and `to_s` of what lasts for a while.
template <class Spell>
void read_times(const scenario_object& object, Spell& spell) {
    spell.from = object.seconds("from_s", spell.from, not_negative);
    spell.to = object.required_seconds("to_s", not_negative);
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
    drawn.share = object.required_number("share", {.low_allowed = false, .high = 1});
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

}  // namespace

unsigned read_refusal_status(const scenario_object& object, std::string_view name, unsigned fallback) {
    const json::value* found = object.find(name);
    if (found != nullptr && found->is_string() && found->get_string() == "close") {
        return provider::connection_closed;
    }
    return static_cast<unsigned>(
        object.whole(name, fallback, lowest_error_status, highest_error_status, " or \"close\""));
}

provider::refusals_description read_refusals(const json::value& value, const std::string& path) {
    const scenario_object object(value, path, {"by_chance", "closures", "prompts", "delay_s"});
    provider::refusals_description refusals;
    if (object.find("by_chance") != nullptr) refusals.by_chance = object.each("by_chance", read_chance);
    if (object.find("closures") != nullptr) refusals.closures = object.each("closures", read_closure);
    if (object.find("prompts") != nullptr) refusals.prompts = object.each("prompts", read_scenario_name);
    refusals.delay = object.seconds("delay_s", refusals.delay, not_negative);
    return refusals;
}

provider::faults_description read_faults(const json::value& value, const std::string& path) {
    const scenario_object object(value, path, {"error_rate", "error_status", "outages"});
    provider::faults_description faults;
    faults.error_rate = object.number("error_rate", faults.error_rate, {.high = 1});
    faults.error_status = read_status(object, "error_status", faults.error_status);
    if (object.find("outages") != nullptr) faults.outages = object.each("outages", read_outage);
    return faults;
}

}  // namespace stagger::wire
