#include "dialect/api_dialect.hpp"

#include <array>

namespace stagger::wire {

namespace {

constexpr std::array<std::string_view, 1> openai_key{"OPENAI_API_KEY"};

}  // namespace

std::span<const std::string_view> api_dialect::key_variables() const {
    return openai_key;
}

std::string_view api_dialect::without_operation(std::string_view path) const {
    for (const std::string_view ending : operations()) {
        if (!path.ends_with(ending)) continue;
        path.remove_suffix(ending.size());
        break;
    }
    return path;
}

void api_dialect::add_authorization(std::vector<field>& fields, std::string_view api_key) const {
    fields.push_back({"Authorization", "Bearer " + std::string(api_key)});
}

std::optional<error_body> api_dialect::error_in(const json_node& document) const {
    return reported_error(document);
}

std::optional<error_body> api_dialect::error_in_event(const json_node& event) const {
    return reported_error(event);
}

}  // namespace stagger::wire
