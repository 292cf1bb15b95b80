#include "closing_notice.hpp"

#include <utility>

#include "http/clock.hpp"
#include "stagger/error.hpp"
#include "terminal/duration_text.hpp"

namespace app {
namespace {

constexpr auto look_interval = std::chrono::milliseconds(250);

}  // namespace

closing_notice::closing_notice(boost::asio::io_context& context, console& out,
                               std::shared_ptr<spdlog::logger> log,
                               std::function<std::optional<stagger::coordinator_status>()> status,
                               wall_clock clock)
    : timer_(context),
      out_(out),
      log_(std::move(log)),
      status_(std::move(status)),
      clock_(std::move(clock)) {}

void closing_notice::attempt_ended(const stagger::attempt_events::done& attempt) {
    watch_.attempt_ended(stagger::steady_now(), attempt);
    stalls_.attempt_ended(attempt);
}

void closing_notice::start() {
    look_later();
}

void closing_notice::look_later() {
    timer_.expires_after(look_interval);
    timer_.async_wait([this](stagger::error_code error) {
        if (error) return;
        look();
        look_later();
    });
}

void closing_notice::look() {
    const auto seen = status_();
    if (!seen) return;
    const stagger::time_point now = stagger::steady_now();
    const auto current = watch_.look(now, *seen);
    stalled_ = stalls_.look(now, *seen);
    tell_closing(now, current);
    tell_stall(now, *seen, current);
}

void closing_notice::tell_closing(stagger::time_point now, const std::optional<closing>& current) {
    const bool may_end_run = longest_wait_ > stagger::duration::zero();
    if (current && may_end_run && current->opens_at - now > longest_wait_) return;
    auto news = watch_.tell(now, current, clock_);
    if (news) say(std::move(news->text), !news->repeats);
}

// What the server has announced was said as that, and is repeated only where nothing is drawn.
void closing_notice::tell_stall(stagger::time_point now, const stagger::coordinator_status& seen,
                                const std::optional<closing>& current) {
    if (auto kind = stalls_.tell_refused_kind(now, seen)) say(std::move(*kind), true);
    auto news = stalls_.tell(now, stalled_);
    if (!news) return;
    const bool said_already = news->again || current;
    if (said_already && stalled_->lasts < stall_watch::told_every) return;
    if (current) news->text += "; " + closing_text(*current, now, clock_);
    say(std::move(news->text), !said_already || !out_.shows_status());
}

void closing_notice::say(std::string text, bool shown) {
    hidden_.mask(text);
    if (shown) out_.remark(text);
    log_->info("{}", text);
}

std::string closing_notice::stalled_by() const {
    std::string words = stalled_ ? stalled_->words : "";
    hidden_.mask(words);
    return words;
}

std::optional<closing_view> closing_notice::current() const {
    const auto seen = status_();
    if (!seen) return std::nullopt;
    const stagger::time_point now = stagger::steady_now();
    auto closed = watch_.look(now, *seen);
    if (!closed) return std::nullopt;
    hidden_.mask(closed->words);
    const auto opens_at = clock_.in(closed->opens_at - now);
    return closing_view{opens_at, moment_text(opens_at, clock_), std::move(closed->words)};
}

std::string closing_notice::until_told() const {
    const auto until = watch_.told_until();
    const stagger::time_point now = stagger::steady_now();
    return until && *until - now > a_few_seconds ? until_text(*until - now, clock_) : "";
}

std::string closing_notice::gave_up(std::optional<stagger::time_point> opens_at) const {
    const stagger::time_point now = stagger::steady_now();
    std::string text;
    if (opens_at && *opens_at > now) {
        text = closing_text({*opens_at, watch_.words()}, now, clock_);
    } else {
        text = "nothing was admitted for " + span_text(longest_wait_) + ", and until when is not known" +
               in_its_words(watch_.words());
    }
    hidden_.mask(text);
    return text;
}

}  // namespace app
