#include "pacing/rivals/cookbook_pause.hpp"

#include <algorithm>

namespace stagger {

namespace {

std::optional<refilling_bucket> a_minutes_worth(double per_minute) {
    if (per_minute == 0) return std::nullopt;
    return refilling_bucket(per_minute, per_minute / 60, per_minute);
}

}  // namespace

cookbook_pause::cookbook_pause(const coordinator_options& options)
    : requests_(a_minutes_worth(options.requests_per_minute())),
      tokens_(a_minutes_worth(options.tokens_per_minute())) {}

bool cookbook_pause::looks_and_pauses(time_point now) {
    if (!last_error_ || now >= after(*last_error_, pause_after_error)) return false;
    asleep_until_ = after(*last_error_, pause_after_error);
    asleep_for_ = wait_reason::closed;
    just_woke_ = true;
    return true;
}

opening cookbook_pause::next_opening(time_point now, const line_view& line) {
    if (now < asleep_until_) return {asleep_until_, asleep_for_};
    if (!just_woke_ && looks_and_pauses(now)) return {asleep_until_, asleep_for_};
    time_point enough = now;
    if (requests_) enough = std::max(enough, requests_->available_at(now, line.head.requests));
    if (tokens_) enough = std::max(enough, tokens_->available_at(now, line.head.tokens));
    if (enough == now) return {now, wait_reason::none};
    // The loop goes round while it waits for capacity, and then it does look.
    just_woke_ = false;
    if (looks_and_pauses(now)) return {asleep_until_, asleep_for_};
    return {enough, wait_reason::pace};
}

departure cookbook_pause::on_send(time_point now, const cost& what) {
    if (requests_) requests_->take(now, what.requests);
    if (tokens_) tokens_->take(now, what.tokens);
    just_woke_ = false;
    asleep_until_ = after(now, sleep_each_loop);
    asleep_for_ = wait_reason::pace;
    return sends_.count(now, what);
}

void cookbook_pause::on_throttled(time_point now, const departure&, const hints&) {
    last_error_ = now;
    // Awake with nothing to send, the loop goes round and looks.
    if (now >= asleep_until_) just_woke_ = false;
}

void cookbook_pause::describe(time_point now, coordinator_status& status) const {
    const bool pausing = now < asleep_until_ && asleep_for_ == wait_reason::closed;
    status.mode = pausing ? coordinator_mode::closed : coordinator_mode::ride;
    if (requests_) status.pace_per_s = requests_->rate_per_s();
}

}  // namespace stagger
