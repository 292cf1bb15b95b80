#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "dialect/delivery.hpp"
#include "json/json_text.hpp"
#include "stagger/completion.hpp"

namespace stagger::wire {

/** @brief A request's whole body (`from_body`), to which members are added that it lacks.
 *
 * What the body has stays as it was written, byte for byte, and wins over the request's own settings.
 */
class whole_body {
 public:
    /// @param request outlives this object; its own settings have been checked
    /// @param problem set if the body is no JSON object, or asks for another delivery
    whole_body(const completion_request& request, delivery how, std::string& problem);

    bool has(std::string_view name) const { return get(name) != nullptr; }
    /// The member's value, or null if the body lacks it.
    const json_member* get(std::string_view name) const { return find_member(members_, name); }

    /// Adds the model, or takes it from a body that names one.
    void settle_model(std::string& model);
    void add_string(std::string_view name, std::string_view text);
    void add_number(std::string_view name, double value);
    void add_count(std::string_view name, unsigned value);
    void add_raw(std::string_view name, std::string_view json);

    /// The body with what was added and the request's own members in front.
    std::string text(const completion_request& request);

 private:
    std::string_view object_;
    std::vector<json_member> members_;
    std::vector<std::string> added_names_;
    std::string added_;  // `"name":value,` each
};

}  // namespace stagger::wire
