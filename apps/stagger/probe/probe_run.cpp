#include "probe_run.hpp"

#include <fmt/format.h>

#include <boost/asio/post.hpp>

#include "dialect/status_meaning.hpp"
#include "probe/probe_needs.hpp"
#include "probe_text.hpp"
#include "sending/attempt_log.hpp"

namespace app {
namespace {

using stagger::probe::probe_answer;

stagger::time_point now() {
    return std::chrono::steady_clock::now();
}

/// What an attempt tells about limits.
probe_answer::outcome outcome_of(const stagger::attempt_events::done& attempt) {
    using outcome = probe_answer::outcome;
    // An answer is an answer, whatever is in it.
    if (!attempt.error || stagger::wire::is_success(attempt.info.http_status)) return outcome::admitted;
    if (attempt.error == stagger::condition::throttled) return outcome::refused;
    return attempt.error == stagger::condition::permanent ? outcome::unusable : outcome::failed;
}

}  // namespace

/// Tells the run when requests leave and end, and the log everything.
class probe_run::watcher final : public stagger::attempt_observer {
 public:
    watcher(probe_run& told, const std::shared_ptr<spdlog::logger>& log)
        : told_(&told), log_(log, [](const stagger::attempt_events::done&) {}) {}

    /// From now on only the log is told.
    void let_go() { told_ = nullptr; }

    void queued(const stagger::attempt_events::queued& event) noexcept override { log_.queued(event); }
    void admitted(const stagger::attempt_events::admitted& event) noexcept override { log_.admitted(event); }
    void head(const stagger::attempt_events::head& event) noexcept override { log_.head(event); }
    void sent(const stagger::attempt_events::sent& event) noexcept override {
        log_.sent(event);
        if (told_) told_->sent(event.id.request);
    }
    void done(const stagger::attempt_events::done& event) noexcept override {
        log_.done(event);
        if (told_) told_->ended(event);
    }

 private:
    probe_run* told_;
    attempt_log log_;
};

probe_run::probe_run(send_plan plan, const stagger::probe::probe_bounds& bounds, console& out,
                     std::shared_ptr<spdlog::logger> log)
    : plan_(std::move(plan)),
      out_(out),
      watcher_(std::make_shared<watcher>(*this, log)),
      signals_(context_),
      timer_(context_),
      bounds_(bounds),
      probe_(bounds, now()),
      started_(now()) {
    plan_.client.observer(watcher_);
    client_.emplace(make_client(context_.get_executor(), plan_));
}

probe_run::~probe_run() {
    watcher_->let_go();
}

stagger::probe::probe_findings probe_run::run(const stagger::completion_request& request) {
    request_ = request;
    apply_defaults(plan_, *request_);
    signals_.await([this] {
        interrupted_ = true;
        probe_.stop(now());
        stop();
    });
    go_on();
    context_.run();
    auto found = stagger::probe::conclude(probe_.answers(), probe_.end());
    found.took = now() - started_;
    return found;
}

void probe_run::go_on() {
    while (!over_) {
        const auto step = probe_.next(now());
        switch (step.what) {
            case stagger::probe::probe_plan::step::kind::send:
                client_->async_complete(*request_, [](stagger::error_code, const stagger::completion&) {});
                break;
            case stagger::probe::probe_plan::step::kind::wait:
                warn_of_bounds();
                show();
                return wait_until(step.at);
            case stagger::probe::probe_plan::step::kind::finished:
                return stop();
        }
    }
}

// As soon as it can be known, and once: whoever waits for minutes wants to know then, not at the end.
void probe_run::warn_of_bounds() {
    if (warned_) return;
    const auto needs = stagger::probe::estimate_needs(probe_.answers(), now());
    if (!needs) return;
    const std::string warning = needs_text(*needs, bounds_);
    if (warning.empty()) return;
    warned_ = true;
    out_.remark(warning);
}

void probe_run::wait_until(stagger::time_point at) {
    if (at == stagger::never) {
        timer_.cancel();
        return;
    }
    timer_.expires_at(at);
    timer_.async_wait([this](stagger::error_code error) {
        if (!error) go_on();
    });
}

// The client numbers its requests from 1, in the order in which the plan asked for them.
void probe_run::sent(std::uint64_t request) {
    if (!over_) probe_.departed(request - 1, now());
}

void probe_run::ended(const stagger::attempt_events::done& attempt) {
    if (over_) return;
    const auto outcome = outcome_of(attempt);
    if (outcome == probe_answer::outcome::failed || outcome == probe_answer::outcome::unusable) {
        last_error_ = attempt.error;
        last_problem_ = attempt.info.message;
    }
    probe_.answered(attempt.id.request - 1, now(), outcome, attempt.said);
    // Later: the client is in the middle of its work.
    boost::asio::post(context_, [this] { go_on(); });
}

void probe_run::stop() {
    if (over_) return;
    over_ = true;
    out_.clear_status();
    timer_.cancel();
    signals_.cancel();
    client_->close();
}

void probe_run::show() const {
    if (!out_.shows_status()) return;
    out_.status(fmt::format("{:.0f} s  {} requests  {}", stagger::to_seconds(now() - started_),
                            probe_.answers().size(), probe_.doing()));
}

}  // namespace app
