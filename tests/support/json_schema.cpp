#include "support/json_schema.hpp"

#include <algorithm>
#include <boost/json/serialize.hpp>
#include <regex>
#include <stdexcept>

namespace {

namespace json = boost::json;

bool is_annotation(std::string_view rule) {
    return rule == "$schema" || rule == "title" || rule == "description";
}

std::string_view type_of(const json::value& value) {
    switch (value.kind()) {
        case json::kind::null:
            return "null";
        case json::kind::bool_:
            return "boolean";
        case json::kind::int64:
        case json::kind::uint64:
            return "integer";
        case json::kind::double_:
            return "number";
        case json::kind::string:
            return "string";
        case json::kind::array:
            return "array";
        case json::kind::object:
            return "object";
    }
    return "";
}

class checker {
 public:
    std::vector<std::string> problems;

    void check(const json::value& value, const json::object& schema, const std::string& path) {
        for (const auto& [name, rule] : schema) {
            if (!is_annotation(name) && !obeys(value, name, rule, schema, path))
                problems.push_back(path + ": " + std::string(name) + " " + json::serialize(rule) + ", is " +
                                   json::serialize(value));
        }
    }

 private:
    bool obeys(const json::value& value, std::string_view name, const json::value& rule,
               const json::object& schema, const std::string& path) {
        if (name == "type") return is_of_type(value, rule);
        if (name == "enum") return is_one_of(value, rule.as_array());
        if (name == "minimum")
            return !value.is_number() || value.to_number<double>() >= rule.to_number<double>();
        if (name == "maximum")
            return !value.is_number() || value.to_number<double>() <= rule.to_number<double>();
        if (name == "minLength")
            return !value.is_string() || value.as_string().size() >= rule.to_number<std::size_t>();
        if (name == "pattern")
            return !value.is_string() ||
                   std::regex_search(value.as_string().c_str(), std::regex(rule.as_string().c_str()));
        if (name == "required") return has_all(value, rule.as_array());
        if (name == "additionalProperties") return has_no_others(value, rule, schema);
        if (name == "properties") return check_members(value, rule.as_object(), path);
        if (name == "items") return check_items(value, rule.as_object(), path);
        throw std::invalid_argument("the schema has a rule that is not checked: " + std::string(name));
    }

    static bool is_of_type(const json::value& value, const json::value& rule) {
        const auto fits = [type = type_of(value)](const json::value& allowed) {
            return allowed.as_string() == type || (type == "integer" && allowed.as_string() == "number");
        };
        if (rule.is_string()) return fits(rule);
        return std::any_of(rule.as_array().begin(), rule.as_array().end(), fits);
    }

    static bool is_one_of(const json::value& value, const json::array& allowed) {
        return std::find(allowed.begin(), allowed.end(), value) != allowed.end();
    }

    static bool has_all(const json::value& value, const json::array& names) {
        if (!value.is_object()) return true;
        return std::all_of(names.begin(), names.end(), [&](const json::value& name) {
            return value.as_object().contains(name.as_string());
        });
    }

    static bool has_no_others(const json::value& value, const json::value& rule, const json::object& schema) {
        if (rule != false) throw std::invalid_argument("additionalProperties: only false is checked");
        if (!value.is_object()) return true;
        const auto& named = schema.at("properties").as_object();
        return std::all_of(value.as_object().begin(), value.as_object().end(),
                           [&](const auto& member) { return named.contains(member.key()); });
    }

    bool check_members(const json::value& value, const json::object& rules, const std::string& path) {
        if (!value.is_object()) return true;
        for (const auto& [name, rule] : rules) {
            const auto* member = value.as_object().if_contains(name);
            if (member) check(*member, rule.as_object(), path + "." + std::string(name));
        }
        return true;
    }

    bool check_items(const json::value& value, const json::object& rule, const std::string& path) {
        if (!value.is_array()) return true;
        for (std::size_t index = 0; index < value.as_array().size(); ++index)
            check(value.at(index), rule, path + "[" + std::to_string(index) + "]");
        return true;
    }
};

}  // namespace

std::vector<std::string> schema_problems(const boost::json::value& value, const boost::json::value& schema) {
    checker made;
    made.check(value, schema.as_object(), "$");
    return std::move(made.problems);
}
