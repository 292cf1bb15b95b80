#include "json/json_document.hpp"

#include <boost/json/basic_parser_impl.hpp>
#include <boost/json/error.hpp>
#include <cmath>
#include <string>
#include <utility>

#include "json/json_text.hpp"
#include "json/json_tree_builder.hpp"
#include "json/lenient_json.hpp"

namespace stagger::wire {

namespace json = boost::json;

namespace {

std::size_t levels(json_document::deepest kept) {
    switch (kept) {
        case json_document::deepest::of_an_answer:
            break;
        case json_document::deepest::of_an_error:
            return json_tree_builder::deepest_of_an_error;
        case json_document::deepest::of_a_list:
            return json_tree_builder::deepest_of_a_list;
    }
    return json_tree_builder::deepest_node;
}

}  // namespace

json_document::json_document(std::string_view text, deepest kept)
    : memory_(first_block_.data(), first_block_.size()), nodes_(&memory_) {
    nodes_.reserve(usual_nodes);
    parse(text, kept);
    const bool is_bounded = !too_large_ && !too_deep_;
    if (problem_.empty() || !is_bounded) return;
    auto readable = as_others_read(text);
    if (!readable) return;
    exchanged_ = std::move(*readable);
    nodes_.clear();
    unescaped_.clear();
    problem_.clear();
    parse(exchanged_, kept);
}

void json_document::parse(std::string_view text, deepest kept) {
    json::parse_options options;
    options.max_depth = max_json_depth;
    json::basic_parser<json_tree_builder> parser(options, text, nodes_, unescaped_, levels(kept));
    boost::system::error_code error;
    const std::size_t parsed = parser.write_some(false, text.data(), text.size(), error);
    if (!error && parsed < text.size()) error = json::error::extra_data;
    incomplete_ = error == json::error::incomplete;
    too_large_ = error == errc::answer_too_large;
    too_deep_ = error == json::error::too_deep;
    if (error) problem_ = error.message();
    if (too_large_) problem_ = "more than " + std::to_string(json_tree_builder::most_nodes) + " values";
}

const json_node* json_document::object() const {
    return problem_.empty() && nodes_.front().is_object() ? &nodes_.front() : nullptr;
}

std::optional<std::int64_t> json_node::integer() const {
    return kind_ == kind::integer ? std::optional(value_.integer) : std::nullopt;
}

std::optional<std::uint64_t> json_node::natural() const {
    constexpr double too_large = 18446744073709551616.0;  // 2 to the 64th
    if (kind_ == kind::natural) return value_.natural;
    if (kind_ == kind::integer && value_.integer >= 0) return static_cast<std::uint64_t>(value_.integer);
    const bool whole = kind_ == kind::real && value_.real >= 0 && value_.real < too_large &&
                       std::floor(value_.real) == value_.real;
    return whole ? std::optional(static_cast<std::uint64_t>(value_.real)) : std::nullopt;
}

}  // namespace stagger::wire
