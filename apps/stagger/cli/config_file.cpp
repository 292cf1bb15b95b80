#include "config_file.hpp"

#include <fmt/format.h>

// Parsing is all that is needed of it.
#define TOML_ENABLE_FORMATTERS 0
#include <toml++/toml.h>

#include "exit_code.hpp"

namespace app {
namespace {

[[noreturn]] void refuse(const std::string& name, unsigned line, const std::string& problem) {
    throw failure(exit_code::wrong_usage, fmt::format("{}:{}: {}", name, line, problem));
}

unsigned line_of(const toml::source_region& place) {
    return static_cast<unsigned>(place.begin.line);
}

/// Reads one file's tables, one section each.
class section_reader {
 public:
    explicit section_reader(const std::string& name) : name_(name) {}

    void read(const toml::table& table, const std::vector<std::string>& heading) {
        config_section section;
        section.heading = heading;
        section.line = line_of(table.source());
        for (const auto& [key, node] : table) {
            const std::string key_name(key.str());
            if (const auto* inner = node.as_table()) {
                auto longer = heading;
                longer.push_back(key_name);
                read(*inner, longer);
                continue;
            }
            section.entries.push_back(entry(key_name, line_of(key.source()), node));
        }
        sections_.push_back(std::move(section));
    }

    std::vector<config_section> take() { return std::move(sections_); }

 private:
    config_entry entry(const std::string& key, unsigned line, const toml::node& node) const {
        config_entry made;
        made.name = key;
        made.line = line;
        const auto* list = node.as_array();
        if (list == nullptr) {
            made.values.push_back(text(key, line, node));
            return made;
        }
        made.is_list = true;
        for (const auto& each : *list) made.values.push_back(text(key, line, each));
        return made;
    }

    std::string text(const std::string& key, unsigned line, const toml::node& node) const {
        if (const auto* value = node.as_string()) return value->get();
        if (const auto* value = node.as_integer()) return std::to_string(value->get());
        if (const auto* value = node.as_floating_point()) return fmt::format("{}", value->get());
        if (const auto* value = node.as_boolean()) return value->get() ? "true" : "false";
        refuse(name_, line, key + ": must be a text in quotes, a number, true, false, or a list of these");
    }

    const std::string& name_;
    std::vector<config_section> sections_;
};

}  // namespace

std::vector<config_section> parse_config(std::string_view text, const std::string& name) {
    try {
        section_reader reader(name);
        reader.read(toml::parse(text), {});
        return reader.take();
    } catch (const toml::parse_error& wrong) {
        refuse(name, line_of(wrong.source()),
               "is not TOML, in which texts stand in quotes: " + std::string(wrong.description()));
    }
}

}  // namespace app
