#include <doctest/doctest.h>

#include <string>

#include "sending/stall.hpp"
#include "stagger/error.hpp"

using namespace std::chrono_literals;
using stagger::coordinator_status;
using stagger::errc;
using stagger::time_point;

namespace {

constexpr time_point start{1000s};

struct fixture {
    app::stall_watch watch;
    coordinator_status seen;

    fixture() { seen.waiting = 5; }

    void turned_away(errc error, const std::string& words) {
        stagger::diagnostic info;
        info.last_error = error;
        info.message = words;
        watch.attempt_ended({{}, error, info, true, {}, 0, 0, std::nullopt, {}});
        ++(info.last_error == stagger::condition::throttled ? seen.throttled : seen.failed);
    }
    std::string told(time_point now) {
        const auto news = watch.tell(now, watch.look(now, seen));
        return news ? (news->again ? "again: " : "") + news->text : "";
    }
};

}  // namespace

TEST_CASE("what holds everybody for more than a few seconds is said once, and then every half a minute") {
    fixture all;
    CHECK(all.told(start).empty());
    all.turned_away(errc::rate_limited, "account is not active");
    CHECK(all.told(start + 5s).empty());
    CHECK(all.told(start + 5500ms) == "nothing was admitted for 5 s: \"account is not active\"");
    CHECK(all.told(start + 20s).empty());
    CHECK(all.told(start + 36s) == "again: nothing was admitted for 36 s: \"account is not active\"");
    CHECK(all.told(start + 60s).empty());
    all.turned_away(errc::server_error, "upstream is gone");
    CHECK(all.told(start + 66s) == "again: nothing was admitted for 66 s: \"upstream is gone\"");
}

TEST_CASE("where something is admitted, nobody waits, or a slow server is at work, nothing is said") {
    fixture admitted;
    admitted.told(start);
    for (int second = 1; second < 100; ++second) {
        admitted.turned_away(errc::rate_limited, "slower");
        ++admitted.seen.accepted;
        CHECK(admitted.told(start + second * 1s).empty());
    }

    fixture slow;
    slow.seen.in_flight = 5;
    slow.told(start);
    CHECK(slow.told(start + 1h).empty());

    fixture idle;
    idle.told(start);
    idle.turned_away(errc::rate_limited, "no");
    idle.seen.waiting = 0;
    CHECK(idle.told(start + 1h).empty());
}

TEST_CASE("where nothing was ever answered, the run may end for it first") {
    fixture all;
    all.told(start);
    all.turned_away(errc::connect_failed, "refused");
    CHECK(all.told(start + 10s).empty());
    CHECK(all.told(start + 12s) == "nothing was admitted for 12 s: \"refused\"");
}

TEST_CASE("a short standstill every minute is said once in ten minutes, a long one again") {
    fixture all;
    for (int minute = 0; minute < 10; ++minute) {
        const time_point now = start + minute * 60s;
        ++all.seen.accepted;
        all.told(now);
        all.turned_away(errc::rate_limited, "by the minute");
        CHECK(all.told(now + 10s).empty() == (minute > 0));
    }
    CHECK(all.told(start + 9 * 60s + 31s) == "nothing was admitted for 31 s: \"by the minute\"");
}

TEST_CASE("a model that is refused while others are admitted is said once") {
    fixture all;
    all.turned_away(errc::rate_limited, "model is retired");
    all.seen.kind_refused = 3;
    CHECK_FALSE(all.watch.tell_refused_kind(start, all.seen));
    CHECK(all.watch.tell_refused_kind(start + 6s, all.seen) ==
          "3 prompts wait, since all of their model or key is refused while others are admitted: "
          "\"model is retired\"");
    CHECK_FALSE(all.watch.tell_refused_kind(start + 60s, all.seen));
}
