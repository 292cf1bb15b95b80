#include <boost/json/monotonic_resource.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/value.hpp>

#include "fuzz/property.hpp"
#include "fuzz/targets.hpp"
#include "json/exact_json_object.hpp"
#include "json/json_document.hpp"
#include "json/json_text.hpp"
#include "json/lenient_json.hpp"

// Our readers of JSON against Boost's tree: the same texts, the same values.

namespace stagger::fuzz {
namespace {

namespace json = boost::json;
using wire::json_node;

// What lies deeper is left out of a document.
constexpr int compared_depth = 3;

void require_same(const json_node& ours, const json::value& theirs, int depth);

void require_same_members(const json_node& ours, const json::object& theirs, int depth) {
    require(ours.is_object(), "an object is one");
    for (const auto& each : theirs) {
        const json_node* const found = wire::member(ours, std::string_view(each.key()));
        require(found != nullptr, "a member is found", std::string_view(each.key()));
        require_same(*found, each.value(), depth + 1);
    }
}

void require_same_elements(const json_node& ours, const json::array& theirs, int depth) {
    require(ours.is_array() && ours.size() == theirs.size(), "an array has its elements");
    auto each = ours.begin();
    for (const json::value& element : theirs) require_same(*each++, element, depth + 1);
}

void require_same(const json_node& ours, const json::value& theirs, int depth) {
    if (depth > compared_depth) return;
    switch (theirs.kind()) {
        case json::kind::null:
            return require(ours.is_null(), "null is null");
        case json::kind::bool_:
            return require(ours.is_bool() && ours.boolean() == theirs.get_bool(),
                           "a truth value is the same");
        case json::kind::string:
            return require(ours.is_string() && ours.text() == std::string_view(theirs.get_string()),
                           "text is the same", ours.text());
        case json::kind::array:
            return require_same_elements(ours, theirs.get_array(), depth);
        case json::kind::object:
            return require_same_members(ours, theirs.get_object(), depth);
        case json::kind::int64:
            return require(!ours.integer() || *ours.integer() == theirs.get_int64(), "a number is the same");
        case json::kind::uint64:
            return require(!ours.natural() || *ours.natural() == theirs.get_uint64(), "a number is the same");
        case json::kind::double_:
            return require(!ours.is_string() && !ours.is_array() && !ours.is_object(), "a number is one");
    }
}

template <class Read>
void read_member(Read read) {
    try {
        read();
    } catch (const std::invalid_argument&) {
        // Of another kind: it says so.
    }
}

void read_exactly(std::string_view text, const std::vector<wire::json_member>& members) {
    const wire::exact_json_object object(text, "x");
    for (const wire::json_member& each : members) {
        read_member([&] { object.whole(each.name); });
        read_member([&] { object.count(each.name); });
        read_member([&] { object.number(each.name); });
        read_member([&] { object.not_negative(each.name); });
        read_member([&] { object.flag(each.name); });
        read_member([&] { object.object(each.name); });
        read_member([&] { require(!wire::invalid_utf8_at(object.text(each.name)), "text is UTF-8"); });
    }
}

/// Read as others do, it is still JSON or still none.
void read_leniently(std::string_view text, bool is_json) {
    if (const auto exchanged = wire::as_others_read(text); exchanged && is_json)
        require(!wire::json_problem(*exchanged), "what was JSON stays JSON", *exchanged);
    if (const auto whole = wire::with_whole_surrogates(text))
        require(whole->size() == text.size(), "a text with whole surrogates is as long as it was");
}

}  // namespace

void fuzz_json(std::string_view text) {
    const auto problem = wire::json_problem(text);
    read_leniently(text, !problem);
    const wire::json_document document(text);
    if (problem) return;  // a document may be read all the same: as others read it
    require(document.problem().empty() || document.is_too_large() || document.is_too_deep(),
            "what is JSON is read", document.problem());

    // Half of a surrogate pair is in the grammar, and refused by Boost.
    const auto whole = wire::with_whole_surrogates(text);
    const std::string_view readable = whole ? std::string_view(*whole) : text;
    boost::system::error_code error;
    json::monotonic_resource memory;
    json::parse_options options;
    options.max_depth = wire::max_json_depth;
    const json::value theirs = json::parse(readable, error, &memory, options);
    require(!error, "what is JSON is JSON for others", error ? error.message() : "");
    if (const json_node* const root = document.root()) require_same(*root, theirs, 0);
    if (const auto members = wire::json_members(text)) {
        require(theirs.is_object(), "only an object has members");
        for (const wire::json_member& each : *members)
            require(!wire::json_problem(each.value), "a member's value is JSON", each.value);
        read_exactly(text, *members);
    }
    if (const auto elements = wire::json_elements(text))
        require(theirs.is_array() && elements->size() == theirs.get_array().size(),
                "an array has its elements");
    if (const auto value = wire::json_string_value(text))
        require(theirs.is_string() && *value == std::string_view(theirs.get_string()), "text is the same",
                *value);
}

}  // namespace stagger::fuzz
