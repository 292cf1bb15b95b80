#pragma once

#include <CLI/CLI.hpp>
#include <charconv>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "stagger/time.hpp"

/// Options whose values are checked as they are read, with a message that names the rule.
namespace app {

/// Reads like 250ms, 30s, 5m or 1h30m.
CLI::Option* add_duration(CLI::App& command, const std::string& name,
                          std::function<void(stagger::duration)> set, const std::string& help);

/// "--max-concurrency" of "-j,--max-concurrency": what messages call it.
std::string long_name(const std::string& names);

/// All of `text` as a number; nothing for anything else.
template <class Number>
std::optional<Number> parse_number(std::string_view text) {
    Number value{};
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
    return value;
}

/// CLI11 would read "-1" into an unsigned number as a very large one, and name no rule.
template <class Number>
CLI::Option* add_whole_number(CLI::App& command, const std::string& names, std::function<void(Number)> set,
                              Number least, const std::string& help) {
    const auto read = [name = long_name(names), set = std::move(set), least](const std::string& text) {
        const auto value = parse_number<Number>(text);
        if (!value || *value < least) {
            throw CLI::ValidationError(
                name, "must be a whole number from " + std::to_string(least) + ", is \"" + text + "\"");
        }
        set(*value);
    };
    return command.add_option_function<std::string>(names, read, help)->type_name("N");
}

/// A whole number from 0, or "auto": nothing.
inline CLI::Option* add_whole_number_or_auto(CLI::App& command, const std::string& names,
                                             std::function<void(std::optional<unsigned>)> set,
                                             const std::string& help) {
    const auto read = [name = long_name(names), set = std::move(set)](const std::string& text) {
        const auto value = parse_number<unsigned>(text);
        if (!value && text != "auto") {
            throw CLI::ValidationError(name, "must be a whole number from 0, or auto, is \"" + text + "\"");
        }
        set(value);
    };
    return command.add_option_function<std::string>(names, read, help)->type_name("N");
}

/// Any number; its range is checked where all options are known.
inline CLI::Option* add_number(CLI::App& command, const std::string& names, std::function<void(double)> set,
                               const std::string& help) {
    const auto read = [name = long_name(names), set = std::move(set)](const std::string& text) {
        const auto value = parse_number<double>(text);
        if (!value) throw CLI::ValidationError(name, "must be a number, is \"" + text + "\"");
        set(*value);
    };
    return command.add_option_function<std::string>(names, read, help)->type_name("N");
}

}  // namespace app
