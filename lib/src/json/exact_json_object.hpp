#pragma once

#include <charconv>
#include <cstdint>
#include <initializer_list>
#include <limits>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "json/json_text.hpp"
#include "stagger/time.hpp"

namespace stagger::wire {

/** One JSON object, read so that every number is exactly the one that was written.
 *
 * Getters throw `std::invalid_argument` with the member's path, the rule and the value. (Boost.JSON rounds
 * the last digit of some fractions, hence numbers are read from the text.)
 */
class exact_json_object {
 public:
    /// @param checked text for which json_problem found nothing
    exact_json_object(std::string_view checked, std::string path);

    /// Throws where there is any other member.
    void expect_only(std::initializer_list<std::string_view> known) const;
    bool has(std::string_view name) const { return find(name) != nullptr; }
    exact_json_object object(std::string_view name) const;
    /// Any value, as it was written.
    std::string_view raw(std::string_view name) const;

    /// A whole number of the range.
    std::int64_t whole(std::string_view name, std::int64_t low = std::numeric_limits<std::int64_t>::min(),
                       std::int64_t high = std::numeric_limits<std::int64_t>::max()) const;
    /// A whole number of 64 bits.
    std::uint64_t count(std::string_view name) const;
    double number(std::string_view name) const;
    double not_negative(std::string_view name) const;
    bool flag(std::string_view name) const;
    std::string text(std::string_view name) const;
    duration span(std::string_view name) const { return duration(whole(name)); }

    /// One of the words that `to_string` has for the values of `Enum`, which count from 0.
    template <class Enum>
    Enum word(std::string_view name) const {
        const std::string given = text(name);
        std::string rule = "must be one of";
        for (int value = 0; to_string(static_cast<Enum>(value)) != "unknown"; ++value) {
            const std::string_view spelling = to_string(static_cast<Enum>(value));
            if (given == spelling) return static_cast<Enum>(value);
            rule.append(value == 0 ? " " : ", ").append(spelling);
        }
        reject(name, rule);
    }

    /// "path.name: rule, is value"
    [[noreturn]] void reject(std::string_view name, const std::string& rule) const;

 private:
    const json_member* find(std::string_view name) const { return find_member(members_, name); }
    std::string path_of(std::string_view name) const;

    std::vector<json_member> members_;
    std::string path_;
};

}  // namespace stagger::wire
