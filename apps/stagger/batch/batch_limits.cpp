#include "batch_limits.hpp"

#include <CLI/CLI.hpp>

#include "cli/option_values.hpp"
#include "terminal/duration_text.hpp"

namespace app {
namespace {

// Enough for a thousand answers a second that take up to four seconds, and a few MiB at most.
constexpr auto ordered_flag = "--ordered{4096}";

}  // namespace

bool parse_most_failures(const std::string& text, stagger::batch::run_limits& limits) {
    if (const auto count = parse_number<std::size_t>(text)) {
        limits.most_failures = *count;
        return true;
    }
    if (!text.ends_with('%')) return false;
    const auto percent = parse_number<double>(std::string_view(text).substr(0, text.size() - 1));
    if (!percent || !(*percent >= 0 && *percent <= 100)) return false;
    limits.most_failures_share = *percent / 100;
    return true;
}

void add_batch_limits(CLI::App& command, stagger::batch::run_limits& limits, stagger::batch_options& order) {
    const auto read_deadline = [&limits](const std::string& text) {
        const auto value = parse_duration(text);
        if (!value || *value < stagger::duration::zero())
            throw CLI::ValidationError("--batch-deadline",
                                       "must read like 30m or 1h30m, is \"" + text + "\"");
        limits.deadline = *value;
    };
    command
        .add_option_function<std::string>("--batch-deadline", read_deadline,
                                          "The whole run: takes up nothing more then, and awaits what is in "
                                          "flight; 0: none (default none)")
        ->type_name("DURATION");
    const auto read_failures = [&limits](const std::string& text) {
        if (!parse_most_failures(text, limits))
            throw CLI::ValidationError("--max-failures",
                                       "must be a whole number, or a share such as 5%, is \"" + text + "\"");
    };
    command
        .add_option_function<std::string>("--max-failures", read_failures,
                                          "Ends the run, likewise, after more failed results: a number, or a "
                                          "share of the run's results once there are 100 (default: no limit)")
        ->type_name("N|P%");
    const auto check_window = [](const std::string& text) {
        return parse_number<std::size_t>(text).value_or(0) > 0
                   ? std::string()
                   : "must be a whole number from 1, is \"" + text + "\"";
    };
    command
        .add_flag_function(
            ordered_flag, [&order](std::int64_t window) { order.ordered(static_cast<std::size_t>(window)); },
            "Results in the order of PROMPTS; --ordered=N: the newest prompt sent at most N after the oldest "
            "without a result (default 4096)")
        ->check(check_window);
}

}  // namespace app
