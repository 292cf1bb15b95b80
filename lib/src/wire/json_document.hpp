#pragma once

#include <array>
#include <boost/json/monotonic_resource.hpp>
#include <boost/json/value.hpp>
#include <optional>
#include <string>
#include <string_view>

namespace stagger::wire {

/** @brief A parsed JSON text, in one block of memory that goes away at once.
 *
 * Bounded by `max_json_depth`; of duplicate members the last counts. Not JSON: an empty document with a
 * problem.
 */
class json_document {
 public:
    explicit json_document(std::string_view text);
    json_document(const json_document&) = delete;
    json_document& operator=(const json_document&) = delete;

    /// The root, if it is an object; else null.
    const boost::json::object* object() const;
    /// "syntax error", "incomplete JSON", ...; empty for JSON of any kind.
    const std::string& problem() const { return problem_; }
    /// The problem is that the text ends too early.
    bool is_incomplete() const { return incomplete_; }

 private:
    // Holds an ordinary answer, so that it is read without any allocation.
    std::array<unsigned char, 4096> first_block_;
    boost::json::monotonic_resource memory_;
    std::optional<boost::json::value> root_;
    std::string problem_;
    bool incomplete_ = false;
};

/// The member, or null if the object has none of that name.
const boost::json::value* member(const boost::json::object& object, std::string_view name);

/// @pre value.is_string()
std::string text_of(const boost::json::value& value);

}  // namespace stagger::wire
