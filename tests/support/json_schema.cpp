#include "support/json_schema.hpp"

#include <algorithm>
#include <boost/json/serialize.hpp>
#include <functional>
#include <map>
#include <regex>
#include <stdexcept>
#include <string_view>

namespace support {

namespace {

namespace json = boost::json;

bool has_type(const json::value& value, const json::value& type) {
    if (type.is_array()) {
        const auto& allowed = type.as_array();
        return std::any_of(allowed.begin(), allowed.end(),
                           [&](const json::value& one) { return has_type(value, one); });
    }
    const json::string& name = type.as_string();
    if (name == "object") return value.is_object();
    if (name == "array") return value.is_array();
    if (name == "string") return value.is_string();
    if (name == "boolean") return value.is_bool();
    if (name == "null") return value.is_null();
    if (name == "number") return value.is_number();
    if (name == "integer") return value.is_int64() || value.is_uint64();
    throw std::invalid_argument("the schema names a type that there is none of: " + json::serialize(type));
}

class checker {
 public:
    explicit checker(const json::value& schema) : root_(schema) {}

    void check(const json::value& schema, const json::value& value, const std::string& path) {
        if (schema == true) return;
        if (schema == false) return complain(path, "no such member", value);
        for (const auto& [name, asked] : schema.as_object()) {
            const auto known = rules().find(std::string_view(name.data(), name.size()));
            if (known == rules().end()) {
                throw std::invalid_argument("the schema has a rule that is not checked: " +
                                            std::string(name));
            }
            if (known->second && !known->second(*this, {asked, schema.as_object(), value, path})) {
                complain(path, std::string(name) + ' ' + json::serialize(asked), value);
            }
        }
    }

    std::vector<std::string> found;

 private:
    struct question {
        const json::value& asked;
        const json::object& schema;
        const json::value& value;
        const std::string& path;

        double number() const { return asked.to_number<double>(); }
        std::size_t count() const { return asked.to_number<std::size_t>(); }
    };
    using rule = std::function<bool(checker&, const question&)>;

    /// A rule holds for whatever it does not speak of. Without a function: a remark.
    static const std::map<std::string_view, rule>& rules() {
        static const std::map<std::string_view, rule> all{
            {"$schema", {}},
            {"$defs", {}},
            {"title", {}},
            {"description", {}},
            {"type", [](checker&, const question& q) { return has_type(q.value, q.asked); }},
            {"const", [](checker&, const question& q) { return q.value == q.asked; }},
            {"enum", [](checker&, const question& q) { return is_one_of(q.value, q.asked.as_array()); }},
            {"minimum",
             [](checker&, const question& q) {
                 return !q.value.is_number() || q.value.to_number<double>() >= q.number();
             }},
            {"exclusiveMinimum",
             [](checker&, const question& q) {
                 return !q.value.is_number() || q.value.to_number<double>() > q.number();
             }},
            {"maximum",
             [](checker&, const question& q) {
                 return !q.value.is_number() || q.value.to_number<double>() <= q.number();
             }},
            {"minLength",
             [](checker&, const question& q) {
                 return !q.value.is_string() || q.value.as_string().size() >= q.count();
             }},
            {"pattern",
             [](checker&, const question& q) {
                 return !q.value.is_string() || std::regex_search(q.value.as_string().c_str(),
                                                                  std::regex(q.asked.as_string().c_str()));
             }},
            {"minItems",
             [](checker&, const question& q) {
                 return !q.value.is_array() || q.value.as_array().size() >= q.count();
             }},
            {"maxItems",
             [](checker&, const question& q) {
                 return !q.value.is_array() || q.value.as_array().size() <= q.count();
             }},
            {"required", [](checker&, const question& q) { return has_all(q.value, q.asked.as_array()); }},
            {"properties", [](checker& self, const question& q) { return self.members(q); }},
            {"additionalProperties", [](checker& self, const question& q) { return self.other_members(q); }},
            {"items", [](checker& self, const question& q) { return self.items(q); }},
            {"prefixItems", [](checker& self, const question& q) { return self.first_items(q); }},
            {"anyOf", [](checker& self, const question& q) { return self.fits_any(q); }},
            {"$ref", [](checker& self, const question& q) { return self.refers(q); }},
        };
        return all;
    }

    void complain(const std::string& path, const std::string& what, const json::value& value) {
        found.push_back(path + ": " + what + ", is " + json::serialize(value));
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

    // Of what is inside, each complaint has its own path: these say that the rule itself holds.

    bool members(const question& q) {
        if (!q.value.is_object()) return true;
        for (const auto& [name, inner] : q.asked.as_object()) {
            if (const auto* member = q.value.as_object().if_contains(name)) {
                check(inner, *member, q.path + '.' + std::string(name));
            }
        }
        return true;
    }

    bool other_members(const question& q) {
        if (!q.value.is_object()) return true;
        const json::value* known = q.schema.if_contains("properties");
        for (const auto& [name, member] : q.value.as_object()) {
            if (known && known->as_object().contains(name)) continue;
            check(q.asked, member, q.path + '.' + std::string(name));
        }
        return true;
    }

    bool items(const question& q) {
        if (!q.value.is_array()) return true;
        std::size_t at = 0;
        for (const auto& each : q.value.as_array()) {
            check(q.asked, each, q.path + '[' + std::to_string(at++) + ']');
        }
        return true;
    }

    bool first_items(const question& q) {
        if (!q.value.is_array()) return true;
        const auto& inner = q.asked.as_array();
        for (std::size_t at = 0; at < std::min(inner.size(), q.value.as_array().size()); ++at) {
            check(inner[at], q.value.as_array()[at], q.path + '[' + std::to_string(at) + ']');
        }
        return true;
    }

    bool fits_any(const question& q) {
        const auto& choices = q.asked.as_array();
        return std::any_of(choices.begin(), choices.end(), [&](const json::value& choice) {
            checker inner(root_);
            inner.check(choice, q.value, q.path);
            return inner.found.empty();
        });
    }

    bool refers(const question& q) {
        constexpr std::string_view prefix = "#/$defs/";
        const std::string reference(q.asked.as_string());
        check(root_.at("$defs").at(reference.substr(prefix.size())), q.value, q.path);
        return true;
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
