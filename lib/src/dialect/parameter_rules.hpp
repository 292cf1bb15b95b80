#pragma once

#include <span>
#include <string>
#include <string_view>

#include "dialect/delivery.hpp"
#include "stagger/completion.hpp"
#include "stagger/dialect.hpp"

namespace stagger::wire {

/** @brief Finds what the server would refuse, before anything is sent.
 *
 * Checks text for UTF-8, numbers for their range, members given with `set` for being JSON and for being given
 * once. A whole body (`from_body`) is the server's to judge; only its frame is checked where it is encoded.
 * @param reserved members that the dialect writes itself for this request
 * @return "temperature: must be within 0..2, is 3", or nothing if there is no problem
 */
std::string broken_rule(const completion_request& request, dialect target, delivery how,
                        std::span<const std::string_view> reserved);

/// What is wrong with the JSON value of a member `stream`, or nothing: it must ask for what is awaited.
std::string wrong_delivery(std::string_view name, std::string_view json, delivery how);

}  // namespace stagger::wire
