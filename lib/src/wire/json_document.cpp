#include "wire/json_document.hpp"

#include <boost/json/error.hpp>
#include <boost/json/parse.hpp>

#include "wire/json_text.hpp"

namespace stagger::wire {

namespace json = boost::json;

json_document::json_document(std::string_view text) : memory_(first_block_.data(), first_block_.size()) {
    json::parse_options options;
    options.max_depth = max_json_depth;
    boost::system::error_code error;
    root_.emplace(json::parse(json::string_view(text.data(), text.size()), error, &memory_, options));
    if (error) problem_ = error.message();
    incomplete_ = error == json::error::incomplete;
}

const json::object* json_document::object() const {
    return problem_.empty() ? root_->if_object() : nullptr;
}

const json::value* member(const json::object& object, std::string_view name) {
    return object.if_contains(json::string_view(name.data(), name.size()));
}

std::string text_of(const json::value& value) {
    const auto& text = value.get_string();
    return {text.data(), text.size()};
}

}  // namespace stagger::wire
