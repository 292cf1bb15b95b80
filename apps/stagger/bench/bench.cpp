#include <CLI/CLI.hpp>
#include <algorithm>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <exception>

#include "batch/endpoint_watch.hpp"
#include "bench_options.hpp"
#include "bench_prompts.hpp"
#include "bench_table.hpp"
#include "cli/commands.hpp"
#include "cli/last_outputs.hpp"
#include "cli/output_file.hpp"
#include "cli/stop_signals.hpp"
#include "load/results_file.hpp"
#include "report/report_page.hpp"
#include "request_csv.hpp"
#include "sending/attempt_log.hpp"
#include "sending/cleartext_key.hpp"
#include "sending/closing_notice.hpp"
#include "sending/log.hpp"
#include "sending/progress_display.hpp"
#include "sending/run_description.hpp"
#include "sending/transport_log.hpp"
#include "stagger/admission_watch.hpp"
#include "terminal/console.hpp"

namespace asio = boost::asio;
namespace load = stagger::load;

namespace app {
namespace {

/// One run of the command: a turn for each policy, and around them what a user sees and presses.
class bench_session {
 public:
    explicit bench_session(const bench_options& options)
        : options_(options),
          plan_(make_bench_plan(options)),
          out_(options.send.quiet),
          log_(make_log(out_, options.send.log_level, options.send.log_file)),
          prompts_(read_bench_prompts(plan_)),
          signals_(context_),
          display_(context_, out_, plan_.progress, [this] { return view(); }),
          closing_(context_, out_, log_, [this] { return status(); }),
          pause_(context_),
          watch_timer_(context_),
          json_(options.json),
          html_(options.html),
          csv_(options.csv) {
        for (send_plan& turn : plan_.turns) show_fleet_notices(turn, context_.get_executor(), out_);
        describe(options);
    }

    exit_code run() {
        signals_.await([this] { on_signal(); });
        display_.start();
        closing_.hide(plan_.turns.front().hidden);
        if (const auto warning = cleartext_key_warning(plan_.turns.front()); !warning.empty())
            out_.remark(warning);
        log_transport(plan_.turns.front(), *log_);
        closing_.longest_wait(max_wait());
        closing_.start();
        watch_endpoint();
        auto finished = [this](const std::exception_ptr& failed) {
            if (failed) std::rethrow_exception(failed);
            context_.stop();
        };
        asio::co_spawn(context_, run_turns(), std::move(finished));
        context_.run();
        return conclude();
    }

 private:
    void describe(const bench_options& options) {
        results_ = describe_this_run(options.send, plan_.turns.front());
        results_.load = describe_load(plan_);
        results_.slo = plan_.measuring.slo;
    }

    asio::awaitable<void> run_turns() {
        constexpr auto token = asio::as_tuple(asio::deferred);
        for (const send_plan& turn : plan_.turns) {
            if (&turn != &plan_.turns.front() && !stopped_) {
                pause_.expires_after(plan_.rest);
                co_await pause_.async_wait(token);
            }
            if (stopped_) break;
            co_await run_turn(turn);
        }
    }

    asio::awaitable<void> run_turn(const send_plan& turn) {
        turn_began_ = std::chrono::steady_clock::now();
        watch_.emplace(turn_began_);
        last_failure_.clear();
        admission_.reset();
        if (max_wait() > stagger::duration::zero()) admission_.emplace(max_wait());
        auto logged = std::make_shared<attempt_log>(
            log_, [this](const stagger::attempt_events::done& attempt) { note(attempt); });
        const auto make = [this, &turn](std::shared_ptr<stagger::attempt_observer> told) {
            send_plan observed = turn;
            observed.client.observer(std::move(told));
            return make_client(context_.get_executor(), observed);
        };
        load::load_order order{plan_.profile, requests_of(plan_, turn, prompts_), plan_.stream};
        current_ = std::make_shared<load::load_run>(context_.get_executor(), make, std::move(logged),
                                                    std::move(order), plan_.measuring);
        policy_ = turn.policy;
        current_->on_request([this](const load::request_record& record) { list(record); });
        load::run_results found = co_await current_->run();
        found.policy = turn.policy;
        results_.runs.push_back(std::move(found));
        // A turn may be over before the first look.
        if (!stopped_) conclude_unusable(watch_->last_verdict());
    }

    void list(const load::request_record& record) {
        csv_.add(policy_, current_->start(), record);
        // Whoever reads the lines has gone away.
        if (csv_.failed() && options_.csv == "-") stop();
    }

    void note(const stagger::attempt_events::done& attempt) {
        const stagger::diagnostic& info = attempt.info;
        watch_->ended(info.last_error);
        if (stagger::batch::concerns_endpoint(info.last_error)) last_failure_ = info.message;
        closing_.attempt_ended(attempt);
    }

    stagger::duration max_wait() const { return options_.send.max_wait; }

    std::optional<stagger::coordinator_status> status() const {
        return current_ ? std::optional(current_->status()) : std::nullopt;
    }

    void watch_endpoint() {
        watch_timer_.expires_after(stagger::batch::endpoint_watch::check_interval);
        watch_timer_.async_wait([this](stagger::error_code error) {
            if (error) return;
            check_endpoint();
            check_admission();
            watch_endpoint();
        });
    }

    void check_endpoint() {
        if (!current_ || stopped_) return;
        const auto status = current_->status();
        watch_->decided(status.accepted + status.throttled);
        conclude_unusable(watch_->verdict(std::chrono::steady_clock::now(), status.in_flight));
    }

    void check_admission() {
        if (!current_ || !admission_ || stopped_) return;
        const auto verdict = admission_->look(std::chrono::steady_clock::now(), current_->status());
        if (!verdict) return;
        gave_up_ = closing_.gave_up(verdict->opens_at);
        stop();
    }

    void conclude_unusable(std::optional<stagger::error_code> verdict) {
        if (!verdict) return;
        const auto watched = std::chrono::steady_clock::now() - turn_began_;
        unusable_ = stagger::batch::explain(*verdict, last_failure_, watched);
        plan_.turns.front().hidden.mask(*unusable_);
        *unusable_ += missing_key(plan_.turns.front(), *verdict);
        stop();
    }

    // A second one does not wait for what is being closed.
    void on_signal() {
        if (interrupted_) return context_.stop();
        interrupted_ = true;
        stop();
    }

    void stop() {
        stopped_ = true;
        pause_.cancel();
        if (current_) current_->stop();
    }

    progress view() const {
        progress now;
        if (!current_) return now;
        const load::load_counts& counts = current_->counts();
        if (plan_.turns.size() > 1) now.title = policy_;
        now.done = counts.succeeded;
        now.failed = counts.failed;
        if (plan_.profile.requests) now.left = *plan_.profile.requests - counts.ended();
        now.prompt_tokens = counts.prompt_tokens;
        now.completion_tokens = counts.completion_tokens;
        now.gate = current_->status();
        now.closing = closing_.current();
        now.elapsed = current_->elapsed();
        now.stopping = stopped_;
        return now;
    }

    /// @return whether all of it could be written
    bool write_all() {
        last_outputs outputs(out_);
        outputs.write([this] { show_tables(); });
        outputs.write([this] { json_.write(load::format_results(results_)); });
        outputs.write([this] {
            if (!results_.runs.empty()) html_.write(report_page({{"", results_}}));
        });
        outputs.write([this] { csv_.finish(); });
        return !outputs.failed();
    }

    // What was measured before an endpoint was lost is worth to be seen; where nothing was, the reason is
    // all.
    void show_tables() {
        const auto& runs = results_.runs;
        const bool measured =
            std::any_of(runs.begin(), runs.end(), [](const auto& run) { return run.succeeded > 0; });
        if (unusable_ && !measured) return;
        for (const load::run_results& run : runs) {
            if (const auto doubt = doubts_about(run, results_.load); !doubt.empty()) out_.error(doubt);
        }
        if (!plan_.has_standard_output) write_standard_output(bench_tables(results_));
    }

    /// The policies whose turn has not come.
    std::string not_begun() const {
        std::string names;
        for (std::size_t each = results_.runs.size(); each < plan_.turns.size(); ++each)
            names.append(names.empty() ? "; not begun: " : ", ").append(plan_.turns[each].policy);
        return names;
    }

    exit_code conclude() {
        display_.finish();
        closing_.finish();
        if (unusable_) out_.error("cannot use " + plan_.turns.front().shown_url + ": " + *unusable_);
        const bool whole = write_all();
        if (interrupted_) {
            out_.remark("interrupted: the figures are of what was measured until then" + not_begun());
        }
        if (gave_up_)
            out_.error("stopped, " + *gave_up_ + "; the figures are of what was measured until then" +
                       not_begun());
        if (!whole) return exit_code::file_failed;
        if (unusable_) return exit_code::endpoint_unusable;
        if (gave_up_) return exit_code::nothing_admitted;
        return interrupted_ ? exit_code::interrupted : exit_code::done;
    }

    const bench_options& options_;
    bench_plan plan_;
    console out_;
    std::shared_ptr<spdlog::logger> log_;
    std::vector<stagger::completion_request> prompts_;
    asio::io_context context_{1};
    stop_signals signals_;
    progress_display display_;
    closing_notice closing_;
    asio::steady_timer pause_;
    asio::steady_timer watch_timer_;
    output_file json_;
    output_file html_;
    request_csv csv_;
    stagger::time_point turn_began_{};
    std::optional<stagger::batch::endpoint_watch> watch_;
    std::shared_ptr<load::load_run> current_;
    std::string policy_;
    load::results_document results_;
    std::optional<stagger::admission_watch> admission_;
    std::optional<std::string> gave_up_;  // waiting for the server, and why
    std::optional<std::string> unusable_;
    std::string last_failure_;
    bool interrupted_ = false;
    bool stopped_ = false;
};

class bench_command final : public command {
 public:
    explicit bench_command(CLI::App& parser) : parser_(parser) { add_bench_options(parser, options_); }

    exit_code run() override {
        options_.gate_is_given = parser_.count("--max-concurrency") > 0;
        bench_session one(options_);
        return one.run();
    }

 private:
    const CLI::App& parser_;
    bench_options options_;
};

}  // namespace

std::unique_ptr<command> make_bench_command(CLI::App& parser) {
    return std::make_unique<bench_command>(parser);
}

}  // namespace app
