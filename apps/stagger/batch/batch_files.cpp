#include "batch_files.hpp"

#include <CLI/CLI.hpp>
#include <algorithm>

#include "batch/prompt_survey.hpp"
#include "cli/distinct_files.hpp"
#include "cli/option_values.hpp"
#include "parameters_hash.hpp"
#include "prompts_with_defaults.hpp"
#include "sending/progress_display.hpp"

namespace app {
namespace {

namespace batch = stagger::batch;

constexpr auto ways_out = "; --accept-changes goes by the ids, --overwrite starts over";

batch::fsync_policy parse_fsync(const std::string& name) {
    if (name == "always") return batch::fsync_policy::always;
    if (name == "interval") return batch::fsync_policy::interval;
    if (name == "never") return batch::fsync_policy::never;
    throw failure(exit_code::wrong_usage, "--fsync: must be always, interval or never, is \"" + name + "\"");
}

batch::result_file_options opening(const batch_file_options& options, const batch_reading& reading,
                                   const send_plan& plan) {
    batch::result_file_options how;
    if (options.overwrite && (options.retry_failed || options.accept_changes)) {
        throw failure(exit_code::wrong_usage,
                      "--overwrite: keeps nothing that --retry-failed or --accept-changes could continue");
    }
    if (options.retry_failed) how.mode = batch::if_results_exist::retry_failed;
    if (options.overwrite) how.mode = batch::if_results_exist::overwrite;
    how.by_id = options.accept_changes;
    how.fsync = parse_fsync(options.fsync);
    how.parameters = parameters_hash(plan, reading.hashed + options.hashed_answers);
    if (reading.rows.format != row_format::automatic) how.format = to_string(reading.rows.format);
    if (reading.rows.separator) how.separator = separator_text(*reading.rows.separator);
    return how;
}

void refuse_repeated_ids(row_prompts& prompts, std::size_t count) {
    const auto found = batch::find_repeated_id(prompts, count);
    if (!found) return;
    throw failure(exit_code::wrong_usage, prompts.places()->name_of(found->second_line) + ": the id \"" +
                                              found->custom_id + "\" is that of line " +
                                              std::to_string(found->first_line));
}

void refuse_changes(const batch_file_options& options, row_prompts& prompts,
                    const batch::result_file& results, const batch::line_sums::range& among) {
    const auto line = batch::changed_line(prompts, results, among);
    throw failure(exit_code::wrong_usage, prompts.places()->name_of(line.value_or(among.first)) +
                                              ": is not what " + options.results + " answers for that line" +
                                              ways_out);
}

/// How many prompts there are, where the list can be read more than once.
std::optional<std::size_t> look_over(const batch_file_options& options, row_prompts& prompts,
                                     const batch::result_file& results) {
    const auto found = batch::survey(prompts, results.recorded());
    if (!found) {
        if (options.check_ids) {
            throw failure(exit_code::wrong_usage,
                          "--check-ids: " + options.prompts_name() + " can be read only once");
        }
        return std::nullopt;
    }
    prompts.expect(found->prompts);
    if (found->changed) refuse_changes(options, prompts, results, *found->changed);
    if (options.check_ids) refuse_repeated_ids(prompts, found->prompts);
    return found->prompts;
}

void refuse_mixed_up_files(const batch_file_options& options) {
    if (std::count(options.prompts.begin(), options.prompts.end(), "-") > 1)
        throw failure(exit_code::wrong_usage, "standard input can be read only once");
    for (const auto& each : options.prompts) {
        if (same_file(each, options.results))
            throw failure(exit_code::wrong_usage, "the results cannot go into the prompt file " + each);
    }
}

batch::row_selection rows_of_all_shards(const batch_file_options& options, row_prompts& prompts) {
    if (options.limit > 0 && options.sample > 0)
        throw failure(exit_code::wrong_usage, "--limit: cannot stand beside --sample");
    if (options.limit > 0) return batch::row_selection::first(options.limit);
    if (options.sample == 0) return {};
    const auto sample = batch::row_selection::sample(prompts, options.sample);
    if (!sample)
        throw failure(exit_code::wrong_usage,
                      "--sample: " + options.prompts_name() + " can be read only once");
    return *sample;
}

batch::row_selection select_rows(const batch_file_options& options, row_prompts& prompts) {
    return rows_of_all_shards(options, prompts).shard(options.shard, options.shards);
}

/// "2/8" as the third of eight; false for anything else.
bool parse_shard(const std::string& text, batch_file_options& options) {
    const auto slash = text.find('/');
    if (slash == std::string::npos) return false;
    const auto index = parse_number<std::size_t>(std::string_view(text).substr(0, slash));
    const auto count = parse_number<std::size_t>(std::string_view(text).substr(slash + 1));
    if (!index || !count || *index >= *count) return false;
    options.shard = *index;
    options.shards = *count;
    return true;
}

/// @param prompts of the whole list, where that is known
void tell_of_resuming(const batch_file_options& options, const batch::result_file& results,
                      const std::optional<std::size_t>& prompts, console& out) {
    const auto name = options.results_name();
    if (results.torn_line_cut()) out.remark(name + ": cut off a result that was written in part");
    const auto recorded = results.recorded().size();
    const auto failed = results.failed_before();
    if (recorded + failed == 0) return;
    // What is asked again for is no longer among what is recorded.
    const auto answered = recorded - (options.retry_failed ? 0 : failed);
    std::string text = name + ": " + std::to_string(answered) + " answered already";
    if (failed > 0) text += ", " + std::to_string(failed) + " failed before";
    if (prompts && *prompts >= answered + failed)
        text += ", " + std::to_string(*prompts - answered - failed) +
                (options.limit + options.sample > 0 ? " of the whole list left" : " left");
    if (failed > 0)
        text += options.retry_failed ? "; asking again for those that failed"
                                     : "; --retry-failed asks again for those that failed";
    out.remark(text);
}

}  // namespace

void add_batch_file_options(CLI::App& command, batch_file_options& options) {
    command
        .add_option(
            "PROMPTS", options.prompts,
            "Prompt lists: plain text, one a line, JSONL with prompt, messages or in OpenAI Batch form, a "
            "JSON array, or a table as CSV or TSV; packed with gzip or zstd or not; - for standard input")
        ->required();
    command
        .add_option("-o,--output", options.results,
                    "Results, one a line, in OpenAI Batch form. Where it exists, prompts that have one are "
                    "skipped; - "
                    "for standard output")
        ->required()
        ->type_name("RESULTS");
    command.add_flag("--overwrite", options.overwrite, "Start over where RESULTS exists");
    command.add_flag("--retry-failed", options.retry_failed,
                     "Ask again for what failed, too; its results are replaced");
    command.add_flag("--accept-changes", options.accept_changes,
                     "Continue although prompts or parameters have changed: skip what RESULTS has by its id");
    command.add_flag("--check-ids", options.check_ids, "Refuse PROMPTS where an id stands twice");
    command
        .add_option("--fsync", options.fsync,
                    "When results are made to survive a crash of the machine: always (before they count), "
                    "interval (a second later) or never (default interval)")
        ->type_name("WHEN");
    add_batch_reading_options(command, options.reading);
    add_whole_number<std::size_t>(
        command, "--limit", [&options](std::size_t rows) { options.limit = rows; }, 1,
        "Ask only the first N rows; the same command without it goes on with the others");
    add_whole_number<std::size_t>(
        command, "--sample", [&options](std::size_t rows) { options.sample = rows; }, 1,
        "Ask only N rows, spread over the list as if by chance, each time the same");
    const auto read_shard = [&options](const std::string& text) {
        if (!parse_shard(text, options))
            throw CLI::ValidationError("--shard",
                                       "must read I/N with I from 0 and below N, is \"" + text + "\"");
    };
    command
        .add_option_function<std::string>(
            "--shard", read_shard,
            "Ask only shard I (from 0) of N: line K of the list is in shard (K-1) mod N. Each shard has "
            "RESULTS of its own; export reads them as one")
        ->type_name("I/N");
    command
        .add_option("--job", options.job,
                    "Send nothing from here: put the prompts into the store of --fleet, where any number of "
                    "stagger worker with the same name answer them, and collect the answers")
        ->type_name("NAME");
    command.add_flag("--dry-run", options.dry_run,
                     "Send nothing: count prompts and estimate tokens and the time the limits allow");
    add_progress_option(command, options.progress);
    command
        .add_option("--report", options.report,
                    "Write the run's figures as one page with charts and tables; - for standard output")
        ->type_name("FILE.html");
}

batch_files open_batch_files(const boost::asio::any_io_executor& executor, const batch_file_options& options,
                             const send_plan& plan, console& out) {
    const auto reading = make_batch_reading(options.reading, plan.dialect);
    const auto how = opening(options, reading, plan);
    refuse_mixed_up_files(options);
    auto prompts = std::make_unique<row_prompts>(executor, options.prompts, reading.rows, reading.making);
    prompts->check();
    batch_files files;
    files.selected = select_rows(options, *prompts);
    std::string problem;
    files.results = batch::result_file::open(executor, options.results, how, problem);
    if (!files.results) throw failure(exit_code::file_failed, options.results_name() + ": " + problem);
    if (const auto line = files.results->other_parameters(); line > 0 && !options.accept_changes) {
        throw failure(exit_code::wrong_usage, options.results + ":" + std::to_string(line) +
                                                  ": was asked with another " + hashed_options + ways_out);
    }
    const auto count = look_over(options, *prompts, *files.results);
    tell_of_resuming(options, *files.results, count, out);
    if (options.retry_failed && files.results->failed_before() > 0 &&
        !files.results->take_out_failed(problem)) {
        throw failure(exit_code::file_failed, options.results_name() + ": " + problem);
    }
    files.places = prompts->places();
    if (!files.selected.is_all())
        files.to_do = batch::count_unanswered(*prompts, files.results->recorded(), files.selected);
    files.prompts = std::make_unique<prompts_with_defaults>(std::move(prompts), plan, reading.system);
    return files;
}

opened_prompts open_prompts(const boost::asio::any_io_executor& executor, const batch_file_options& options,
                            const send_plan& plan) {
    const auto reading = make_batch_reading(options.reading, plan.dialect);
    auto prompts = std::make_unique<row_prompts>(executor, options.prompts, reading.rows, reading.making);
    prompts->check();
    opened_prompts opened;
    opened.places = prompts->places();
    opened.selected = select_rows(options, *prompts);
    opened.source = std::make_unique<prompts_with_defaults>(std::move(prompts), plan, reading.system);
    return opened;
}

std::string batch_file_options::prompts_name() const {
    std::string all;
    for (const auto& each : prompts)
        all += (all.empty() ? "" : ", ") + (each == "-" ? "standard input" : each);
    return all;
}

}  // namespace app
