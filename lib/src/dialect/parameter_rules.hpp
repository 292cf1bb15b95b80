#pragma once

#include <limits>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "dialect/delivery.hpp"
#include "stagger/completion.hpp"

namespace stagger::wire {

/// The range of a member that is a number.
struct range_rule {
    std::string_view name;
    double low;
    double high;
    bool low_included;
    bool whole;
    std::string_view text;  ///< "must be within 0..2"
};

inline constexpr double unbounded = std::numeric_limits<double>::infinity();

/// What a dialect demands of a request's members.
struct member_rules {
    std::span<const range_rule> ranges;
    /// What else is wrong with one member, of which the JSON text is checked and trimmed; null: nothing is.
    std::string (*broken_member)(std::string_view name, std::string_view json) = nullptr;
    /// What is wrong with members beside each other; null: nothing is.
    std::string (*broken_together)(const completion_request& request) = nullptr;
};

/** @brief Finds what the server would refuse, before anything is sent.
 *
 * Checks text for UTF-8, numbers for their range, members given with `set` for being JSON and for being given
 * once. A whole body (`from_body`) is the server's to judge; only its frame is checked where it is encoded.
 * @param reserved members that the dialect writes itself for this request
 * @return "temperature: must be within 0..2, is 3", or nothing if there is no problem
 */
std::string broken_rule(const completion_request& request, const member_rules& rules, delivery how,
                        std::span<const std::string_view> reserved);

/// "top_k: must be -1 with temperature 0, is 3".
std::string is_but(std::string_view name, std::string_view rule, std::string_view value);
/// The number that checked JSON text is; nothing if it is no number.
std::optional<double> number_of(std::string_view json);
/// The JSON text of a member that was set; empty if it was not, or is null.
std::string_view given_member(const completion_request& request, std::string_view name);
/// Whether it was set, even to null.
bool has_member(const completion_request& request, std::string_view name);

/// What is wrong with the JSON value of a member `stream`, or nothing: it must ask for what is awaited.
std::string wrong_delivery(std::string_view name, std::string_view json, delivery how);

}  // namespace stagger::wire
