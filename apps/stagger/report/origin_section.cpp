#include <fmt/format.h>

#include "report/figure_text.hpp"
#include "report/sections.hpp"
#include "terminal/markup_text.hpp"

namespace app {
namespace {

namespace load = stagger::load;

/// The terms and descriptions of a list, of those that are there.
class fact_list {
 public:
    void add(const std::string& term, const std::string& description) {
        if (!description.empty()) add_markup(term, markup_text(description));
    }
    void add_markup(const std::string& term, const std::string& description) {
        text_ += fmt::format("<dt>{}</dt><dd>{}</dd>\n", term, description);
    }
    std::string html() const { return "<dl class=\"facts\">\n" + text_ + "</dl>\n"; }

 private:
    std::string text_;
};

/// As it can be typed into a shell again.
std::string shell_word(const std::string& word) {
    constexpr auto plain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-+=./:,@%";
    if (!word.empty() && word.find_first_not_of(plain) == std::string::npos) return word;
    std::string quoted = "'";
    for (const char each : word) quoted += each == '\'' ? std::string("'\\''") : std::string(1, each);
    return quoted + "'";
}

/// Each word by itself, since browsers break lines also behind the hyphens of an option.
std::string shell_command(const std::vector<std::string>& words) {
    std::string line;
    for (const std::string& each : words)
        line.append(line.empty() ? "" : " ").append("<span>" + markup_text(shell_word(each)) + "</span>");
    return line;
}

std::string per_second(std::optional<double> rate) {
    return rate ? " at " + amount_text(*rate) + "/s" : "";
}

std::string seconds_text(double seconds) {
    constexpr double ms_per_s = 1000;
    return span_text(ms_per_s * seconds);
}

std::string arrival_text(const load::load_description& of) {
    if (of.kind == "closed" || of.kind == "batch") {
        const std::string name = of.kind == "closed" ? "closed loop" : "batch";
        return of.concurrency
                   ? fmt::format("{}, {} at once", name, amount_text(static_cast<double>(*of.concurrency)))
                   : name;
    }
    std::string text = of.kind + " arrivals" + per_second(of.rate_per_s);
    if (of.ramp_to_per_s) text += fmt::format(" to {}/s", amount_text(*of.ramp_to_per_s));
    if (of.burst) text += fmt::format(", {} at a time", *of.burst);
    return text;
}

std::string load_text(const load::load_description& of) {
    std::string text = arrival_text(of);
    if (of.requests) text += fmt::format("; {} requests", amount_text(static_cast<double>(*of.requests)));
    if (of.duration_s) text += "; for " + seconds_text(*of.duration_s);
    if (of.stream) text += "; streamed";
    if (of.warm_up_s > 0 || of.cool_down_s > 0) {
        text += fmt::format("; not measured: the first {} and the last {}", seconds_text(of.warm_up_s),
                            seconds_text(of.cool_down_s));
    }
    return of.seed == 0 ? text : text + fmt::format("; seed {}", of.seed);  // 0: from the system
}

std::string objective_text(const std::optional<load::service_level>& objective) {
    if (!objective) return {};
    std::string text;
    if (objective->first_token_ms) text = "first token within " + span_text(*objective->first_token_ms);
    if (objective->total_ms) {
        text.append(text.empty() ? "" : ", ")
            .append("whole answer within " + span_text(*objective->total_ms));
    }
    return text;
}

std::string machine_text(const load::machine_description& machine) {
    std::string text = machine.cpu;
    if (machine.cores > 0) text += fmt::format(", {} core{}", machine.cores, machine.cores == 1 ? "" : "s");
    for (const std::string& each : {machine.system, machine.compiler}) {
        if (!each.empty()) text.append(text.empty() ? "" : "; ").append(each);
    }
    return text;
}

std::string facts_of(const load::results_document& results) {
    fact_list facts;
    facts.add("Started", results.started);
    facts.add("Endpoint", results.endpoint);
    facts.add("Model", results.model.value_or(""));
    facts.add("Load", load_text(results.load));
    facts.add("Prompts", results.load.prompts);
    facts.add("Objective", objective_text(results.slo));
    facts.add("Machine", machine_text(results.machine));
    facts.add("Measured by", "stagger " + results.stagger);
    facts.add_markup("Command", "<code>" + shell_command(results.command) + "</code>");
    return facts.html();
}

}  // namespace

std::string origin_section(const std::vector<named_results>& documents) {
    if (documents.size() == 1) return facts_of(documents.front().results);
    std::string text;
    for (const named_results& each : documents) {
        text += fmt::format("<h3>{}</h3>\n{}", markup_text(each.name), facts_of(each.results));
    }
    return text;
}

}  // namespace app
