#include "offered_words.hpp"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <string_view>
#include <utility>

#include "cli/subcommands.hpp"

namespace app {
namespace {

/// The first sentence, on one line: a list of words has no room for more.
std::string shortened(std::string_view help) {
    constexpr std::size_t most = 80;
    const auto end = std::min({help.find('\n'), help.find(" ("), help.find("; "), help.size()});
    std::string text(help.substr(0, end));
    if (text.size() > most) text.erase(std::min(text.rfind(' ', most), most));
    return text;
}

bool takes_value(const CLI::Option& option) {
    return option.get_items_expected_max() > 0;
}

/// Where the last word of a line stands.
struct line_place {
    std::vector<const CLI::App*> commands;  ///< the program, and what was named so far
    const CLI::Option* awaits = nullptr;    ///< the option whose value the word is
    std::size_t arguments = 0;              ///< that were given to the innermost command
    bool asks_for_help = false;             ///< behind `help`
};

const CLI::Option* option_named(const line_place& at, const std::string& word) {
    if (!word.starts_with('-')) return nullptr;
    for (auto each = at.commands.rbegin(); each != at.commands.rend(); ++each) {
        if (const auto* found = (*each)->get_option_no_throw(word)) return found;
    }
    return nullptr;
}

line_place place_of_last(const CLI::App& program, const std::vector<std::string>& line) {
    line_place at{{&program}};
    for (std::size_t index = 0; index + 1 < line.size(); ++index) {
        const auto& word = line[index];
        if (std::exchange(at.awaits, nullptr) != nullptr) continue;
        if (const auto* option = option_named(at, word)) {
            if (takes_value(*option)) at.awaits = option;
        } else if (const auto* named = find_subcommand(*at.commands.back(), word)) {
            at.commands.push_back(named);
            at.arguments = 0;
        } else if (at.commands.size() == 1 && word == "help") {
            at.asks_for_help = true;
        } else if (!word.starts_with('-') || word == "-") {
            ++at.arguments;
        }
    }
    return at;
}

/// The argument at that place; the last one takes all that follow it.
const CLI::Option* argument_at(const CLI::App& command, std::size_t index) {
    const CLI::Option* found = nullptr;
    for (const auto* each : command.get_options()) {
        if (!each->get_positional()) continue;
        found = each;
        if (index-- == 0) return each;
    }
    return found != nullptr && found->get_items_expected_max() > 1 ? found : nullptr;
}

/// Collects what begins as the word does.
class offering {
 public:
    explicit offering(std::string begin) : begin_(std::move(begin)) {}

    void add(const std::string& text, const std::string& about = {}) {
        if (text.starts_with(begin_)) made_.words.push_back({text, about});
    }

    void add_commands(const CLI::App& of) {
        for (const auto* each : subcommands_of(of)) add(each->get_name(), shortened(each->get_description()));
    }

    void add_options(const CLI::App& of) {
        for (const auto* each : of.get_options()) {
            for (const auto& name : each->get_lnames()) {
                const bool is_new = std::none_of(made_.words.begin(), made_.words.end(),
                                                 [&](const auto& word) { return word.text == "--" + name; });
                if (is_new) add("--" + name, shortened(each->get_description()));
            }
        }
    }

    /// @param before what stands in the same word in front of the value
    void add_values(const CLI::App& command, std::string_view name, std::string before,
                    const known_names& known) {
        const auto choices = choices_of(command.get_name(), name, known);
        const auto comma = begin_.rfind(',');
        if (choices.is_list && comma != std::string::npos) before = begin_.substr(0, comma + 1);
        for (const auto& each : choices.words) add(before + each);
        made_.paths = choices.paths;
        made_.endings = choices.endings;
    }

    offered_words take() { return std::move(made_); }

 private:
    std::string begin_;
    offered_words made_;
};

}  // namespace

offered_words words_to_offer(const CLI::App& program, const std::vector<std::string>& line,
                             const known_names& known) {
    const std::string last = line.empty() ? std::string() : line.back();
    const auto at = place_of_last(program, line);
    const auto& command = *at.commands.back();
    const auto& owner = at.commands.size() > 1 ? *at.commands[1] : program;
    const auto value_name = [](const CLI::Option& option) { return option.get_lnames().front(); };
    offering offer(last);
    const auto equals = last.find('=');
    if (at.awaits != nullptr) {
        offer.add_values(owner, value_name(*at.awaits), "", known);
    } else if (last.starts_with("--") && equals != std::string::npos) {
        const auto* option = option_named(at, last.substr(0, equals));
        if (option != nullptr && takes_value(*option))
            offer.add_values(owner, value_name(*option), last.substr(0, equals + 1), known);
    } else if (last.starts_with('-')) {
        for (auto each = at.commands.rbegin(); each != at.commands.rend(); ++each) offer.add_options(**each);
    } else if (at.commands.size() == 1) {
        offer.add_commands(program);
        if (!at.asks_for_help) offer.add("help", "Explain a command");
    } else {
        offer.add_commands(command);
        if (const auto* argument = argument_at(command, at.arguments))
            offer.add_values(owner, argument->get_name(true), "", known);
    }
    return offer.take();
}

}  // namespace app
