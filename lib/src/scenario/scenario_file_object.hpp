#pragma once

#include <algorithm>
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>
#include <charconv>
#include <cstdint>
#include <initializer_list>
#include <limits>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "stagger/time.hpp"

namespace stagger::wire {

/// Which numbers a member may be.
struct number_rule {
    double low = 0;
    bool low_allowed = true;
    double high = 1e15;  ///< beyond that doubles no longer hold every whole number
};
/// The longest span a scenario may speak of: 31 years, of which a clock of nanoseconds can add up nine.
inline constexpr double longest_s = 1e9;

inline constexpr number_rule not_negative{};
inline constexpr number_rule positive{.low_allowed = false};
inline constexpr number_rule at_least_one{.low = 1};

inline constexpr std::uint64_t most_in_flight = 1'000'000;

/** One JSON object of a scenario file and the path that leads to it.
 *
 * Every getter answers the fallback where the member is absent, and throws `std::invalid_argument` with path,
 * rule and value where it is wrong.
 */
class scenario_object {
 public:
    scenario_object(const boost::json::value& value, std::string path);
    /// The same, and `expect_only`.
    scenario_object(const boost::json::value& value, std::string path,
                    std::initializer_list<std::string_view> known);

    /// Throws where there is any other member.
    void expect_only(std::initializer_list<std::string_view> known) const;
    const boost::json::value* find(std::string_view name) const;
    /// Throws where the member is absent.
    const boost::json::value& require(std::string_view name) const;
    const boost::json::array& require_array(std::string_view name) const;
    std::string path_of(std::string_view name) const;

    double number(std::string_view name, double fallback, const number_rule& rule) const;
    duration seconds(std::string_view name, duration fallback, const number_rule& rule) const;
    double required_number(std::string_view name, const number_rule& rule) const;
    duration required_seconds(std::string_view name, const number_rule& rule) const;
    /// @param otherwise what the rule in the message goes on with, where a word will do as well
    std::uint64_t whole(std::string_view name, std::uint64_t fallback, std::uint64_t low, std::uint64_t high,
                        std::string_view otherwise = {}) const;
    bool flag(std::string_view name, bool fallback) const;
    std::string text(std::string_view name, std::string fallback) const;

    /// Reads each element of a required array with `read(value, path)`.
    template <class Read>
    auto each(std::string_view name, Read read) const {
        std::vector<decltype(read(boost::json::value(), std::string()))> elements;
        const boost::json::array& array = require_array(name);
        for (std::size_t i = 0; i < array.size(); ++i) {
            elements.push_back(read(array[i], path_of(name) + "[" + std::to_string(i) + "]"));
        }
        return elements;
    }

    template <class Enum>
    using words = std::initializer_list<std::pair<std::string_view, Enum>>;
    template <class Enum>
    Enum word(std::string_view name, Enum fallback, words<Enum> choices) const {
        const boost::json::value* found = find(name);
        if (found == nullptr) return fallback;
        std::string rule = "must be one of";
        for (const auto& [spelling, meaning] : choices) {
            if (found->is_string() && std::string_view(found->get_string()) == spelling) return meaning;
            rule.append(rule.ends_with("of") ? " " : ", ").append(spelling);
        }
        reject(name, rule, *found);
    }

    /// "path.name: rule, is value"
    [[noreturn]] void reject(std::string_view name, const std::string& rule,
                             const boost::json::value& value) const;

 private:
    const boost::json::object* object_;
    std::string path_;
};

namespace scenario_text {

inline constexpr std::size_t shown_characters = 60;  // of a wrong value: enough to recognise it

/// As a person writes it: 0.5, 3, 1e+15.
inline std::string show(double number) {
    char digits[32];
    const auto end = std::to_chars(std::begin(digits), std::end(digits), number).ptr;
    return {std::begin(digits), end};
}

/// The double nearest to what was written. Boost.JSON 1.81 can miss it by a step (0.57 is 57 times 0.01
/// there); a double that is that near has the same first 15 digits.
inline double nearest(double parsed) {
    constexpr int digits_that_doubles_keep = std::numeric_limits<double>::digits10;
    char digits[32];
    const auto end = std::to_chars(std::begin(digits), std::end(digits), parsed, std::chars_format::general,
                                   digits_that_doubles_keep)
                         .ptr;
    double value = parsed;
    std::from_chars(std::begin(digits), end, value);
    return value;
}

inline std::string show(const boost::json::value& value) {
    if (value.is_double()) return show(value.get_double());
    std::string text = boost::json::serialize(value);
    if (text.size() > shown_characters) text = text.substr(0, shown_characters) + "...";
    return text;
}

}  // namespace scenario_text

inline scenario_object::scenario_object(const boost::json::value& value, std::string path)
    : object_(value.if_object()), path_(std::move(path)) {
    if (object_ != nullptr) return;
    throw std::invalid_argument((path_.empty() ? "the scenario" : path_) + ": must be an object, is " +
                                scenario_text::show(value));
}

inline scenario_object::scenario_object(const boost::json::value& value, std::string path,
                                        std::initializer_list<std::string_view> known)
    : scenario_object(value, std::move(path)) {
    expect_only(known);
}

inline void scenario_object::expect_only(std::initializer_list<std::string_view> known) const {
    for (const auto& member : *object_) {
        if (std::find(known.begin(), known.end(), std::string_view(member.key())) != known.end()) continue;
        std::string rule = "unknown member, must be one of";
        for (const std::string_view name : known) rule.append(rule.ends_with("of") ? " " : ", ").append(name);
        reject(member.key(), rule, member.value());
    }
}

inline std::string scenario_object::path_of(std::string_view name) const {
    return path_.empty() ? std::string(name) : path_ + "." + std::string(name);
}

inline void scenario_object::reject(std::string_view name, const std::string& rule,
                                    const boost::json::value& value) const {
    throw std::invalid_argument(path_of(name) + ": " + rule + ", is " + scenario_text::show(value));
}

inline const boost::json::value* scenario_object::find(std::string_view name) const {
    return object_->if_contains(name);
}

inline const boost::json::value& scenario_object::require(std::string_view name) const {
    const boost::json::value* found = find(name);
    if (found == nullptr) throw std::invalid_argument(path_of(name) + ": must be given, is missing");
    return *found;
}

inline const boost::json::array& scenario_object::require_array(std::string_view name) const {
    const boost::json::value& found = require(name);
    if (!found.is_array()) reject(name, "must be an array", found);
    return found.get_array();
}

inline double scenario_object::number(std::string_view name, double fallback, const number_rule& rule) const {
    const boost::json::value* found = find(name);
    if (found == nullptr) return fallback;
    if (!found->is_number()) reject(name, "must be a number", *found);
    const double value = scenario_text::nearest(found->to_number<double>());
    const bool above = rule.low_allowed ? value >= rule.low : value > rule.low;
    const std::string comparison = rule.low_allowed ? "must be >= " : "must be > ";
    if (!above) reject(name, comparison + scenario_text::show(rule.low), *found);
    if (value > rule.high) reject(name, "must be <= " + scenario_text::show(rule.high), *found);
    return value;
}

inline duration scenario_object::seconds(std::string_view name, duration fallback,
                                         const number_rule& rule) const {
    if (find(name) == nullptr) return fallback;
    number_rule bounded = rule;
    bounded.high = std::min(rule.high, longest_s);
    const auto span = from_seconds_rounded(number(name, 0, bounded));
    // Below the clock's step a span would be none at all.
    if (!rule.low_allowed && span <= duration::zero()) reject(name, "must be >= 1e-09", *find(name));
    return span;
}

inline double scenario_object::required_number(std::string_view name, const number_rule& rule) const {
    require(name);
    return number(name, 0, rule);
}

inline duration scenario_object::required_seconds(std::string_view name, const number_rule& rule) const {
    require(name);
    return seconds(name, duration::zero(), rule);
}

inline std::uint64_t scenario_object::whole(std::string_view name, std::uint64_t fallback, std::uint64_t low,
                                            std::uint64_t high, std::string_view otherwise) const {
    const boost::json::value* found = find(name);
    if (found == nullptr) return fallback;
    boost::system::error_code inexact;
    const auto value = found->is_number() ? found->to_number<std::uint64_t>(inexact) : 0;
    if (!found->is_number() || inexact || value < low || value > high) {
        reject(name,
               "must be a whole number within " + std::to_string(low) + ".." + std::to_string(high) +
                   std::string(otherwise),
               *found);
    }
    return value;
}

inline bool scenario_object::flag(std::string_view name, bool fallback) const {
    const boost::json::value* found = find(name);
    if (found == nullptr) return fallback;
    if (!found->is_bool()) reject(name, "must be true or false", *found);
    return found->get_bool();
}

inline std::string scenario_object::text(std::string_view name, std::string fallback) const {
    const boost::json::value* found = find(name);
    if (found == nullptr) return fallback;
    if (!found->is_string()) reject(name, "must be a string", *found);
    return std::string(found->get_string());
}

/// A name or a text, which is not empty.
inline std::string read_scenario_name(const boost::json::value& value, const std::string& path) {
    if (value.is_string() && !value.get_string().empty()) return std::string(value.get_string());
    throw std::invalid_argument(path + ": must be a string that is not empty, is " +
                                scenario_text::show(value));
}

}  // namespace stagger::wire
