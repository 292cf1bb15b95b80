#include "answer_options.hpp"

#include <CLI/CLI.hpp>
#include <stdexcept>

#include "cli/exit_code.hpp"
#include "cli/option_values.hpp"
#include "cli/text_file.hpp"
#include "sending/run_memory.hpp"

namespace app {

void add_answer_options(CLI::App& command, answer_options& options) {
    constexpr auto group = "Answers";
    command
        .add_flag("--dedupe", options.dedupe,
                  "Send what is the same once: the other rows get copies of its answer, without tokens")
        ->group(group);
    command
        .add_option(
            "--cache", options.cache,
            "Keep answers there, and copy those of what was asked before, in any run; implies --dedupe")
        ->type_name("FILE")
        ->group(group);
    command
        .add_option("--expect", options.expect,
                    "json: an answer has to be one JSON value; what is not is asked again with a note")
        ->type_name("WHAT")
        ->group(group);
    command
        .add_option("--schema", options.schema,
                    "An answer has to be JSON that fits this JSON Schema, which servers are sent, too, where "
                    "the dialect has words for it")
        ->type_name("FILE")
        ->group(group);
    add_whole_number<unsigned>(
        command, "--expect-retries", [&options](unsigned count) { options.expect_retries = count; }, 0,
        "Times that a prompt is asked again whose answer is not as expected (default 2)")
        ->group(group);
    command
        .add_flag("--fail-truncated", options.fail_truncated,
                  "Answers that were cut off at their greatest length, or refused by the model, are failures")
        ->group(group);
    command
        .add_option(
            "--prices", options.prices,
            "What tokens cost, by model, as JSON with litellm's names: the summary and --dry-run tell "
            "the cost")
        ->type_name("FILE")
        ->group(group);
    add_number(
        command, "--max-cost", [&options](double value) { options.max_cost = value; },
        "Ends the run once its answers cost as much, by --prices; what is in flight is awaited")
        ->group(group);
    add_number(
        command, "--max-cost-per-day", [&options](double value) { options.max_cost_per_day = value; },
        "The same of all that runs with the same --spending-file cost on one day (UTC), whatever became of "
        "them")
        ->group(group);
    command
        .add_option("--spending-file", options.spending_file,
                    "Where --max-cost-per-day keeps what the day has cost (default spending.json beside the "
                    "remembered limits)")
        ->type_name("FILE")
        ->group(group);
}

answer_rules make_answer_rules(const answer_options& options) {
    answer_rules rules;
    if (!options.expect.empty() && options.expect != "json")
        throw failure(exit_code::wrong_usage, "--expect: must be json, is \"" + options.expect + "\"");
    if (!options.expect.empty()) rules.expected = expected_answer::json();
    if (!options.schema.empty()) {
        try {
            rules.expected = expected_answer::fitting(read_text_file(options.schema));
        } catch (const std::invalid_argument& wrong) {
            throw failure(exit_code::wrong_usage, "--schema: " + options.schema + " " + wrong.what());
        }
    }
    if (options.expect_retries && !rules.expected)
        throw failure(exit_code::wrong_usage, "--expect-retries: needs --expect or --schema");
    if (options.max_cost && options.prices.empty())
        throw failure(exit_code::wrong_usage, "--max-cost: needs --prices");
    if (options.max_cost && !(*options.max_cost > 0))
        throw failure(exit_code::wrong_usage, "--max-cost: must be more than 0");
    if (options.max_cost_per_day && options.prices.empty())
        throw failure(exit_code::wrong_usage, "--max-cost-per-day: needs --prices");
    if (options.max_cost_per_day && !(*options.max_cost_per_day > 0))
        throw failure(exit_code::wrong_usage, "--max-cost-per-day: must be more than 0");
    if (!options.spending_file.empty() && !options.max_cost_per_day)
        throw failure(exit_code::wrong_usage, "--spending-file: needs --max-cost-per-day");
    rules.retries = options.expect_retries.value_or(rules.retries);
    rules.fail_truncated = options.fail_truncated;
    return rules;
}

std::string hashed_answers(const answer_options& options, const answer_rules& rules) {
    if (!rules.expected) return {};
    return "\nexpect " + options.expect + " " + rules.expected->schema_text();
}

stagger::wire::encoding_context encoding_of(const send_plan& plan) {
    stagger::wire::encoding_context encoding;
    encoding.dialect = plan.dialect;
    encoding.model = plan.client.model();
    return encoding;
}

std::shared_ptr<copied_answers> make_copied_answers(const answer_options& options, const send_plan& plan,
                                                    const stagger::batch::transport& through) {
    if (!options.dedupe && options.cache.empty()) return nullptr;
    return std::make_shared<copied_answers>(through, std::make_unique<answer_store>(options.cache),
                                            plan.base_url.empty() ? "" : endpoint_name(plan.base_url),
                                            encoding_of(plan));
}

}  // namespace app
