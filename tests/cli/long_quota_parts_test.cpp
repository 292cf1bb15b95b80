// A quota that opens in hours or days, in virtual time: what is sent meanwhile, and what is said of it.

#include <doctest/doctest.h>

#include <algorithm>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/date.hpp"
#include "dialect/dialect.hpp"
#include "sending/closing.hpp"
#include "sim/replay.hpp"
#include "stagger/admission_watch.hpp"
#include "stagger/coordinator.hpp"
#include "terminal/wall_clock.hpp"

using namespace std::chrono_literals;
using stagger::action;
using stagger::coordinator;
using stagger::coordinator_options;
using stagger::duration;
using stagger::never;
using stagger::permit_id;
using stagger::retry_cause;
using stagger::time_point;

namespace {

constexpr time_point start = time_point() + 1h;
constexpr duration round_trip = 80ms;
const double start_unix = stagger::wire::parse_rfc3339("2026-11-29T12:00:00Z").value();

/// What a server that is closed says, so long before it opens.
using refusal = std::function<stagger::wire::response(duration left)>;

/// Replays each decision as it is made.
class replayed final : public stagger::decision_recorder {
 public:
    void started(const coordinator_options& options, std::uint64_t seed) override {
        again_.emplace(coordinator_options(options).recorder(nullptr), seed);
    }
    void record(const stagger::decision_record& made) noexcept override { log_.push_back(made); }
    bool is_exact() {
        for (const auto& each : log_) {
            if (again_->step(each)) return false;
        }
        return !again_->finish();
    }

 private:
    std::optional<stagger::sim::replay> again_;
    std::vector<stagger::decision_record> log_;
};

/// A server that used its quota up after 100 requests, and opens later; 20,000 prompts that wait for it.
class used_up_server {
 public:
    used_up_server(duration opens_in, refusal says)
        : opens_(start + opens_in),
          says_(std::move(says)),
          recorder_(std::make_shared<replayed>()),
          core_(coordinator_options().recorder(recorder_), 7) {
        for (unsigned each = 0; each < 20'000; ++each) core_.submit(now_, {});
    }

    void run_until(time_point end) {
        while (now_ < end) {
            look();
            const action todo = core_.next(now_);
            if (todo.what == action::kind::admit) {
                sent_.push_back(now_);
                on_the_way_.push_back({todo.permit, now_});
                continue;
            }
            const time_point answered = on_the_way_.empty() ? never : on_the_way_.front().sent + round_trip;
            now_ = std::max(now_, std::min({todo.at, answered, end}));
            if (answered <= now_) answer();
        }
    }

    /// After the last of those that were under way when it closed.
    std::size_t sent_while_closed() const {
        return static_cast<std::size_t>(std::count_if(
            sent_.begin(), sent_.end(), [&](time_point at) { return at > told_ && at < opens_; }));
    }
    std::size_t sent_after_opening() const {
        return static_cast<std::size_t>(
            std::count_if(sent_.begin(), sent_.end(), [&](time_point at) { return at >= opens_; }));
    }
    const std::vector<std::string>& news() const { return news_; }
    /// When a run with this much patience would have ended.
    void be_patient_for(duration longest) { patience_.emplace(longest); }
    std::optional<time_point> gave_up() const { return gave_up_; }
    std::size_t in_flight() const { return on_the_way_.size(); }
    bool replays() { return recorder_->is_exact(); }

 private:
    struct attempt {
        permit_id permit;
        time_point sent;
    };

    void answer() {
        const attempt ended = on_the_way_.front();
        on_the_way_.pop_front();
        const time_point arrived = ended.sent + round_trip / 2;
        if (arrived >= opens_ || admitted_ < 100) {
            ++admitted_;
            return core_.accepted(now_, ended.permit, {});
        }
        const double unix_now = start_unix + stagger::to_seconds(now_ - start);
        const auto decoded =
            stagger::wire::decode(says_(opens_ - arrived), stagger::dialect::gemini, unix_now);
        REQUIRE(decoded.what.verdict == stagger::verdict::throttled);
        const auto said = stagger::wire::hints_of_refusal(decoded);
        const time_point earliest = core_.throttled(now_, ended.permit, said);
        core_.resubmit(now_, {}, never, earliest, retry_cause::throttled);
        told_ = std::min(told_, now_);
        stagger::diagnostic info = decoded.answer.info;
        info.last_error = decoded.error;
        stagger::attempt_events::done event{{1, 1}, decoded.error, info, true, {}, 0, 0, {}, {}, {}};
        event.said = said;
        watch_.attempt_ended(now_, event);
    }

    void look() {
        const auto seen = core_.status(now_);
        const app::wall_clock clock{
            [this] {
                return app::wall_clock::moment(std::chrono::duration_cast<app::wall_clock::moment::duration>(
                    stagger::from_seconds(start_unix) + (now_ - start)));
            },
            [](app::wall_clock::moment) { return 0s; }};
        if (const auto said = watch_.tell(now_, watch_.look(now_, seen), clock)) news_.push_back(said->text);
        if (patience_ && !gave_up_ && patience_->look(now_, seen)) gave_up_ = now_;
    }

    time_point opens_;
    refusal says_;
    std::shared_ptr<replayed> recorder_;
    coordinator core_;
    time_point now_ = start;
    std::size_t admitted_ = 0;
    time_point told_ = never;
    std::deque<attempt> on_the_way_;
    std::vector<time_point> sent_;
    app::closing_watch watch_;
    std::vector<std::string> news_;
    std::optional<stagger::admission_watch> patience_;
    std::optional<time_point> gave_up_;
};

/// Google's, which tells the day's quota by its name and lies about the delay.
stagger::wire::response per_day(duration) {
    return {429,
            {},
            R"({"error":{"code":429,"message":"Quota exceeded","status":"RESOURCE_EXHAUSTED","details":[)"
            R"({"@type":"type.googleapis.com/google.rpc.QuotaFailure","violations":[)"
            R"({"quotaId":"GenerateRequestsPerDayPerProjectPerModel"}]},)"
            R"({"@type":"type.googleapis.com/google.rpc.RetryInfo","retryDelay":"38s"}]}})"};
}

stagger::wire::response honest(duration left) {
    const auto whole = std::chrono::ceil<std::chrono::seconds>(left);
    return {
        429, {{"Retry-After", std::to_string(whole.count())}}, R"({"error":{"message":"Come back later"}})"};
}

}  // namespace

TEST_CASE("the quota of a day costs one early request, whatever short delay the refusal lies beside it") {
    used_up_server server(20h, per_day);  // midnight in California
    server.run_until(start + 19h + 59min);
    CHECK(server.sent_while_closed() <= 1);
    CHECK(server.in_flight() == 0);
    REQUIRE(server.news().size() == 1);
    CHECK(server.news().front() ==
          R"(nothing is admitted until 2026-11-30 08:00:01 UTC, in 20 h: "Quota exceeded")");
    server.run_until(start + 20h + 1min);
    CHECK(server.sent_while_closed() <= 1);
    CHECK(server.sent_after_opening() >= 1);
    CHECK(server.replays());
}

TEST_CASE("an honest hint of hours or days costs one early request, and is said once") {
    struct expected {
        duration opens_in;
        std::string until;
    };
    for (const auto& [opens_in, until] :
         {expected{8h, "until 20:00:0"}, expected{72h, "until 2026-12-02 12:00:0"}}) {
        CAPTURE(until);
        used_up_server server(opens_in, honest);
        server.run_until(start + opens_in - 1min);
        CHECK(server.sent_while_closed() <= 1);
        CHECK(server.in_flight() == 0);
        REQUIRE(server.news().size() == 1);
        CHECK(server.news().front().find(until) != std::string::npos);
        CHECK(server.news().front().find(R"(: "Come back later")") != std::string::npos);
        server.run_until(start + opens_in + 1min);
        CHECK(server.sent_while_closed() <= 1);
        CHECK(server.sent_after_opening() >= 1);
        CHECK(server.replays());
    }
}

TEST_CASE("a run that is not to wait for a quota ends as soon as that is said") {
    for (const refusal& says : {refusal(per_day), refusal(honest)}) {
        used_up_server server(20h, says);
        server.be_patient_for(1h);
        server.run_until(start + 10min);
        REQUIRE(server.gave_up());
        CHECK(*server.gave_up() < start + 1min);
    }
}

// Nothing names the quota: only the outcomes tell that the delay is none.
TEST_CASE("a delay that lies all day long is asked about ever less often, and no more said to be the end") {
    used_up_server server(24h, [](duration) -> stagger::wire::response {
        return {429, {}, R"({"error":{"message":"Slow down","details":[{"retryDelay":"38s"}]}})"};
    });
    server.run_until(start + 24h + 10min);
    CHECK(server.sent_while_closed() <= 80);  // every 38 s would be 2,270
    CHECK(server.news().size() <= 4);
    CHECK(server.replays());
    server.run_until(start + 25h + 10min);
    CHECK(server.sent_after_opening() >= 1);
}

// A gateway that speaks as Google does, and whose days begin when they like.
TEST_CASE("a named quota that is no day of the calendar gives way to the delay that is told beside it") {
    used_up_server server(30h, [](duration left) -> stagger::wire::response {
        const auto whole = std::chrono::ceil<std::chrono::seconds>(left);
        return {429,
                {},
                R"({"error":{"code":429,"message":"x","details":[)"
                R"({"violations":[{"quotaId":"RequestsPerDay"}]},{"retryDelay":")" +
                    std::to_string(whole.count()) + R"(s"}]}})"};
    });
    server.run_until(start + 30h + 1min);
    CHECK(server.sent_while_closed() <= 3);  // at midnight in California, too
    CHECK(server.sent_after_opening() >= 1);
    CHECK(server.replays());
}
