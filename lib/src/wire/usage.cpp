#include "wire/usage.hpp"

#include "wire/json_document.hpp"

namespace stagger::wire {

std::optional<std::uint64_t> token_count(const boost::json::object& object, std::string_view name) {
    const auto* value = member(object, name);
    if (!value) return std::nullopt;
    boost::system::error_code error;
    const auto count = value->to_number<std::uint64_t>(error);  // refuses fractions and what does not fit
    return error ? std::nullopt : std::optional(count);
}

}  // namespace stagger::wire
