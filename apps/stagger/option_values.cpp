#include "option_values.hpp"

#include <CLI/CLI.hpp>
#include <charconv>

#include "duration_text.hpp"

namespace app {

CLI::Option* add_duration(CLI::App& command, const std::string& name,
                          std::function<void(stagger::duration)> set, const std::string& help) {
    const auto read = [name, set = std::move(set)](const std::string& text) {
        const auto value = parse_duration(text);
        if (!value) throw CLI::ValidationError(name, "must read like 250ms, 30s or 5m, is \"" + text + "\"");
        set(*value);
    };
    return command.add_option_function<std::string>(name, read, help)->type_name("DURATION");
}

CLI::Option* add_count(CLI::App& command, const std::string& name, std::function<void(unsigned)> set,
                       unsigned least, const std::string& help) {
    const auto read = [name, set = std::move(set), least](const std::string& text) {
        unsigned value = 0;
        const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
        if (error != std::errc() || end != text.data() + text.size() || value < least) {
            throw CLI::ValidationError(
                name, "must be a whole number from " + std::to_string(least) + ", is \"" + text + "\"");
        }
        set(value);
    };
    return command.add_option_function<std::string>(name, read, help)->type_name("N");
}

}  // namespace app
