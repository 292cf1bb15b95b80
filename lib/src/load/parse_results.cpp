#include <charconv>
#include <cmath>
#include <concepts>
#include <type_traits>

#include "json/json_text.hpp"
#include "load/results_file.hpp"
#include "load/results_members.hpp"

namespace stagger::load {

namespace {

constexpr std::size_t shown_characters = 60;  // of a wrong value: enough to recognise it

/// A value of the file as it is written, and where it stands.
struct element {
    std::string_view text;
    std::string path;

    [[noreturn]] void reject(const std::string& rule) const {
        std::string shown(text.substr(0, shown_characters));
        if (shown.size() < text.size()) shown += "...";
        throw std::invalid_argument((path.empty() ? "the file" : path) + ": " + rule + ", is " + shown);
    }
    element member(const wire::json_member& one) const {
        return {one.value, path.empty() ? one.name : path + '.' + one.name};
    }
    std::vector<wire::json_member> members() const {
        auto found = wire::json_members(text);
        if (!found) reject("must be an object");
        return std::move(*found);
    }
    std::vector<element> elements() const {
        const auto found = wire::json_elements(text);
        if (!found) reject("must be an array");
        std::vector<element> all;
        for (const std::string_view one : *found)
            all.push_back({one, path + '[' + std::to_string(all.size()) + ']'});
        return all;
    }
};

void read(const element& from, std::string& value) {
    auto text = wire::json_string_value(from.text);
    if (!text) from.reject("must be a text");
    value = std::move(*text);
}

void read(const element& from, double& value) {
    const bool number = from.text.front() == '-' || (from.text.front() >= '0' && from.text.front() <= '9');
    value = number ? wire::json_number_value(from.text) : HUGE_VAL;
    if (!std::isfinite(value)) from.reject("must be a number");
}

void read(const element& from, bool& value) {
    value = from.text == "true";
    if (!value && from.text != "false") from.reject("must be true or false");
}

template <std::unsigned_integral Count>
requires(!std::same_as<Count, bool>) void read(const element& from, Count& value) {
    const auto* const end = from.text.data() + from.text.size();
    const auto parsed = std::from_chars(from.text.data(), end, value);
    if (parsed.ec != std::errc() || parsed.ptr != end) from.reject("must be a whole number from 0");
}

void read(const element& from, latency_summary::bucket& value) {
    const auto pair = from.elements();
    if (pair.size() != 2) from.reject("must be [upper_ms, count]");
    read(pair[0], value.upper_ms);
    read(pair[1], value.count);
}

void read(const element& from, waiting_sums& value) {
    for (const wire::json_member& one : from.members()) {
        for (const wait_reason why : wait_reasons) {
            double sum_s = 0;
            if (one.name != to_string(why)) continue;
            read(from.member(one), sum_s);
            value[why] = std::chrono::duration<double>(sum_s);
        }
    }
}

template <class Object>
requires std::is_class_v<Object>
void read(const element& from, Object& value);

template <class Value>
void read(const element& from, std::optional<Value>& value) {
    if (from.text == "null") return value.reset();
    read(from, value.emplace());
}

template <class Value>
void read(const element& from, std::vector<Value>& values) {
    for (const element& one : from.elements()) read(one, values.emplace_back());
}

template <class Value>
void read(const element& from, std::map<std::string, Value>& values) {
    for (const wire::json_member& one : from.members()) read(from.member(one), values[one.name]);
}

template <class>
constexpr bool is_optional = false;
template <class Value>
constexpr bool is_optional<std::optional<Value>> = true;

template <class Object>
requires std::is_class_v<Object>
void read(const element& from, Object& value) {
    const auto members = from.members();
    for_each_member(value, [&]<class Value>(const char* name, Value& into) {
        const wire::json_member* found = wire::find_member(members, name);
        if (found) return read(from.member(*found), into);
        // A flag that an earlier version did not know was not set.
        if (is_optional<Value> || std::same_as<Value, bool>) return;
        throw std::invalid_argument(from.member({name, {}}).path + ": must be given");
    });
}

void check_schema(const element& file) {
    const auto members = wire::json_members(file.text);
    const wire::json_member* schema = members ? wire::find_member(*members, "schema") : nullptr;
    if (!schema) throw std::invalid_argument("schema: must be given: this is no results file");
    std::string name;
    read(file.member(*schema), name);
    if (name != results_schema) file.member(*schema).reject("must be \"" + std::string(results_schema) + '"');
}

}  // namespace

results_document parse_results(std::string_view text) {
    if (const auto problem = wire::json_problem(text))
        throw std::invalid_argument("must be the JSON that bench writes: " + *problem);
    const element file{text, {}};
    check_schema(file);
    results_document all;
    read(file, all);
    return all;
}

}  // namespace stagger::load
