#include <CLI/CLI.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <exception>
#include <optional>

#include "batch/runner.hpp"
#include "cli/commands.hpp"
#include "cli/interruption.hpp"
#include "cli/last_outputs.hpp"
#include "cli/output_file.hpp"
#include "job/job_choice.hpp"
#include "job/job_worker.hpp"
#include "net/fleet_names.hpp"
#include "sending/attempt_log.hpp"
#include "sending/cleartext_key.hpp"
#include "sending/closing_notice.hpp"
#include "sending/decision_log_file.hpp"
#include "sending/failure_notices.hpp"
#include "sending/log.hpp"
#include "sending/progress_display.hpp"
#include "sending/run_memory.hpp"
#include "sending/send_options.hpp"
#include "sending/summary.hpp"
#include "sending/transport_log.hpp"
#include "terminal/console.hpp"

namespace asio = boost::asio;
namespace batch = stagger::batch;

namespace app {
namespace {

/// What `stagger worker` takes on its command line beside what sending takes, as given.
struct worker_options {
    std::string job;
    std::string progress = "auto";
};

/// One run of the command: joins the job, and is a batch whose prompts and results are the store's.
class worker_session {
 public:
    worker_session(const worker_options& chosen, send_options options)
        : chosen_(chosen),
          options_(std::move(options)),
          out_(options_.quiet),
          log_(make_log(out_, options_.log_level, options_.log_file)),
          interrupted_(context_),
          display_(context_, out_, parse_progress_mode(chosen_.progress), [this] { return view(); }),
          closing_(context_, out_, log_, [this] { return std::optional(runner_->status()); }),
          notices_("the results of the job") {
        // What is wrong with the options is said before anybody is waited for.
        static_cast<void>(make_plan(without_files(), stagger::duration::zero()));
        stagger::job::worker_notices told;
        told.remark = [this](const std::string& text) { out_.remark(text); };
        told.failed = [this](const std::string& problem) { store_failed(problem); };
        worker_ = std::make_shared<stagger::job::job_worker>(context_.get_executor(),
                                                             *make_fleet(options_.fleet), chosen_.job,
                                                             stagger::detail::member_name(), std::move(told));
    }
    ~worker_session() { worker_->stop(); }

    exit_code run() {
        const auto at_once = [this] {
            if (runner_) runner_->stop();
        };
        interrupted_.await([this] { stop_gently(); }, at_once);
        worker_->start();
        asio::co_spawn(context_, work(), [this](std::exception_ptr failed) {
            failed_ = failed;
            context_.stop();
        });
        context_.run();
        if (failed_) std::rethrow_exception(failed_);
        return conclude();
    }

 private:
    send_options without_files() const {
        send_options same = options_;
        same.decision_log.clear();
        return same;
    }

    asio::awaitable<void> work() {
        const auto about = co_await worker_->join();
        if (!about || interrupted_.has_come()) co_return;
        if (about->state == stagger::fleet::job_state::done) {
            out_.remark("job " + chosen_.job + " is done already");
            worker_->stop();
            co_return;
        }
        prepare(*about);
        display_.start();
        closing_.start();
        report_ = co_await runner_->run();
        display_.finish();
        closing_.finish();
        co_await worker_->leave();
    }

    /// A client for what the job asks, and the batch through it.
    void prepare(const stagger::job::description& about) {
        options_.model = about.model;
        plan_.emplace(make_plan(options_, stagger::duration::zero()));
        if (plan_->dialect != about.spoken) {
            throw failure(exit_code::wrong_usage,
                          "job " + chosen_.job + ": its prompts are in the dialect " +
                              std::string(to_string(about.spoken)) + ", and " + plan_->shown_url +
                              " speaks " + std::string(to_string(plan_->dialect)) + " (--dialect)");
        }
        if (const auto warning = cleartext_key_warning(*plan_); !warning.empty()) out_.remark(warning);
        closing_.hide(plan_->hidden);
        closing_.longest_wait(options_.max_wait);
        auto ended = [this](const stagger::attempt_events::done& attempt) {
            runner_->attempt_ended(attempt.info);
            closing_.attempt_ended(attempt);
        };
        plan_->client.observer(std::make_shared<attempt_log>(log_, std::move(ended)));
        show_fleet_notices(*plan_, context_.get_executor(), out_);
        log_transport(*plan_, *log_);
        memory_.emplace(options_, *plan_, log_);
        client_.emplace(make_client(context_.get_executor(), *plan_));
        worker_->in_flight([this] { return client_->status().in_flight; });
        summary_.emplace(options_.summary_file);
        runner_ = std::make_shared<batch::runner>(batch::transport_of(*client_), worker_->prompts(),
                                                  worker_->output(), plan_->hidden);
        batch::run_limits ends;
        ends.longest_wait = options_.max_wait;
        runner_->limits(ends);
        runner_->on_result([this](const stagger::batch_result& result) { on_result(result); });
        runner_->on_given_up([this](const stagger::batch_result& result) {
            worker_->give_back(result);
            // Of a model that this key may not ask, say: it would be handed out to this worker again.
            if (!runner_->stopping()) runner_->drain();
        });
    }

    void on_result(const stagger::batch_result& result) {
        if (!result.error) return;
        const auto told = notices_.tell(result.custom_id, result.error.message(),
                                        stagger::wire::failure_message(result.error, result.answer.info));
        if (told) out_.error(*told);
    }

    void stop_gently() {
        if (!runner_) return worker_->stop();
        runner_->drain();
        const auto in_flight = runner_->status().in_flight;
        if (in_flight > 0)
            out_.remark("interrupted: awaiting " + std::to_string(in_flight) +
                        " in flight; once more gives them back");
        display_.show();
    }

    void store_failed(const std::string& problem) {
        store_problem_ = problem;
        if (runner_) runner_->stop();
    }

    progress view() const {
        progress now;
        const auto& counts = runner_->counts();
        now.done = counts.succeeded;
        now.failed = counts.failed;
        now.prompt_tokens = counts.prompt_tokens;
        now.completion_tokens = counts.completion_tokens;
        now.gate = runner_->status();
        now.closing = closing_.current();
        now.stalled_by = closing_.stalled_by();
        now.elapsed = runner_->elapsed();
        now.stopping = runner_->stopping();
        return now;
    }

    exit_code conclude() {
        const auto code = explain();
        if (!runner_) return code;
        const auto report = report_ ? *report_ : runner_->report();
        if (report.counts.recorded() > 0) out_.print(describe(report, {{}, runner_->status()}));
        memory_->keep(client_->gates());
        last_outputs outputs(out_);
        outputs.write([&] { summary_->write(to_json(report, plan_->policy, {{}, runner_->status()})); });
        outputs.write([&] {
            if (plan_->decisions) plan_->decisions->finish();
        });
        return outputs.failed() ? exit_code::file_failed : code;
    }

    exit_code explain() {
        if (store_problem_) {
            out_.error(*store_problem_);
            return exit_code::endpoint_unusable;
        }
        if (!report_) return interrupted_.has_come() ? exit_code::interrupted : exit_code::done;
        switch (report_->end) {
            case batch::run_end::interrupted:
                if (interrupted_.has_come()) return exit_code::interrupted;
                break;
            case batch::run_end::nothing_admitted:
                out_.error("stopped, " + closing_.gave_up(report_->opens_at) + "; others may go on");
                return exit_code::nothing_admitted;
            case batch::run_end::endpoint_unusable:
                out_.error("cannot use " + plan_->shown_url + ": " + report_->problem +
                           missing_key(*plan_, report_->unusable));
                return exit_code::endpoint_unusable;
            default:
                break;
        }
        return exit_code::done;
    }

    const worker_options& chosen_;
    send_options options_;
    console out_;
    std::shared_ptr<spdlog::logger> log_;
    asio::io_context context_{1};
    std::optional<send_plan> plan_;
    std::optional<run_memory> memory_;
    std::optional<stagger::client> client_;  // its timers must not outlive the context
    interruption interrupted_;
    progress_display display_;
    closing_notice closing_;
    failure_notices notices_;
    std::optional<output_file> summary_;
    std::shared_ptr<stagger::job::job_worker> worker_;
    std::shared_ptr<batch::runner> runner_;
    std::optional<batch::run_report> report_;
    std::optional<std::string> store_problem_;
    std::exception_ptr failed_;
};

class worker_command final : public command {
 public:
    explicit worker_command(CLI::App& parser) {
        parser
            .add_option("--job", chosen_.job,
                        "The job to work at: the name that its stagger batch --job gives")
            ->required()
            ->type_name("NAME");
        add_progress_option(parser, chosen_.progress);
        add_worker_options(parser, options_);
    }

    exit_code run() override {
        check_job("--job", chosen_.job, options_.fleet);
        worker_session one(chosen_, options_);
        return one.run();
    }

 private:
    worker_options chosen_;
    send_options options_;
};

}  // namespace

std::unique_ptr<command> make_worker_command(CLI::App& parser) {
    return std::make_unique<worker_command>(parser);
}

}  // namespace app
