#include "batch/runner.hpp"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/deferred.hpp>
#include <boost/asio/post.hpp>
#include <utility>

#include "batch/batch_error.hpp"
#include "batch/engine.hpp"
#include "dialect/answer_ending.hpp"

namespace asio = boost::asio;

namespace stagger::batch {
namespace {

// Results that are there together are written together; more of them at once would gain nothing.
constexpr std::size_t written_together = 256 * 1024;

bool tells_of_key(error_code error) {
    return error == errc::unauthorized || error == errc::forbidden;
}

}  // namespace

void run_counts::add_effort(const diagnostic& info) {
    ++ended;
    attempts += info.attempts;
    rejected += info.rejections;
    unreadable_answers += info.unreadable_answers;
    waiting += info.queued;
}

void run_counts::add_result(const error_code& error, const completion& answer) {
    prompt_tokens += answer.usage.prompt_tokens.value_or(0);
    completion_tokens += answer.usage.completion_tokens.value_or(0);
    const auto ending = wire::ending_of(answer.finish_reason);
    truncated += ending == wire::answer_ending::cut_off ? 1 : 0;
    refused += ending == wire::answer_ending::refused ? 1 : 0;
    for (const auto& each : answer.info.tries)
        asked_again += each.error == batch_errc::answer_not_as_expected ? 1 : 0;
    if (!error) {
        empty += answer.empty ? 1 : 0;
        ++succeeded;
        return;
    }
    ++failed;
    ++failures[error.message()];
}

runner::runner(transport target, std::unique_ptr<prompt_source> prompts,
               std::unique_ptr<result_output> results, wire::secrets hidden)
    : target_(std::move(target)),
      results_(std::move(results)),
      hidden_(std::move(hidden)),
      started_(std::chrono::steady_clock::now()),
      last_result_(started_),
      watch_(started_),
      check_timer_(target_.executor),
      deadline_timer_(target_.executor) {
    auto unanswered = std::make_unique<unanswered_prompts>(std::move(prompts), results_->recorded());
    prompts_ = unanswered.get();
    to_do_ = unanswered->remaining();
    source_ = std::move(unanswered);
}

void runner::select(const row_selection& selected, std::optional<std::size_t> to_do) {
    prompts_->select(selected, to_do);
    to_do_ = prompts_->remaining();
}

asio::awaitable<run_report> runner::run() {
    const auto self = shared_from_this();
    engine_ = std::make_shared<engine>(target_, std::move(source_), order_);
    engine_->start();
    batch_.emplace(engine_);
    if (end_ != run_end::finished) batch_->drain();
    if (limits_.longest_wait > duration::zero()) admission_.emplace(limits_.longest_wait);
    check_later();
    end_at_deadline();
    constexpr auto token = asio::as_tuple(asio::deferred);
    for (;;) {
        auto [error, result] = co_await batch_->async_next(token);
        if (error) end_early(run_end::input_failed, error.message());
        if (!result) break;
        for (; result; result = engine_->next_ready()) {
            take(std::move(*result));
            if (lines_.size() >= written_together) break;
        }
        co_await write_taken();
    }
    usability_.finish();
    note_unusable();
    settle_held();
    co_await write_taken();
    check_timer_.cancel();
    deadline_timer_.cancel();
    counts_.skipped = prompts_->skipped();
    if (const auto failed = results_->sync()) end_early(run_end::output_failed, failed.message());
    co_return report();
}

run_report runner::report() const {
    run_report report;
    // What ended a run when everything was done ended nothing.
    const bool wound_down = end_ == run_end::interrupted || end_ == run_end::deadline_passed ||
                            end_ == run_end::too_many_failures || end_ == run_end::nothing_admitted;
    report.end = wound_down && left() == 0 ? run_end::finished : end_;
    report.problem = problem_;
    report.unusable = unusable_;
    if (batch_) report.thrown = batch_->thrown();
    report.opens_at = opens_at_;
    report.left = report.end == run_end::finished ? 0 : left();
    report.elapsed = last_result_ - started_;
    report.counts = counts_;
    return report;
}

// What a stopped run gave up has no result; neither has what only shows again that the endpoint cannot be
// used.
bool runner::given_up(const batch_result& result) const {
    if (!result.error) return false;
    const bool ended = result.error == errc::shut_down || result.error == errc::cancelled;
    if (usability_.is_unusable(result.answer.info.alike))
        return ended || usability_watch::may_be_endpoints(result.error);
    if (end_ == run_end::finished) return false;
    if (ended) return true;
    return end_ == run_end::endpoint_unusable && concerns_endpoint(result.error);
}

void runner::take(batch_result result) {
    counts_.add_effort(result.answer.info);
    counts_.skipped = prompts_->skipped();
    if (result.error) check_endpoint();
    if (given_up(result) || end_ == run_end::output_failed) {
        if (told_given_up_) told_given_up_(result);
        return;
    }
    if (!held_.empty()) settle_held();
    std::string line = line_of(result);
    result.answer.raw = {};
    result.answer.text = {};
    const time_point now = std::chrono::steady_clock::now();
    if (result.error && usability_.is_open(result.answer.info, now)) {
        held_.push_back({std::move(result), std::move(line), now});
        return;
    }
    // In the order of the prompts nothing is recorded before what comes before it.
    if (order_.ordered() > 0 && !held_.empty()) record_held();
    record(std::move(result), std::move(line));
}

void runner::record(batch_result result, std::string line) {
    lines_ += line;
    lines_ += '\n';
    taken_.push_back(std::move(result));
}

void runner::record_held() {
    for (auto& one : std::exchange(held_, {})) record(std::move(one.result), std::move(one.line));
}

void runner::settle_held() {
    std::vector<held_result> open;
    for (auto& one : std::exchange(held_, {})) {
        if (given_up(one.result)) {
            if (told_given_up_) told_given_up_(one.result);
            continue;
        }
        if (usability_.is_open(one.result.answer.info, one.ended)) {
            open.push_back(std::move(one));
        } else {
            record(std::move(one.result), std::move(one.line));
        }
    }
    held_ = std::move(open);
}

std::string runner::line_of(batch_result& result) const {
    std::string text = results_->line_of(result);
    if (!result.error) return text;
    hidden_.mask(result.answer.info.message);
    hidden_.mask(text);
    return text;
}

// Results count when they are recorded, not before.
asio::awaitable<void> runner::write_taken() {
    if (taken_.empty()) co_return;
    auto lines = std::move(lines_);
    lines_.clear();
    const auto written = co_await results_->write_lines(std::move(lines));
    if (written.lines > 0) last_result_ = std::chrono::steady_clock::now();
    for (std::size_t index = 0; index < written.lines; ++index) {
        const auto& result = taken_[index];
        counts_.add_result(result.error, result.answer);
        if (told_) told_(result);
    }
    taken_.clear();
    check_failures();
    if (written.error) end_early(run_end::output_failed, written.error.message());
}

void runner::attempt_ended(const diagnostic& info) {
    tells_of_key(info.last_error) ? watch_.answered() : watch_.ended(info.last_error);
    if (const auto wanted = usability_.attempt_ended(std::chrono::steady_clock::now(), info)) apply(*wanted);
    if (concerns_endpoint(info.last_error)) last_failure_ = info.message;
    if (info.last_error == condition::throttled) last_refusal_ = info.message;
}

void runner::apply(const usability_watch::order& wanted) {
    using step = usability_watch::step;
    switch (wanted.what) {
        case step::hold:
            return target_.hold(wanted.kind);
        case step::ask_again:
            return target_.ask_again(wanted.kind);
        case step::release:
            return target_.release(wanted.kind);
        case step::refuse:
            // Not inside what an attempt reports: the run may end.
            asio::post(target_.executor, [self = shared_from_this()] { self->check_usability(); });
            return target_.refuse(wanted.kind);
    }
}

void runner::check_usability() {
    const time_point now = std::chrono::steady_clock::now();
    for (const auto& wanted : usability_.look(now)) apply(wanted);
    if (end_ != run_end::finished || !usability_.all_unusable()) return all_unusable_since_.reset();
    if (!all_unusable_since_) all_unusable_since_ = now;
    // Of models the list may have others: it is read on, but not for as long as a pipe may be silent.
    const bool long_enough = now - *all_unusable_since_ >= endpoint_watch::patience;
    if (usability_.endpoint_unusable() || long_enough) note_unusable();
}

void runner::note_unusable() {
    if (!usability_.any_unusable() || end_ != run_end::finished) return;
    unusable_ = usability_.error();
    std::string problem = usability_.reason();
    hidden_.mask(problem);
    wind_down(run_end::endpoint_unusable, std::move(problem));
}

void runner::check_admission() {
    if (!admission_ || end_ != run_end::finished) return;
    const auto verdict = admission_->look(std::chrono::steady_clock::now(), target_.status());
    if (!verdict) return;
    opens_at_ = verdict->opens_at;
    std::string said = last_refusal_;
    hidden_.mask(said);
    wind_down(run_end::nothing_admitted, std::move(said));
}

void runner::check_endpoint() {
    if (end_ != run_end::finished) return;
    const auto status = target_.status();
    watch_.decided(status.accepted + status.throttled);
    const auto unusable = watch_.verdict(std::chrono::steady_clock::now(), status.in_flight);
    if (!unusable) return;
    unusable_ = *unusable;
    std::string problem = explain(*unusable, last_failure_);
    hidden_.mask(problem);
    end_early(run_end::endpoint_unusable, std::move(problem));
}

void runner::check_later() {
    check_timer_.expires_after(endpoint_watch::check_interval);
    check_timer_.async_wait([self = shared_from_this()](error_code error) {
        if (error) return;
        self->check_endpoint();
        self->check_usability();
        self->check_admission();
        if (self->engine_) self->engine_->look_again();
        const auto failed = self->results_->sync_if_due(std::chrono::steady_clock::now());
        if (failed) self->end_early(run_end::output_failed, failed.message());
        self->check_later();
    });
}

void runner::check_failures() {
    const auto failed = counts_.failed;
    if (limits_.most_failures && failed > *limits_.most_failures) {
        wind_down(run_end::too_many_failures, std::to_string(failed) + " results are failures");
    }
    if (!limits_.most_failures_share || counts_.recorded() < run_limits::enough_for_a_share) return;
    const auto share = static_cast<double>(failed) / static_cast<double>(counts_.recorded());
    if (share > *limits_.most_failures_share) {
        wind_down(
            run_end::too_many_failures,
            std::to_string(failed) + " of " + std::to_string(counts_.recorded()) + " results are failures");
    }
}

void runner::end_at_deadline() {
    if (limits_.deadline <= duration::zero()) return;
    deadline_timer_.expires_at(saturating_add(started_, limits_.deadline));
    deadline_timer_.async_wait([self = shared_from_this()](error_code error) {
        if (!error) self->wind_down(run_end::deadline_passed, "its deadline has passed");
    });
}

void runner::wind_down(run_end why, std::string problem) {
    if (end_ != run_end::finished) return;
    end_ = why;
    problem_ = std::move(problem);
    if (batch_) batch_->drain();
    target_.stop_sending();
}

void runner::drain() {
    wind_down(run_end::interrupted, {});
}

void runner::stop() {
    if (end_ == run_end::finished) end_ = run_end::interrupted;
    if (batch_) batch_->drain();
    target_.stop_sending();
    target_.close();
}

void runner::end_early(run_end why, std::string problem) {
    if (end_ < run_end::endpoint_unusable) {  // a graver reason goes first
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
