#include "batch_report.hpp"

#include <utility>

#include "http/clock.hpp"
#include "report/report_page.hpp"

namespace app {

namespace load = stagger::load;

load::run_results batch_results(load::run_results measured, const stagger::batch::run_report& report,
                                const std::optional<cost_counts>& costs) {
    const auto& counts = report.counts;
    measured.interrupted = report.end != stagger::batch::run_end::finished;
    measured.elapsed_s = measured.measured_s = stagger::to_seconds(report.elapsed);
    measured.requests = counts.recorded();
    measured.succeeded = counts.succeeded;
    measured.failed = counts.failed;
    measured.failures = {counts.failures.begin(), counts.failures.end()};
    measured.attempts = counts.attempts;
    measured.rejections = counts.rejected;
    measured.prompt_tokens = counts.prompt_tokens;
    measured.completion_tokens = counts.completion_tokens;
    auto& answers = measured.answers.emplace();
    answers.truncated = counts.truncated;
    answers.refused = counts.refused;
    if (costs) {
        answers.cost = costs->cost;
        answers.unpriced = costs->unpriced;
    }
    const auto succeeded = static_cast<double>(counts.succeeded);
    if (measured.elapsed_s > 0) {
        measured.goodput_per_s = succeeded / measured.elapsed_s;
        measured.tokens_per_s = static_cast<double>(counts.completion_tokens) / measured.elapsed_s;
    }
    if (counts.succeeded == 0) return measured;
    measured.attempts_per_success = static_cast<double>(counts.attempts) / succeeded;
    measured.rejections_per_100_successes = 100 * static_cast<double>(counts.rejected) / succeeded;
    // The server counts the tokens of answered prompts only: the others are taken to be as long.
    measured.wasted_tokens = counts.prompt_tokens * (counts.attempts - counts.succeeded) / counts.succeeded;
    return measured;
}

std::shared_ptr<stagger::attempt_observer> batch_report::watch(
    std::function<stagger::coordinator_status()> status, std::shared_ptr<stagger::attempt_observer> next) {
    if (!wanted_) return next;
    watch_ = std::make_shared<request_watch>(stagger::steady_now, std::move(status), std::move(next));
    return watch_;
}

void batch_report::start() {
    if (!wanted_) return;
    watch_->start();
    step();
}

void batch_report::step() {
    timer_.expires_after(load::timeline::shortest_step);
    timer_.async_wait([this](stagger::error_code error) {
        if (error) return;
        watch_->end_step();
        step();
    });
}

void batch_report::finish(const stagger::batch::run_report& report, const std::string& policy,
                          const std::optional<cost_counts>& costs, load::results_document about) {
    if (!wanted_) return;
    timer_.cancel();
    load::run_results run = batch_results(watch_->finish(), report, costs);
    run.policy = policy;
    about.runs = {std::move(run)};
    page_.write(report_page({{"", std::move(about)}}));
}

}  // namespace app
