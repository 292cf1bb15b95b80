#include "batch/runner.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/deferred.hpp>
#include <utility>

#include "batch/engine.hpp"
#include "wire/batch_line.hpp"

namespace asio = boost::asio;

namespace stagger::batch {

void run_counts::add_effort(const diagnostic& info) {
    ++ended;
    attempts += info.attempts;
    rejected += info.rejections;
    waiting += info.queued;
}

void run_counts::add_result(const error_code& error, const completion& answer) {
    prompt_tokens += answer.usage.prompt_tokens.value_or(0);
    completion_tokens += answer.usage.completion_tokens.value_or(0);
    if (!error) {
        ++succeeded;
        return;
    }
    ++failed;
    ++failures[error.message()];
}

runner::runner(transport target, std::unique_ptr<prompt_source> prompts, std::unique_ptr<result_file> results,
               wire::secrets hidden)
    : target_(std::move(target)),
      results_(std::move(results)),
      hidden_(std::move(hidden)),
      started_(std::chrono::steady_clock::now()),
      last_result_(started_),
      watch_(started_),
      check_timer_(target_.executor) {
    auto unanswered = std::make_unique<unanswered_prompts>(std::move(prompts), results_->answered());
    prompts_ = unanswered.get();
    to_do_ = unanswered->remaining();
    source_ = std::move(unanswered);
}

asio::awaitable<run_report> runner::run() {
    const auto self = shared_from_this();
    const auto batch_engine = std::make_shared<engine>(target_, std::move(source_), 0);
    batch_engine->start();
    batch_.emplace(batch_engine);
    if (end_ != run_end::finished) batch_->drain();
    check_later();
    constexpr auto token = asio::as_tuple(asio::deferred);
    for (;;) {
        auto [error, result] = co_await batch_->async_next(token);
        if (error) end_early(run_end::input_failed, error.message());
        if (!result) break;
        co_await record(std::move(*result));
    }
    check_timer_.cancel();
    counts_.skipped = prompts_->skipped();
    if (const auto failed = results_->sync()) end_early(run_end::output_failed, failed.message());
    co_return report();
}

run_report runner::report() const {
    run_report report;
    // An interruption that came when everything was done is none.
    report.end = end_ == run_end::interrupted && left() == 0 ? run_end::finished : end_;
    report.problem = problem_;
    report.left = report.end == run_end::finished ? 0 : left();
    report.elapsed = last_result_ - started_;
    report.counts = counts_;
    return report;
}

// What a stopped run gave up has no result; neither has what only shows again that the endpoint cannot be
// used.
bool runner::given_up(const batch_result& result) const {
    if (end_ == run_end::finished || !result.error) return false;
    if (result.error == errc::shut_down || result.error == errc::cancelled) return true;
    return end_ == run_end::endpoint_unusable && concerns_endpoint(result.error);
}

asio::awaitable<void> runner::record(batch_result result) {
    auto& info = result.answer.info;
    counts_.add_effort(info);
    counts_.skipped = prompts_->skipped();
    check_endpoint();
    if (given_up(result) || end_ == run_end::output_failed) {
        co_return;
    }
    std::string text;
    if (result.error == errc::invalid_request) {
        text = wire::format_input_error_line(result.custom_id, info.message);
    } else {
        text = wire::format_result_line(result.custom_id, result.error, result.answer);
    }
    if (result.error) {
        hidden_.mask(text);
        hidden_.mask(info.message);
    }
    const auto failed = co_await results_->write_line(std::move(text));
    if (failed) {
        end_early(run_end::output_failed, failed.message());
        co_return;
    }
    last_result_ = std::chrono::steady_clock::now();
    counts_.add_result(result.error, result.answer);
    if (told_) told_(result);
}

void runner::attempt_ended(const diagnostic& info) {
    watch_.ended(info.last_error);
    if (concerns_endpoint(info.last_error)) last_failure_ = info.message;
}

void runner::check_endpoint() {
    if (end_ != run_end::finished) return;
    const auto status = target_.status();
    if (status.accepted + status.throttled > 0) watch_.answered();
    const auto unusable = watch_.verdict(std::chrono::steady_clock::now(), status.in_flight);
    if (!unusable) return;
    std::string problem = explain(*unusable, last_failure_);
    hidden_.mask(problem);
    end_early(run_end::endpoint_unusable, std::move(problem));
}

void runner::check_later() {
    check_timer_.expires_after(endpoint_watch::check_interval);
    check_timer_.async_wait([self = shared_from_this()](error_code error) {
        if (error || self->end_ != run_end::finished) return;
        self->check_endpoint();
        self->check_later();
    });
}

void runner::drain() {
    if (end_ != run_end::finished) return;
    end_ = run_end::interrupted;
    if (batch_) batch_->drain();
    target_.stop_sending();
}

void runner::stop() {
    if (end_ == run_end::finished) end_ = run_end::interrupted;
    if (batch_) batch_->drain();
    target_.stop_sending();
    target_.close();
}

void runner::end_early(run_end why, std::string problem) {
    if (end_ == run_end::finished || end_ == run_end::interrupted) {
        end_ = why;
        problem_ = std::move(problem);
    }
    stop();
}

std::optional<std::size_t> runner::left() const {
    if (!to_do_) return std::nullopt;
    return *to_do_ > counts_.recorded() ? *to_do_ - counts_.recorded() : 0;
}

duration runner::elapsed() const {
    return std::chrono::steady_clock::now() - started_;
}

}  // namespace stagger::batch
