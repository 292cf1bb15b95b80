#include <doctest/doctest.h>

#include "sending/closing.hpp"
#include "sending/progress.hpp"
#include "sending/progress_panel.hpp"
#include "terminal/duration_text.hpp"
#include "terminal/wall_clock.hpp"

using namespace std::chrono_literals;
using app::closing;
using app::closing_watch;
using app::wall_clock;
using stagger::coordinator_status;
using stagger::errc;
using stagger::time_point;

namespace {

constexpr time_point start{1h};

// 2026-11-29, 13:05:12 UTC.
constexpr wall_clock::moment afternoon{std::chrono::sys_days(std::chrono::year(2026) / 11 / 29) + 13h + 5min +
                                       12s};

wall_clock clock_at(wall_clock::moment now, std::chrono::seconds ahead) {
    return {[now] { return now; }, [ahead](wall_clock::moment) { return ahead; }};
}

/// An attempt that was refused so.
void refuse(closing_watch& watch, time_point now, stagger::duration retry_after, const std::string& words,
            std::optional<stagger::duration> cut_to = {}) {
    stagger::diagnostic info;
    info.last_error = errc::rate_limited;
    info.message = words;
    stagger::attempt_events::done ended{{1, 1}, errc::rate_limited, info, true, {}, 0, 0, {}, {}, cut_to};
    ended.said.retry_after = retry_after;
    watch.attempt_ended(now, ended);
}

coordinator_status opening(time_point at) {
    coordinator_status seen;
    seen.opens_at = at;
    return seen;
}

/// What is said as news when this closing is seen.
std::string said(closing_watch& watch, time_point now, const std::optional<closing>& current) {
    const auto news = watch.tell(now, current, clock_at(afternoon, 1h));
    if (!news) return "";
    return (news->repeats ? "again: " : "") + news->text;
}

}  // namespace

TEST_CASE("spans for people round up to their unit") {
    CHECK(app::span_text(0s) == "0 s");
    CHECK(app::span_text(6300ms) == "7 s");
    CHECK(app::span_text(119s) == "119 s");
    CHECK(app::span_text(59min) == "59 min");
    CHECK(app::span_text(58min + 1s) == "59 min");
    CHECK(app::span_text(2h) == "2 h");
    CHECK(app::span_text(7h + 58min) == "7 h 58 min");
    CHECK(app::span_text(48h) == "2 days");
    CHECK(app::span_text(74h) == "3 days 2 h");
    CHECK(app::span_text(31 * 24h) == "31 days");
}

TEST_CASE("a moment is said in local time and in UTC, with the days where they are not today's") {
    const wall_clock berlin = clock_at(afternoon, 1h);
    CHECK(app::moment_text(afternoon + 59min, berlin) == "15:04:12 (14:04:12 UTC)");
    CHECK(app::moment_text(afternoon + 59min + 1ms, berlin) == "15:04:13 (14:04:13 UTC)");
    CHECK(app::moment_text(afternoon + 10h, berlin) == "2026-11-30 00:05:12 (2026-11-29 23:05:12 UTC)");
    CHECK(app::moment_text(afternoon + 72h, berlin) == "2026-12-02 14:05:12 (2026-12-02 13:05:12 UTC)");
    const wall_clock utc = clock_at(afternoon, 0s);
    CHECK(app::moment_text(afternoon + 59min, utc) == "14:04:12 UTC");
    CHECK(app::moment_text(afternoon + 24h, utc) == "2026-11-30 13:05:12 UTC");
    // Today here, tomorrow there.
    const wall_clock west = clock_at(afternoon, -5h);
    CHECK(app::moment_text(afternoon + 12h, west) == "2026-11-29 20:05:12 (2026-11-30 01:05:12 UTC)");
    CHECK(app::until_text(59min, berlin) == "until 15:04:12 (14:04:12 UTC), in 59 min");
    CHECK(app::utc_text(afternoon) == "2026-11-29T13:05:12Z");
}

TEST_CASE("an offset is that of the moment, not of today") {
    const wall_clock clock{[] { return afternoon; },
                           [](wall_clock::moment when) { return when > afternoon ? 2h : 1h; }};
    CHECK(app::moment_text(afternoon + 1h, clock) == "16:05:12 (14:05:12 UTC)");
}

TEST_CASE("a wait without an end has a time all the same") {
    CHECK_FALSE(app::until_text(stagger::duration::max(), clock_at(afternoon, 1h)).empty());
}

TEST_CASE("a closing is said once, with its end and the server's words") {
    closing_watch watch;
    CHECK_FALSE(watch.look(start, coordinator_status()));
    refuse(watch, start, 1h, "Daily limit reached");
    const auto seen = watch.look(start, opening(start + 1h));
    REQUIRE(seen);
    CHECK(seen->opens_at == start + 1h);
    CHECK(said(watch, start, seen) ==
          "nothing is admitted until 15:05:12 (14:05:12 UTC), in 60 min: \"Daily limit reached\"");
    CHECK(said(watch, start + 1s, seen).empty());
    // An early attempt was told the rest, rounded up.
    CHECK(said(watch, start + 8min, watch.look(start, opening(start + 1h + 1s))).empty());
    CHECK(said(watch, start + 1h, watch.look(start + 1h, coordinator_status())).empty());
}

TEST_CASE("a closing that becomes longer is said again") {
    closing_watch watch;
    refuse(watch, start, 1min, "");
    CHECK(said(watch, start, closing{start + 1min, ""}) ==
          "nothing is admitted until 14:06:12 (13:06:12 UTC), in 60 s");
    CHECK_FALSE(said(watch, start + 1s, closing{start + 1h, ""}).empty());
}

TEST_CASE("a matter of seconds is not said") {
    closing_watch watch;
    CHECK(said(watch, start, closing{start + 5s, "wait"}).empty());
    CHECK_FALSE(said(watch, start, closing{start + 6s, "wait"}).empty());
}

TEST_CASE("what closes every minute is news once in ten minutes") {
    closing_watch watch;
    unsigned news = 0;
    unsigned repetitions = 0;
    for (int minute = 0; minute < 20; ++minute) {
        const time_point now = start + minute * 1min;
        const auto text = said(watch, now, closing{now + 50s, "slow down"});
        if (text.starts_with("again: ")) {
            ++repetitions;
        } else if (!text.empty()) {
            ++news;
        }
        CHECK(said(watch, now + 51s, std::nullopt).empty());
    }
    CHECK(news == 2);
    CHECK(repetitions == 18);
    // A longer one is news.
    CHECK(said(watch, start + 20min, closing{start + 2h, ""}).starts_with("nothing is admitted"));
}

TEST_CASE("a server that admits earlier than it has said is said to") {
    closing_watch watch;
    CHECK_FALSE(said(watch, start, closing{start + 1h, ""}).empty());
    CHECK(said(watch, start + 8min, std::nullopt) == "the server admits again, earlier than it has said");
    CHECK(said(watch, start + 9min, std::nullopt).empty());
    CHECK_FALSE(said(watch, start + 9min, closing{start + 1h, ""}).empty());
}

TEST_CASE("where each task waits for what it was told, that closes as well, and a backoff does not") {
    closing_watch watch;
    coordinator_status seen;
    seen.all_wait_until = start + 30s;
    CHECK_FALSE(watch.look(start, seen));  // nobody was told anything
    refuse(watch, start, 60s, "busy");
    seen.all_wait_until = start + 60s;
    REQUIRE(watch.look(start, seen));
    CHECK(watch.look(start, seen)->words == "busy");
    seen.all_wait_until = start + 61s;
    CHECK_FALSE(watch.look(start, seen));
    CHECK(watch.told_until() == start + 60s);
}

TEST_CASE("a cap that cuts what the server has said is what counts") {
    closing_watch watch;
    refuse(watch, start, 1h, "", 10min);
    CHECK(watch.told_until() == start + 10min);
}

TEST_CASE("progress says until when the server is closed, and in whose words") {
    app::progress view;
    view.gate.why = stagger::wait_reason::retry_after;
    view.gate.waiting = 7;
    view.closing = app::closing_view{afternoon, "14:05:12 (13:05:12 UTC)", "say \"please\""};
    CHECK(app::format_progress(view, 200).find(
              "7 waiting (server said when, until 14:05:12 (13:05:12 UTC))") != std::string::npos);
    CHECK(app::progress_json(view).find(
              R"("stopping":false,"opens_at":"2026-11-29T13:05:12Z","server_said":"say \"please\"",)") !=
          std::string::npos);
    const auto panel = app::format_panel(view, 60);
    CHECK(panel.ends_with("\nserver     say \"please\""));
    view.closing->words.clear();
    CHECK(app::progress_json(view).find(R"("opens_at":"2026-11-29T13:05:12Z","server_said":null,)") !=
          std::string::npos);
    CHECK(app::format_panel(view, 60).find("\nserver") == std::string::npos);
}
