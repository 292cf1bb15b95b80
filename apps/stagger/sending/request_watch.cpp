#include "request_watch.hpp"

#include <utility>

#include "stagger/error.hpp"

namespace app {

namespace events = stagger::attempt_events;
namespace load = stagger::load;

request_watch::request_watch(std::function<stagger::time_point()> clock,
                             std::function<stagger::coordinator_status()> status,
                             std::shared_ptr<stagger::attempt_observer> next)
    : clock_(std::move(clock)),
      status_(std::move(status)),
      next_(std::move(next)),
      ledger_(clock_, {[this](stagger::time_point now) {
                           recorder_->attempt_sent(now);
                           if (closed_) observe();
                       },
                       [this](const load::attempt_record& record) {
                           recorder_->attempt_ended(record);
                           if (closed_ || record.error) observe();
                       }}) {}

void request_watch::start() {
    recorder_.emplace(clock_(), load::measuring());
}

void request_watch::end_step() {
    recorder_->end_step(clock_(), status_());
}

load::run_results request_watch::finish() {
    end_step();
    return recorder_->finish(clock_());
}

void request_watch::queued(const events::queued& event) noexcept {
    begun_.try_emplace(event.id.request, clock_());
    ledger_.queued(event);
    next_->queued(event);
}

void request_watch::admitted(const events::admitted& event) noexcept {
    ledger_.admitted(event);
    next_->admitted(event);
}

void request_watch::sent(const events::sent& event) noexcept {
    ledger_.sent(event);
    next_->sent(event);
}

void request_watch::head(const events::head& event) noexcept {
    ledger_.head(event);
    next_->head(event);
}

void request_watch::done(const events::done& event) noexcept {
    ledger_.done(event);
    if (!event.again_in) end_request(event);
    next_->done(event);
}

void request_watch::end_request(const events::done& event) {
    load::request_record record;
    record.scheduled = record.sent = begun_.at(event.id.request);
    record.ended = clock_();
    record.error = event.error;
    record.http_status = event.info.http_status;
    record.attempts = event.info.attempts;
    record.rejections = event.info.rejections;
    record.effort = ledger_.take(event.id.request);
    begun_.erase(event.id.request);
    if (event.error == stagger::errc::cancelled || event.error == stagger::errc::shut_down) return;
    recorder_->request_ended(std::move(record));
}

// Only an attempt that fails closes the server for the client; what opens it again is the next one.
void request_watch::observe() {
    const stagger::coordinator_status seen = status_();
    closed_ = seen.mode == stagger::coordinator_mode::closed;
    recorder_->observe(clock_(), seen);
}

}  // namespace app
