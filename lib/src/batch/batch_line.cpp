#include "batch/batch_line.hpp"

#include <limits>
#include <stdexcept>
#include <utility>

#include "base/utf8.hpp"
#include "dialect/registry.hpp"
#include "json/json_text.hpp"
#include "json/json_writer.hpp"

namespace stagger::wire {

namespace {

using members = std::vector<json_member>;

[[noreturn]] void refuse(const std::string& problem) {
    throw std::invalid_argument(problem);
}

std::string name_of(dialect target) {
    return "the " + std::string(to_string(target)) + " dialect";
}

/// Beginning of a value that is shown when it is refused.
std::string shown(std::string_view json) {
    constexpr std::size_t longest = 60;
    if (json.size() <= longest) return std::string(json);
    auto end = longest;
    while (end > 0 && (static_cast<unsigned char>(json[end]) & 0xc0) == 0x80) --end;
    return std::string(json.substr(0, end)) + "...";
}

bool is_given(const json_member* member) {
    return member && member->value != "null";
}

std::string text_of(const json_member& member, const std::string& path) {
    auto text = json_string_value(member.value);
    if (!text) refuse(path + ": must be a string, is " + shown(member.value));
    return std::move(*text);
}

bool is_whole_number(std::string_view json) {
    return !json.empty() && json.find_first_not_of("0123456789") == std::string_view::npos;
}

unsigned count_of(const json_member& member) {
    const double value = is_whole_number(member.value) ? json_number_value(member.value) : 0;
    if (value < 1 || value > std::numeric_limits<unsigned>::max()) {
        refuse(member.name + ": must be a whole number from 1, is " + shown(member.value));
    }
    return static_cast<unsigned>(value);
}

double number_of(const json_member& member) {
    if (member.value.find_first_not_of("+-.0123456789eE") != std::string_view::npos) {
        refuse(member.name + ": must be a number, is " + shown(member.value));
    }
    return json_number_value(member.value);
}

std::string id_of(const json_member& id) {
    if (is_whole_number(id.value)) return std::string(id.value);
    auto text = text_of(id, id.name);
    if (text.empty()) refuse(id.name + ": must not be empty");
    return text;
}

/// @param chosen the member that has it; empty: one of the usual names
std::optional<std::string> custom_id_of(const members& line, const std::string& chosen) {
    if (!chosen.empty()) {
        const auto* id = find_member(line, chosen);
        if (!is_given(id)) refuse(chosen + ": is missing, and is to be the id");
        return id_of(*id);
    }
    for (const std::string_view name : {"custom_id", "id"}) {
        const auto* id = find_member(line, name);
        if (is_given(id)) return id_of(*id);
    }
    return std::nullopt;
}

bool is_id(std::string_view name, const std::string& chosen) {
    return name == "id" || name == "custom_id" || (!chosen.empty() && name == chosen);
}

/// Whether `url` names an operation of the dialect; any host and any prefix will do.
bool url_fits(std::string_view url, dialect target) {
    return dialect_of_path(url.substr(0, url.find_first_of("?#"))) == target;
}

completion_request read_batch_request(const members& line, dialect target) {
    const auto* method = find_member(line, "method");
    if (is_given(method) && text_of(*method, "method") != "POST") {
        refuse("method: must be \"POST\", is " + shown(method->value));
    }
    const auto* url = find_member(line, "url");
    if (!is_given(url)) refuse("url: is missing");
    const auto endpoint = text_of(*url, "url");
    if (!url_fits(endpoint, target)) {
        refuse("url: " + shown(url->value) + " does not fit " + name_of(target));
    }
    const auto* body = find_member(line, "body");
    if (!is_given(body)) refuse("body: is missing");
    const auto content = json_members(body->value);
    if (!content) refuse("body: must be an object, is " + shown(body->value));
    const api_dialect& spoken = implementation_of(target);
    const auto question = spoken.question();
    if (!is_given(find_member(*content, question))) refuse("body." + std::string(question) + ": is missing");
    auto request = completion_request::from_body(std::string(body->value));
    if (auto model = spoken.model_in(endpoint); !model.empty()) request.model(std::move(model));
    return request;
}

bool is_token_limit(std::string_view name) {
    return name == "max_tokens" || name == "max_new_tokens";
}

/// @param is_prompt whether a member went into the prompt, and is no parameter
template <class IsPrompt>
completion_request read_prompt_request(const members& line, dialect target, std::string prompt,
                                       const std::string& id_name, IsPrompt is_prompt) {
    completion_request request(std::move(prompt));
    for (const auto& member : line) {
        if (is_id(member.name, id_name) || is_prompt(member.name)) continue;
        const bool null = member.value == "null";
        if (member.name == "system") {
            if (null) continue;
            if (!implementation_of(target).can().system)
                refuse("system: " + name_of(target) + " has no system message");
            request.system(text_of(member, "system"));
        } else if (member.name == "model") {
            if (!null) request.model(text_of(member, "model"));
        } else if (is_token_limit(member.name)) {
            if (!null) request.max_new_tokens(count_of(member));
        } else if (member.name == "temperature") {
            if (!null) request.temperature(number_of(member));
        } else {
            request.set(member.name, std::string(member.value));
        }
    }
    return request;
}

/// The messages as written, with the line's `system` in front of them.
std::string messages_of(const members& line) {
    const auto messages = find_member(line, "messages")->value;
    if (messages.front() != '[') refuse("messages: must be an array, is " + shown(messages));
    const auto rest = json_trimmed(messages.substr(1));
    if (rest == "]") refuse("messages: must not be empty");
    const auto* system = find_member(line, "system");
    if (!is_given(system)) return std::string(messages);
    std::string out = "[";
    object_writer message(out);
    message.string("role", "system");
    message.string("content", text_of(*system, "system"));
    message.close();
    out += ',';
    out += rest;
    return out;
}

completion_request read_chat_request(const members& line, dialect target, const std::string& id_name) {
    const api_dialect& spoken = implementation_of(target);
    const auto question = spoken.question();
    if (question != "messages") {
        refuse("messages: " + name_of(target) + " takes \"" + std::string(question) +
               "\"; messages need the openai-chat dialect");
    }
    std::string body;
    object_writer writer(body);
    for (const auto& member : line) {
        if (is_id(member.name, id_name)) continue;
        if (member.name == "system" && spoken.has_system_turn()) continue;
        if (member.name == "messages" && spoken.has_system_turn()) {
            writer.raw("messages", messages_of(line));
        } else {
            writer.raw(member.name == "max_new_tokens" ? "max_tokens" : member.name, member.value);
        }
    }
    writer.close();
    return completion_request::from_body(std::move(body));
}

completion_request read_filled_request(const members& line, dialect target, const line_reading& how) {
    const auto& form = *how.form;
    for (const std::string_view own : {"prompt", "messages", "body"}) {
        if (is_given(find_member(line, own)) && !form.has_place(own))
            refuse(std::string(own) + ": cannot stand beside a template that has no place for it");
    }
    auto prompt = form.fill([&](const std::string& name) {
        const auto* member = find_member(line, name);
        if (!is_given(member)) refuse(name + ": is missing, and the template has a place for it");
        auto text = json_string_value(member->value);
        return text ? std::move(*text) : std::string(member->value);
    });
    return read_prompt_request(line, target, std::move(prompt), how.id_name,
                               [&](const std::string& name) { return form.has_place(name); });
}

completion_request read_request(const members& line, dialect target, const line_reading& how) {
    if (how.form) return read_filled_request(line, target, how);
    const bool prompt = is_given(find_member(line, "prompt"));
    const bool messages = is_given(find_member(line, "messages"));
    const bool batch = find_member(line, "body") || find_member(line, "url") || find_member(line, "method");
    if (batch) return read_batch_request(line, target);
    if (prompt && messages) refuse("prompt: cannot stand beside messages");
    if (prompt) {
        return read_prompt_request(line, target, text_of(*find_member(line, "prompt"), "prompt"), how.id_name,
                                   [](const std::string& name) { return name == "prompt"; });
    }
    if (messages) return read_chat_request(line, target, how.id_name);
    refuse("prompt: is missing, and there are neither messages nor a body");
}

void refuse_duplicates(const members& line) {
    for (auto one = line.begin(); one != line.end(); ++one) {
        if (find_member(line, one->name) != &*one) refuse(one->name + ": is given twice");
    }
}

std::string default_id(std::size_t line_number) {
    return "line-" + std::to_string(line_number);
}

batch_item parse_json_line(std::string_view line, std::size_t line_number, dialect target,
                           const line_reading& how) {
    if (const auto problem = json_problem(line)) refuse("not valid JSON: " + *problem);
    const auto found = json_members(line);
    if (!found) refuse("must be a JSON object, is " + shown(line));
    auto custom_id = custom_id_of(*found, how.id_name).value_or(default_id(line_number));
    try {
        refuse_duplicates(*found);
        return {custom_id, read_request(*found, target, how)};
    } catch (const std::invalid_argument& wrong) {
        throw batch_line_error(std::move(custom_id), wrong.what());
    }
}

std::string filled_with(std::string_view line, const prompt_template& form) {
    return form.fill([&](const std::string& name) {
        if (name != prompt_template::whole_line)
            refuse(name + ": a line of plain text fills in {text} and no other place of a template");
        return std::string(line);
    });
}

batch_item parse_any_line(std::string_view line, prompt_format format, std::size_t line_number,
                          dialect target, const line_reading& how) {
    if (const auto at = invalid_utf8_at(line)) refuse("not valid UTF-8 at byte " + std::to_string(*at));
    if (json_trimmed(line).empty()) refuse("the line is empty");
    if (format == prompt_format::jsonl) return parse_json_line(line, line_number, target, how);
    auto prompt = how.form ? filled_with(line, *how.form) : std::string(line);
    return {default_id(line_number), completion_request(std::move(prompt))};
}

using cells_of_row = std::vector<std::string>;

const std::string& cell_of(const cells_of_row& columns, const cells_of_row& cells, std::string_view name) {
    for (std::size_t index = 0; index < columns.size(); ++index) {
        if (columns[index] == name) return cells[index];
    }
    refuse(std::string(name) + ": there is no such column");
}

/// A cell as it would be written in a JSON line.
std::string as_json(const std::string& cell) {
    // Only these can begin what is no text; a text that happens to be one of the names is rarely meant as
    // one.
    constexpr std::string_view beginnings = "[{-0123456789tfn";
    if (beginnings.find(cell.front()) != std::string_view::npos && !json_problem(cell)) return cell;
    std::string quoted;
    append_json_string(quoted, cell);
    return quoted;
}

completion_request read_row(const cells_of_row& columns, const cells_of_row& cells, dialect target,
                            const line_reading& how) {
    const auto is_prompt = [&](const std::string& name) {
        return how.form ? how.form->has_place(name) : name == "prompt";
    };
    for (std::size_t index = 0; index < columns.size(); ++index) {
        const auto at = invalid_utf8_at(cells[index]);
        if (at && (how.send_columns || is_prompt(columns[index])))
            refuse(columns[index] + ": not valid UTF-8 at byte " + std::to_string(*at));
    }
    auto prompt = how.form
                      ? how.form->fill([&](const std::string& name) { return cell_of(columns, cells, name); })
                      : cell_of(columns, cells, "prompt");
    if (json_trimmed(prompt).empty()) refuse("the prompt is empty");
    if (!how.send_columns) return completion_request(std::move(prompt));
    std::vector<std::string> values;
    values.reserve(cells.size());  // members look into them
    members others;
    for (std::size_t index = 0; index < columns.size(); ++index) {
        if (cells[index].empty()) continue;
        const bool text = columns[index] == "model" || columns[index] == "system";
        values.push_back({});
        if (text) {
            append_json_string(values.back(), cells[index]);
        } else {
            values.back() = as_json(cells[index]);
        }
        others.push_back({columns[index], json_trimmed(values.back())});
    }
    return read_prompt_request(others, target, std::move(prompt), how.id_name, is_prompt);
}

}  // namespace

batch_item parse_table_row(const cells_of_row& columns, const cells_of_row& cells, std::size_t row_number,
                           dialect target, const line_reading& how) {
    auto custom_id = default_id(row_number);
    try {
        if (!how.id_name.empty()) {
            const auto& id = cell_of(columns, cells, how.id_name);
            if (invalid_utf8_at(id)) refuse(how.id_name + ": is not valid UTF-8");
            if (json_trimmed(id).empty()) refuse(how.id_name + ": is empty, and is to be the id");
            custom_id = id;
        }
        return {custom_id, read_row(columns, cells, target, how)};
    } catch (const std::invalid_argument& wrong) {
        throw batch_line_error(std::move(custom_id), wrong.what());
    }
}

batch_item parse_batch_line(std::string_view line, prompt_format format, std::size_t line_number,
                            dialect target, const line_reading& how) {
    if (line_number == 1 && line.starts_with(byte_order_mark)) line.remove_prefix(byte_order_mark.size());
    if (line.ends_with('\r')) line.remove_suffix(1);
    try {
        return parse_any_line(line, format, line_number, target, how);
    } catch (const batch_line_error&) {
        throw;
    } catch (const std::invalid_argument& wrong) {
        throw batch_line_error(default_id(line_number), wrong.what());
    }
}

}  // namespace stagger::wire
