#include "batch_reading.hpp"

#include <CLI/CLI.hpp>
#include <stdexcept>

#include "base/utf8.hpp"
#include "cli/exit_code.hpp"
#include "cli/text_file.hpp"
#include "dialect/registry.hpp"

namespace app {
namespace {

constexpr auto reading_group = "Prompts";

[[noreturn]] void refuse(const std::string& problem) {
    throw failure(exit_code::wrong_usage, problem);
}

row_reading rows_of(const batch_reading_options& options) {
    row_reading rows;
    const auto format = parse_row_format(options.format);
    if (!format) {
        refuse(std::string("--format: must be ") + row_format_names + ", is \"" + options.format + "\"");
    }
    rows.format = *format;
    if (options.separator.empty()) return rows;
    rows.separator = parse_separator(options.separator);
    if (!rows.separator)
        refuse("--separator: must be one ASCII character, or tab, is \"" + options.separator + "\"");
    const bool table =
        *format == row_format::automatic || *format == row_format::csv || *format == row_format::tsv;
    if (!table) refuse("--separator: stands between the cells of a table, and --format is " + options.format);
    return rows;
}

std::optional<stagger::wire::prompt_template> form_of(const std::string& option, const std::string& text) {
    if (text.empty()) return std::nullopt;
    try {
        return stagger::wire::prompt_template(text);
    } catch (const std::invalid_argument& wrong) {
        refuse(option + ": " + wrong.what());
    }
}

std::optional<std::string> system_of(const batch_reading_options& options, stagger::dialect target) {
    if (options.system && !options.system_file.empty()) refuse("--system: cannot stand beside --system-file");
    auto system = options.system;
    if (!options.system_file.empty()) system = read_text_file(options.system_file);
    if (!system) return std::nullopt;
    const std::string option = options.system ? "--system" : "--system-file";
    if (!stagger::wire::implementation_of(target).can().system)
        refuse(option + ": the " + std::string(to_string(target)) + " dialect has no system message");
    if (stagger::wire::invalid_utf8_at(*system)) refuse(option + ": is not valid UTF-8");
    return system;
}

}  // namespace

void add_batch_reading_options(CLI::App& command, batch_reading_options& options) {
    command
        .add_option("--format", options.format,
                    std::string("How PROMPTS is read: ") + row_format_names +
                        " (default auto: by the name, else by how it begins)")
        ->type_name("FORMAT")
        ->group(reading_group);
    command
        .add_option("--separator", options.separator,
                    "What stands between the cells of a table: one character, or tab (default: a comma, of "
                    "TSV a tab)")
        ->type_name("CHARACTER")
        ->group(reading_group);
    command
        .add_option(
            "--template", options.form,
            "Prompts are made of this: {text} stands for a line of plain text, {NAME} for a column of a "
            "table or a member of a JSON line; {{ and }} are braces")
        ->type_name("TEXT")
        ->group(reading_group);
    command.add_option("--template-file", options.form_file, "The same, from a file")
        ->type_name("FILE")
        ->group(reading_group);
    command
        .add_option("--id-column", options.id_column,
                    "The column or member that names a row in the results (default: line-N, of JSON lines "
                    "custom_id or id)")
        ->type_name("NAME")
        ->group(reading_group);
    command
        .add_flag("--send-columns", options.send_columns,
                  "Send the columns of a table that the prompt is not made of as parameters of the request")
        ->group(reading_group);
    command
        .add_option("--system", options.system,
                    "System message of prompts that have none, where the dialect has one")
        ->type_name("TEXT")
        ->group(reading_group);
    command.add_option("--system-file", options.system_file, "The same, from a file")
        ->type_name("FILE")
        ->group(reading_group);
}

batch_reading make_batch_reading(const batch_reading_options& options, stagger::dialect target) {
    batch_reading made;
    made.rows = rows_of(options);
    if (!options.form.empty() && !options.form_file.empty())
        refuse("--template: cannot stand beside --template-file");
    const auto text = options.form_file.empty() ? options.form : read_text_file(options.form_file);
    if (!options.form_file.empty() && text.empty())
        refuse("--template-file: " + options.form_file + " is empty");
    made.making.target = target;
    made.making.form = form_of(options.form_file.empty() ? "--template" : "--template-file", text);
    made.making.id_name = options.id_column;
    made.making.send_columns = options.send_columns;
    made.system = system_of(options, target);
    // What version 0.1 did not have is only there where it is used, so that its results can be continued.
    made.hashed = options.format + '\n' + text;
    if (made.rows.separator) made.hashed += "\nseparator " + separator_text(*made.rows.separator);
    if (!options.id_column.empty()) made.hashed += "\nid " + options.id_column;
    if (options.send_columns) made.hashed += "\nsend-columns";
    if (made.system) made.hashed += "\nsystem " + *made.system;
    return made;
}

}  // namespace app
