#include "support/json_schema.hpp"

#include <algorithm>
#include <boost/json/serialize.hpp>
#include <set>

namespace support {

namespace {

namespace json = boost::json;

std::string name_of(json::string_view text) {
    return {text.data(), text.size()};
}

bool has_type(const json::value& value, json::string_view type) {
    if (type == "object") return value.is_object();
    if (type == "array") return value.is_array();
    if (type == "string") return value.is_string();
    if (type == "boolean") return value.is_bool();
    if (type == "null") return value.is_null();
    if (type == "number") return value.is_number();
    return type == "integer" && (value.is_int64() || value.is_uint64());
}

class checker {
 public:
    explicit checker(const json::value& schema) : root_(schema) {}

    void check(const json::value& schema, const json::value& value, const std::string& path) {
        for (const auto& item : schema.as_object()) check_rule(item, schema, value, path);
    }

    std::vector<std::string> found;

 private:
    void complain(const std::string& path, const std::string& what) { found.push_back(path + ": " + what); }

    void check_rule(const json::key_value_pair& item, const json::value& schema, const json::value& value,
                    const std::string& path) {
        static const std::set<std::string> remarks{"$schema", "$defs", "title", "description"};
        const std::string rule = name_of(item.key());
        const json::value& asked = item.value();
        if (remarks.contains(rule)) return;
        if (rule == "type") {
            if (!has_type(value, asked.as_string())) complain(path, "type " + name_of(asked.as_string()));
        } else if (rule == "const") {
            if (value != asked) complain(path, "const " + json::serialize(asked));
        } else if (rule == "enum") {
            const auto& allowed = asked.as_array();
            if (std::find(allowed.begin(), allowed.end(), value) == allowed.end()) complain(path, "enum");
        } else if (rule == "minimum") {
            if (value.is_number() && value.to_number<double>() < asked.to_number<double>())
                complain(path, "minimum");
        } else if (rule == "anyOf") {
            check_any(asked.as_array(), value, path);
        } else if (rule == "$ref") {
            check(definition(name_of(asked.as_string())), value, path);
        } else if (value.is_object()) {
            check_object(rule, asked, schema, value.as_object(), path);
        } else if (value.is_array()) {
            check_array(rule, asked, value.as_array(), path);
        }
    }

    const json::value& definition(const std::string& reference) const {
        const std::string prefix = "#/$defs/";
        return root_.at("$defs").at(reference.substr(prefix.size()));
    }

    void check_any(const json::array& choices, const json::value& value, const std::string& path) {
        const bool fits = std::any_of(choices.begin(), choices.end(), [&](const json::value& choice) {
            checker inner(root_);
            inner.check(choice, value, path);
            return inner.found.empty();
        });
        if (!fits) complain(path, "anyOf");
    }

    void check_object(const std::string& rule, const json::value& asked, const json::value& schema,
                      const json::object& value, const std::string& path) {
        if (rule == "required") {
            for (const auto& name : asked.as_array()) {
                if (!value.contains(name.as_string()))
                    complain(path, "required " + name_of(name.as_string()));
            }
        } else if (rule == "properties") {
            for (const auto& [name, inner] : asked.as_object()) {
                if (const auto* member = value.if_contains(name))
                    check(inner, *member, path + '.' + name_of(name));
            }
        } else if (rule == "additionalProperties") {
            const json::value* known = schema.as_object().if_contains("properties");
            for (const auto& [name, member] : value) {
                if (known && known->as_object().contains(name)) continue;
                check(asked, member, path + '.' + name_of(name));
            }
        } else {
            complain(path, "unknown rule " + rule);
        }
    }

    void check_array(const std::string& rule, const json::value& asked, const json::array& value,
                     const std::string& path) {
        if (rule == "items") {
            for (const auto& each : value) check(asked, each, path + "[]");
        } else if (rule == "prefixItems") {
            const auto& inner = asked.as_array();
            for (std::size_t at = 0; at < std::min(inner.size(), value.size()); ++at)
                check(inner[at], value[at], path + '[' + std::to_string(at) + ']');
        } else if (rule == "minItems") {
            if (value.size() < asked.to_number<std::size_t>()) complain(path, "minItems");
        } else if (rule == "maxItems") {
            if (value.size() > asked.to_number<std::size_t>()) complain(path, "maxItems");
        } else {
            complain(path, "unknown rule " + rule);
        }
    }

    const json::value& root_;
};

}  // namespace

std::vector<std::string> schema_violations(const json::value& schema, const json::value& value) {
    checker all(schema);
    all.check(schema, value, "$");
    return all.found;
}

}  // namespace support
