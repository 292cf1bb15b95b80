#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <exception>

#include "answers/answer_options.hpp"
#include "answers/schema_in_request.hpp"
#include "batch/runner.hpp"
#include "batch_files.hpp"
#include "batch_limits.hpp"
#include "batch_report.hpp"
#include "cli/commands.hpp"
#include "cli/distinct_files.hpp"
#include "cli/interruption.hpp"
#include "cli/last_outputs.hpp"
#include "cli/output_file.hpp"
#include "dry_run.hpp"
#include "job/job_choice.hpp"
#include "job/job_feeder.hpp"
#include "load/latency_histogram.hpp"
#include "prices/cost_counter.hpp"
#include "prices/daily_spending.hpp"
#include "sending/attempt_log.hpp"
#include "sending/cleartext_key.hpp"
#include "sending/closing_notice.hpp"
#include "sending/decision_log_file.hpp"
#include "sending/failure_notices.hpp"
#include "sending/limits_file.hpp"
#include "sending/log.hpp"
#include "sending/progress_display.hpp"
#include "sending/run_description.hpp"
#include "sending/run_memory.hpp"
#include "sending/send_options.hpp"
#include "sending/summary.hpp"
#include "sending/transport_log.hpp"
#include "terminal/console.hpp"

namespace asio = boost::asio;
namespace batch = stagger::batch;

namespace app {
namespace {

constexpr auto on_another_day = " on another day (UTC)";

/// One run of the command: the runner, and around it what a user sees and presses.
class session {
 public:
    session(const batch_file_options& files, const send_options& options, const answer_options& answers,
            const answer_rules& rules, const batch::run_limits& limits, const stagger::batch_options& order)
        : files_(files),
          out_(options.quiet),
          log_(make_log(out_, options.log_level, options.log_file)),
          plan_(make_plan(options, stagger::duration::zero())),
          interrupted_(context_),
          display_(context_, out_, parse_progress_mode(files.progress), [this] { return view(); }),
          closing_(context_, out_, log_, [this] { return std::optional(runner_->status()); }),
          notices_(files.results_name()) {
        if (rules.expected) ask_for_schema(plan_, rules.expected->schema_text());
        if (!answers.prices.empty())
            costs_ = std::make_shared<cost_counter>(read_price_list(answers.prices), options.model);
        max_cost_ = answers.max_cost;
        one_is_standard_output({{"--output", files.results},
                                {"--report", files.report},
                                {"--summary", options.summary_file},
                                {"--decision-log", options.decision_log}});
        auto others = files.prompts;
        others.push_back(files.results);
        others.push_back(answers.prices);
        keep_apart("--report", files.report, others);
        others.push_back(files.report);
        keep_apart("--summary", options.summary_file, others);
        others.push_back(options.summary_file);
        keep_apart("--decision-log", options.decision_log, others);
        others.push_back(options.decision_log);
        keep_apart("--cache", answers.cache, others);
        others.push_back(answers.cache);
        keep_apart("--spending-file", answers.spending_file, others);
        others.push_back(answers.spending_file);
        keep_apart("--log-file", options.log_file, others);
        if (answers.max_cost_per_day) count_by_day(answers);
        report_page_.emplace(context_, files.report);
        auto ended = [this](const stagger::attempt_events::done& attempt) {
            runner_->attempt_ended(attempt.info);
            closing_.attempt_ended(attempt);
        };
        closing_.hide(plan_.hidden);
        if (const auto warning = cleartext_key_warning(plan_); !warning.empty()) out_.remark(warning);
        closing_.longest_wait(options.max_wait);
        if (files_.job.empty()) {
            plan_.client.observer(report_page_->watch([this] { return client_->status(); },
                                                      std::make_shared<attempt_log>(log_, std::move(ended))));
            show_fleet_notices(plan_, context_.get_executor(), out_);
            log_transport(plan_, *log_);
            memory_.emplace(options, plan_, log_);
            client_.emplace(make_client(context_.get_executor(), plan_));
        }
        describe_run(options);
        summary_.emplace(options.summary_file);
        auto opened = open_batch_files(context_.get_executor(), files_, plan_, out_);
        places_ = opened.places;
        failed_before_ = files_.retry_failed ? 0 : opened.results->failed_before();
        if (!files_.job.empty()) {
            feeder_ = make_feeder(*opened.results);
            opened.prompts = feeder_->keyed(std::move(opened.prompts));
        }
        runner_ = std::make_shared<batch::runner>(transport(answers, rules), std::move(opened.prompts),
                                                  std::move(opened.results), plan_.hidden);
        if (!opened.selected.is_all()) runner_->select(opened.selected, opened.to_do);
        batch::run_limits ends = limits;
        ends.longest_wait = options.max_wait;
        runner_->limits(ends);
        if (runner_->left() != std::size_t{0}) refuse_spent_day();  // a complete list is done on any day
        runner_->options(order);
        runner_->on_result([this](const stagger::batch_result& result) { on_result(result); });
    }

    exit_code run() {
        interrupted_.await([this] { stop_gently(); }, [this] { runner_->stop(); });
        display_.start();
        report_page_->start();
        if (feeder_) {
            feeder_->start();
        } else {
            closing_.start();
        }
        auto finished = [this](std::exception_ptr failed, batch::run_report report) {
            if (failed) std::rethrow_exception(failed);
            report_ = std::move(report);
            context_.stop();
        };
        asio::co_spawn(context_, run_to_the_end(), std::move(finished));
        context_.run();
        return conclude();
    }

 private:
    asio::awaitable<batch::run_report> run_to_the_end() {
        auto report = co_await runner_->run();
        if (!feeder_ || feeder_problem_) co_return report;
        const bool is_told = co_await feeder_->finish(report.end == batch::run_end::finished);
        if (!is_told && !feeder_problem_)
            out_.remark("job " + files_.job + ": its workers could not be told that this run has ended");
        feeder_->stop();
        co_return report;
    }

    /// What the prompts go through where workers answer them.
    std::shared_ptr<stagger::job::job_feeder> make_feeder(const batch::result_file& results) {
        stagger::job::job_feeder::settings chosen;
        chosen.fleet = *plan_.client.fleet();
        chosen.job = files_.job;
        chosen.results = name_of_results(files_.results);
        chosen.spoken = plan_.dialect;
        chosen.model = plan_.client.model();
        chosen.parameters = results.parameters();
        chosen.starts_over = files_.overwrite;
        chosen.goes_on = results.recorded().size() > 0 || results.failed_before() > 0;
        stagger::job::feeder_notices told;
        told.remark = [this](const std::string& text) { out_.remark(text); };
        told.failed = [this](const std::string& problem) {
            feeder_problem_ = problem;
            runner_->stop();
        };
        told.results_kept = [this] { return runner_->results_kept(); };
        told.progress = [this] {
            stagger::job::description now;
            now.recorded = runner_->counts().recorded();
            now.failed = runner_->counts().failed;
            now.left = runner_->left();
            return now;
        };
        return std::make_shared<stagger::job::job_feeder>(context_.get_executor(), std::move(chosen),
                                                          std::move(told));
    }

    /// What sends: answers are looked at, copies among them too.
    batch::transport transport(const answer_options& answers, const answer_rules& rules) {
        auto sending = feeder_ ? feeder_->transport() : batch::transport_of(*client_);
        if (costs_) sending = costs_->counted(sending);  // below the copies, which cost nothing
        copied_ = make_copied_answers(answers, plan_, sending);
        if (copied_) sending = copied_->transport();
        return std::make_shared<checked_answers>(sending, rules, encoding_of(plan_))->transport();
    }

    summary_context beside() const {
        return {copied_ ? copied_->counts() : copy_counts(), runner_->status(), failed_before_,
                costs_ ? std::optional(costs_->counts()) : std::nullopt};
    }

    /// What a report says beside the figures.
    void describe_run(const send_options& options) {
        about_ = describe_this_run(options, plan_);
        about_.load.kind = "batch";
        about_.load.concurrency = options.max_concurrency;
        about_.load.seed = options.jitter_seed;
        about_.load.prompts = files_.prompts_name();
    }

    /// What a day costs is kept in a file, by every answer, and read before anything is sent.
    void count_by_day(const answer_options& answers) {
        spending_.emplace(answers.spending_file.empty() ? usual_spending_path() : answers.spending_file);
        max_cost_per_day_ = answers.max_cost_per_day;
        day_cost_ = spending_->spent(today());
        costs_->on_cost([this](double cost) {
            try {
                day_cost_ = spending_->add(today(), cost);
                if (!is_spent_) spending_problem_.reset();  // nothing is missing any more
            } catch (const failure& failed) {
                if (!spending_problem_) spending_problem_ = failed.what();
            }
        });
        if (files_.overwrite) refuse_spent_day();  // nothing that is there is lost for it
    }
    void refuse_spent_day() const {
        if (max_cost_per_day_ && day_cost_ >= *max_cost_per_day_)
            throw failure(
                exit_code::stopped_early,
                about_day_cost() + ": nothing was sent; the same command continues" + on_another_day);
    }
    static std::chrono::sys_days today() { return std::chrono::floor<std::chrono::days>(current_date()); }
    std::string about_day_cost() const {
        return "the answers of this day (UTC) cost " + cost_text(day_cost_) + " and may cost " +
               cost_text(*max_cost_per_day_);
    }
    bool is_spent() const {
        return (max_cost_ && costs_->counts().cost >= *max_cost_) ||
               (max_cost_per_day_ && day_cost_ >= *max_cost_per_day_) || spending_problem_;
    }

    /// Sends nothing new once the answers cost as much as they may; what is in flight adds to it.
    void keep_to_budget() {
        if (!is_spent() || runner_->stopping()) return;
        if (runner_->left() == std::size_t{0}) return;  // it is over as it is
        is_spent_ = true;
        runner_->drain();
    }

    void on_result(const stagger::batch_result& result) {
        if (feeder_) feeder_->recorded(result);
        keep_to_budget();
        const auto& info = result.answer.info;
        log_->debug("{}: {}, status {}, attempts {}, rejections {}, waited {:.3f} s, served {:.3f} s",
                    result.custom_id, result.error ? result.error.message() : "answered", info.http_status,
                    info.attempts, info.rejections, stagger::to_seconds(info.queued),
                    stagger::to_seconds(info.served));
        if (!result.error) {
            if (info.attempts > 0) served_.add(info.served);  // a copy took no time
            return;
        }
        const auto told = notices_.tell(places_->name_of(result.position), result.error.message(),
                                        stagger::wire::failure_message(result.error, info));
        if (told) out_.error(*told);
    }

    void stop_gently() {
        runner_->drain();
        const auto in_flight = runner_->status().in_flight;
        if (in_flight > 0) {
            out_.remark("interrupted: awaiting " + std::to_string(in_flight) +
                        " in flight; once more stops at once");
        }
        display_.show();
    }

    progress view() const {
        progress now;
        const auto& counts = runner_->counts();
        now.done = counts.succeeded;
        now.failed = counts.failed;
        now.left = runner_->left();
        now.prompt_tokens = counts.prompt_tokens;
        now.completion_tokens = counts.completion_tokens;
        if (costs_) now.costs = costs_->counts();
        if (served_.count() > 0) now.latency = {served_.percentile(0.5), served_.percentile(0.95)};
        now.gate = runner_->status();
        now.closing = closing_.current();
        now.stalled_by = closing_.stalled_by();
        now.elapsed = runner_->elapsed();
        now.stopping = runner_->stopping();
        return now;
    }

    exit_code conclude() {
        display_.finish();
        closing_.finish();
        if (!report_) report_ = runner_->report();
        const auto& report = *report_;
        const auto code = explain_spending(report, explain(report));
        if (report.end != batch::run_end::endpoint_unusable || report.counts.recorded() > 0) {
            out_.print(describe(report, beside()));
            const auto remark = memory_ ? memory_->remark() : std::nullopt;
            if (remark) out_.print(*remark);
        }
        if (copied_ && !copied_->store().problem().empty()) out_.error(copied_->store().problem());
        if (memory_) memory_->keep(client_->gates());
        last_outputs outputs(out_);
        outputs.write([&] { summary_->write(to_json(report, plan_.policy, beside())); });
        outputs.write([&] { report_page_->finish(report, plan_.policy, beside().costs, about_); });
        outputs.write([&] {
            if (plan_.decisions) plan_.decisions->finish();
        });
        return outputs.failed() ? exit_code::file_failed : code;
    }

    exit_code explain(const batch::run_report& report) {
        const auto kept = ": " + std::to_string(report.counts.recorded()) + " results of this run are kept";
        if (feeder_problem_) {
            out_.error(*feeder_problem_ + kept);
            return exit_code::endpoint_unusable;
        }
        switch (report.end) {
            case batch::run_end::finished:
                return report.counts.failed + failed_before_ > 0 ? exit_code::some_failed : exit_code::done;
            case batch::run_end::interrupted:
                if (spending_problem_ && !interrupted_.has_come()) return exit_code::file_failed;
                if (is_spent_ && !interrupted_.has_come() && max_cost_per_day_ &&
                    day_cost_ >= *max_cost_per_day_) {
                    out_.error("stopped, " + about_day_cost() + ": " + left(report) + "; " +
                               how_to_continue(on_another_day));
                    return exit_code::stopped_early;
                }
                if (is_spent_ && !interrupted_.has_come()) {
                    out_.error("stopped, the answers of this run cost " + cost_text(costs_->counts().cost) +
                               " and may cost " + cost_text(*max_cost_) + ": " + left(report) + "; " +
                               how_to_continue());
                    return exit_code::stopped_early;
                }
                out_.remark("interrupted, " + left(report) + "; " + how_to_continue());
                return exit_code::interrupted;
            case batch::run_end::deadline_passed:
            case batch::run_end::too_many_failures:
                out_.error("stopped, " + report.problem + ": " + left(report) + "; " + how_to_continue());
                return exit_code::stopped_early;
            case batch::run_end::nothing_admitted:
                out_.error("stopped, " + closing_.gave_up(report.opens_at) + "; " + left(report) + "; " +
                           how_to_continue());
                return exit_code::nothing_admitted;
            case batch::run_end::endpoint_unusable:
                out_.error("cannot use " + plan_.shown_url + ": " + report.problem +
                           missing_key(plan_, report.unusable));
                if (report.counts.recorded() > 0) out_.remark(left(report) + "; " + how_to_continue());
                return exit_code::endpoint_unusable;
            case batch::run_end::output_failed:
                out_.error(files_.results_name() + ": " + report.problem + kept + ", " + left(report));
                return exit_code::file_failed;
            case batch::run_end::input_failed:
                return explain_input(report, kept);
        }
        return exit_code::done;
    }

    /// Nobody's budget has what could not be written: that is said whatever the end was.
    exit_code explain_spending(const batch::run_report& report, exit_code code) {
        if (!spending_problem_) return code;
        auto text = *spending_problem_;
        if (spending_->unwritten() > 0)
            text += "; " + cost_text(spending_->unwritten()) + " that answers cost is not in it";
        if (report.end == batch::run_end::interrupted && !interrupted_.has_come())
            text = "stopped, " + text + ": " + left(report) + "; " +
                   how_to_continue(" once the file is mended or removed");
        out_.error(text);
        return exit_code::file_failed;
    }

    exit_code explain_input(const batch::run_report& report, const std::string& kept) {
        try {
            if (report.thrown) std::rethrow_exception(report.thrown);
        } catch (const failure& refused) {
            out_.error(refused.what() + kept);
            return report.counts.recorded() > 0 ? exit_code::file_failed : refused.code();
        } catch (const std::exception&) {
            // Its error code says the same.
        }
        out_.error(files_.prompts_name() + ": " + report.problem + kept);
        return exit_code::file_failed;
    }

    static std::string left(const batch::run_report& report) {
        return report.left ? std::to_string(*report.left) + " left" : "the rest left";
    }

    /// @param when as in " on another day"; empty: at any time
    std::string how_to_continue(const std::string& when = {}) const {
        return files_.results == "-"
                   ? "standard output cannot be continued"
                   : std::string("the same command ") + (files_.overwrite ? "without --overwrite " : "") +
                         "continues" + when;
    }

    const batch_file_options& files_;
    console out_;
    std::shared_ptr<spdlog::logger> log_;
    send_plan plan_;
    std::optional<run_memory> memory_;
    asio::io_context context_{1};
    std::optional<stagger::client> client_;             // its timers must not outlive the context
    std::shared_ptr<stagger::job::job_feeder> feeder_;  // in its place, with --job
    std::optional<std::string> feeder_problem_;
    interruption interrupted_;
    progress_display display_;
    closing_notice closing_;
    std::optional<output_file> summary_;
    std::optional<batch_report> report_page_;
    stagger::load::results_document about_;
    std::shared_ptr<const row_places> places_;
    std::shared_ptr<copied_answers> copied_;
    std::shared_ptr<cost_counter> costs_;  // null without prices
    std::optional<double> max_cost_;
    std::optional<daily_spending> spending_;
    std::optional<double> max_cost_per_day_;
    double day_cost_ = 0;
    std::optional<std::string> spending_problem_;  // the file could not be written
    stagger::load::latency_histogram served_;      // answers, from sending to their end
    bool is_spent_ = false;                        // that much is reached
    std::shared_ptr<batch::runner> runner_;
    std::optional<batch::run_report> report_;
    std::size_t failed_before_ = 0;
    failure_notices notices_;
};

class batch_command final : public command {
 public:
    explicit batch_command(CLI::App& parser) {
        add_batch_file_options(parser, files_);
        add_answer_options(parser, answers_);
        add_batch_limits(parser, limits_, order_);
        add_send_options(parser, options_);
        add_route_options(parser, options_);
    }

    exit_code run() override {
        const auto rules = make_answer_rules(answers_);
        if (!files_.job.empty()) take_job();
        files_.hashed_answers = hashed_answers(answers_, rules);
        if (files_.dry_run) {
            console out(options_.quiet);
            auto plan = make_plan(options_, stagger::duration::zero());
            const run_memory memory(options_, plan, make_log(out, options_.log_level, options_.log_file));
            const auto prices = answers_.prices.empty() ? price_list() : read_price_list(answers_.prices);
            return dry_run(files_, plan, prices, out);
        }
        session one(files_, options_, answers_, rules, limits_, order_);
        return one.run();
    }

 private:
    /// What is sent, and how, is the workers' business.
    void take_job() {
        check_job("--job", files_.job, options_.fleet);
        const std::array workers_own{std::pair("--routes", !options_.routes_file.empty()),
                                     std::pair("--rpm", options_.requests_per_minute > 0),
                                     std::pair("--tpm", options_.tokens_per_minute > 0),
                                     std::pair("--max-wait", options_.max_wait > stagger::duration::zero()),
                                     std::pair("--decision-log", !options_.decision_log.empty()),
                                     std::pair("--report", !files_.report.empty()),
                                     std::pair("--cache", !answers_.cache.empty()),
                                     std::pair("--dry-run", files_.dry_run)};
        for (const auto& [name, is_given] : workers_own) {
            if (is_given)
                throw failure(
                    exit_code::wrong_usage,
                    std::string(name) + ": cannot stand beside --job, which sends nothing from here");
        }
        options_.needs_endpoint = false;
    }

    batch_file_options files_;
    answer_options answers_;
    batch::run_limits limits_;
    stagger::batch_options order_;
    send_options options_;
};

}  // namespace

std::unique_ptr<command> make_batch_command(CLI::App& parser) {
    return std::make_unique<batch_command>(parser);
}

}  // namespace app
