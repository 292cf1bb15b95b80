#include "option_values.hpp"

#include "terminal/duration_text.hpp"

namespace app {

std::string long_name(const std::string& names) {
    return names.substr(names.rfind(',') + 1);
}

CLI::Option* add_duration(CLI::App& command, const std::string& name,
                          std::function<void(stagger::duration)> set, const std::string& help) {
    const auto read = [name, set = std::move(set)](const std::string& text) {
        const auto value = parse_duration(text);
        if (!value)
            throw CLI::ValidationError(name, "must read like 250ms, 30s or 1h30m, is \"" + text + "\"");
        set(*value);
    };
    return command.add_option_function<std::string>(name, read, help)->type_name("DURATION");
}

}  // namespace app
