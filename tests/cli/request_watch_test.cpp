#include <doctest/doctest.h>

#include "sending/request_watch.hpp"

namespace {

namespace events = stagger::attempt_events;
using namespace std::chrono_literals;

/// Counts what it is told.
class counting_observer final : public stagger::attempt_observer {
 public:
    void queued(const events::queued&) noexcept override { ++told; }
    void admitted(const events::admitted&) noexcept override { ++told; }
    void sent(const events::sent&) noexcept override { ++told; }
    void head(const events::head&) noexcept override { ++told; }
    void done(const events::done&) noexcept override { ++told; }

    int told = 0;
};

/// A watch, and the client that it is told of, played by hand.
struct fixture {
    stagger::time_point now{};
    stagger::coordinator_status status;
    stagger::diagnostic info;
    std::shared_ptr<counting_observer> next = std::make_shared<counting_observer>();
    app::request_watch watch{[this] { return now; }, [this] { return status; }, next};

    fixture() { watch.start(); }

    /// An attempt that waits and is served for so long.
    void attempt(const stagger::attempt_id& id, stagger::duration own_delay, stagger::duration waits,
                 stagger::duration served, stagger::error_code error = {},
                 std::optional<stagger::duration> again_in = std::nullopt) {
        watch.queued({id, own_delay});
        now += waits;
        watch.admitted({id, {}});
        watch.sent({id, 100, false});
        now += served;
        info.attempts = id.attempt;
        info.served = served;
        if (error) ++info.rejections;
        watch.done({id, error, info, true, {}, 0, 0, again_in, {}});
    }
};

}  // namespace

TEST_CASE("request watch: a request is due when it joins the line for the first time") {
    fixture test;
    test.attempt({1, 1}, 0s, 100ms, 50ms, stagger::errc::rate_limited, 400ms);
    test.attempt({1, 2}, 400ms, 450ms, 200ms);
    const auto found = test.watch.finish();
    CHECK(found.requests == 1);
    CHECK(found.succeeded == 1);
    CHECK(found.attempts == 2);
    CHECK(found.rejections == 1);
    CHECK(found.elapsed_s == doctest::Approx(0.8));
    const auto mean_of = [&](const char* kind) { return found.latency_ms.at(kind).mean; };
    CHECK(mean_of("total") == doctest::Approx(800));
    CHECK(mean_of("from_actual_send") == doctest::Approx(700));
    CHECK(mean_of("backing_off") == doctest::Approx(400));
    CHECK(mean_of("waiting_in_line") == doctest::Approx(150));
    CHECK(mean_of("service") == doctest::Approx(200));
}

TEST_CASE("request watch: what was given up with the run is no measurement") {
    fixture test;
    const stagger::attempt_id waiting{1, 1};
    test.watch.queued({waiting, 0s});
    test.watch.done({waiting, stagger::errc::cancelled, test.info, false, {}, 0, 0, std::nullopt, {}});
    test.attempt({2, 1}, 0s, 0s, 10ms, stagger::errc::shut_down);
    test.attempt({3, 1}, 0s, 0s, 10ms, stagger::errc::connect_failed);
    const auto found = test.watch.finish();
    CHECK(found.requests == 1);
    CHECK(found.failed == 1);
    CHECK(found.latency_ms.at("total").count == 1);
}

TEST_CASE("request watch: the time in which nothing was admitted is counted from failure to success") {
    fixture test;
    test.status.mode = stagger::coordinator_mode::closed;
    test.attempt({1, 1}, 0s, 0s, 100ms, stagger::errc::rate_limited, 1s);  // closes
    test.now += 3s;
    test.status.mode = stagger::coordinator_mode::ride;
    test.attempt({1, 2}, 0s, 0s, 0s);
    CHECK(test.watch.finish().closed_s == doctest::Approx(3));
}

TEST_CASE("request watch: whoever else is told hears everything") {
    fixture test;
    test.attempt({1, 1}, 0s, 0s, 10ms);
    test.watch.head({{1, 1}, 200, 10ms});
    CHECK(test.next->told == 5);
}

TEST_CASE("request watch: a step of the timeline has how the client stood at its end") {
    fixture test;
    test.status.in_flight = 7;
    test.status.measured_per_s = 20;
    test.now += 500ms;
    test.watch.end_step();
    const auto rows = test.watch.finish().timeline.rows;
    REQUIRE_FALSE(rows.empty());
    CHECK(rows.front().in_flight == 7);
    CHECK(rows.front().limit_per_s == 20);
}
