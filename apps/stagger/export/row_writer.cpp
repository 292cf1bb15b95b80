#include "row_writer.hpp"

#include "json/json_text.hpp"
#include "json/json_writer.hpp"

namespace app {
namespace {

char separator_of(export_form form) {
    return form == export_form::tsv ? '\t' : ',';
}

std::string as_cell(const export_value& value) {
    if (!value.is_json) return value.text;
    if (value.text == "null") return {};
    const auto text = stagger::wire::json_string_value(value.text);
    return text ? *text : value.text;
}

std::string in_one_line(std::string text) {
    for (auto& each : text) {
        if (each == '\n' || each == '\r') each = ' ';
    }
    return text;
}

}  // namespace

std::optional<export_form> parse_export_form(std::string_view name) {
    if (name == "csv") return export_form::csv;
    if (name == "tsv") return export_form::tsv;
    if (name == "jsonl") return export_form::jsonl;
    if (name == "text") return export_form::text;
    return std::nullopt;
}

void append_cell(std::string& out, std::string_view cell, char separator) {
    const std::string special{separator, '"', '\n', '\r'};
    if (cell.find_first_of(special) == std::string_view::npos) {
        out += cell;
        return;
    }
    out += '"';
    for (const char each : cell) {
        if (each == '"') out += '"';
        out += each;
    }
    out += '"';
}

std::string heading(export_form form, const std::vector<std::string>& columns) {
    if (form != export_form::csv && form != export_form::tsv) return {};
    std::string line;
    for (const auto& each : columns) {
        if (&each != &columns.front()) line += separator_of(form);
        append_cell(line, each, separator_of(form));
    }
    return line + "\n";
}

std::string row_text(export_form form, const std::vector<std::string>& columns,
                     const std::vector<std::optional<export_value>>& values, std::size_t answer) {
    std::string line;
    if (form == export_form::text) {
        if (values[answer]) line = in_one_line(as_cell(*values[answer]));
        return line + "\n";
    }
    if (form == export_form::jsonl) {
        stagger::wire::object_writer object(line);
        for (std::size_t index = 0; index < columns.size(); ++index) {
            if (!values[index]) continue;
            if (values[index]->is_json) {
                object.raw(columns[index], in_one_line(values[index]->text));
            } else {
                object.string(columns[index], values[index]->text);
            }
        }
        object.close();
        return line + "\n";
    }
    for (std::size_t index = 0; index < columns.size(); ++index) {
        if (index > 0) line += separator_of(form);
        if (values[index]) append_cell(line, as_cell(*values[index]), separator_of(form));
    }
    return line + "\n";
}

}  // namespace app
