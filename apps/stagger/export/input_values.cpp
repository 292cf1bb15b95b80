#include "input_values.hpp"

#include <algorithm>

#include "base/utf8.hpp"
#include "json/json_text.hpp"

namespace app {
namespace {

namespace wire = stagger::wire;

std::string as_text(const export_value& value) {
    if (!value.is_json) return value.text;
    const auto text = wire::json_string_value(value.text);
    return text ? *text : value.text;
}

const export_value* find(const named_values& values, std::string_view name) {
    const auto found = std::find_if(values.begin(), values.end(),
                                    [&](const named_value& each) { return each.first == name; });
    return found == values.end() || (found->second.is_json && found->second.text == "null") ? nullptr
                                                                                            : &found->second;
}

named_values members_of(std::string_view json) {
    named_values values;
    if (wire::json_problem(json)) return values;
    const auto found = wire::json_members(json);
    if (!found) return {{"text", {std::string(json), true}}};
    for (const auto& each : *found) {
        if (!find(values, each.name)) values.push_back({each.name, {std::string(each.value), true}});
    }
    return values;
}

}  // namespace

std::vector<std::string> distinct_names(const std::vector<std::string>& names) {
    std::vector<std::string> made;
    for (const auto& each : names) {
        auto name = each;
        for (int number = 2; std::find(made.begin(), made.end(), name) != made.end(); ++number)
            name = each + "." + std::to_string(number);
        made.push_back(std::move(name));
    }
    return made;
}

named_values values_of_row(const stagger::batch::row& found, row_format format) {
    if (found.too_long || !found.problem.empty()) return {};
    if (found.cells) {
        named_values values;
        const auto names = distinct_names(*found.columns);
        for (std::size_t index = 0; index < names.size(); ++index)
            values.push_back({names[index], {(*found.cells)[index], false}});
        return values;
    }
    if (wire::invalid_utf8_at(found.text)) return {};
    if (format == row_format::text) return {{"text", {std::string(found.text), false}}};
    return members_of(found.text);
}

std::string id_of_row(const named_values& values, row_format format, std::size_t number,
                      const std::string& id_name) {
    if (!id_name.empty()) {
        const auto* id = find(values, id_name);
        return id ? as_text(*id) : "line-" + std::to_string(number);
    }
    if (format == row_format::jsonl || format == row_format::json) {
        for (const std::string_view name : {"custom_id", "id"}) {
            if (const auto* id = find(values, name)) return as_text(*id);
        }
    }
    return "line-" + std::to_string(number);
}

}  // namespace app
