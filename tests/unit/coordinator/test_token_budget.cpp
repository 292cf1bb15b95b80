#include <doctest/doctest.h>

#include <cmath>
#include <vector>

#include "coordinator/answer_lengths.hpp"
#include "coordinator/token_forecast.hpp"
#include "kept_decisions.hpp"
#include "pacing/even_pace.hpp"
#include "pacing/token_pace.hpp"

using namespace std::chrono_literals;
using stagger::answer_lengths;
using stagger::cost;
using stagger::duration;
using stagger::seconds;
using stagger::time_point;
using stagger::token_forecast;
using stagger::token_pace;
using stagger::token_usage;

namespace {

constexpr time_point start = time_point() + 1h;

cost open_ended(double prompt_tokens, double answers = 1) {
    cost asked;
    asked.prompt_tokens = prompt_tokens;
    asked.open_answers = answers;
    return asked;
}

token_usage counted(std::uint64_t prompt, std::uint64_t answer) {
    return {prompt, answer};
}

/// How long after the start the next slot comes, in whole milliseconds: times are rounded up a little.
double slot_ms(const token_pace& pace) {
    return std::round(1000 * seconds(pace.next_slot() - start).count());
}

}  // namespace

TEST_CASE("lengths of answers: mean and quantiles of what was added") {
    answer_lengths lengths(256);
    CHECK(lengths.mean() == 256);
    CHECK(lengths.quantile(0.5) == 256);
    CHECK(lengths.added() == 0);
    for (int each = 1; each <= 1000; ++each) lengths.add(100 + 37 * each % 200);
    CHECK(lengths.added() == 1000);
    CHECK(lengths.mean() == doctest::Approx(200).epsilon(0.03));
    CHECK(lengths.quantile(0.9) >= 270);
    CHECK(lengths.quantile(0.9) <= 280 * 1.19);
    CHECK(lengths.quantile(0) <= 100 * 1.19);
}

TEST_CASE("lengths of answers: what was long ago is forgotten") {
    answer_lengths lengths(256);
    for (int each = 0; each < 1000; ++each) lengths.add(1000);
    for (int each = 0; each < 2000; ++each) lengths.add(10);
    CHECK(lengths.mean() == doctest::Approx(10).epsilon(0.05));
    CHECK(lengths.quantile(0.99) <= 10 * 1.19);
}

TEST_CASE("lengths of answers: a million of them, and impossible ones, keep every figure finite") {
    answer_lengths lengths(256);
    for (int each = 0; each < 1'000'000; ++each) lengths.add(16);
    CHECK(lengths.mean() == doctest::Approx(16));
    CHECK(lengths.quantile(0.75) == 16);
    for (const double odd : {0.0, 1e300, double(INFINITY)}) {
        lengths.add(odd);
        CHECK(std::isfinite(lengths.mean()));
        CHECK(std::isfinite(lengths.quantile(1)));
    }
}

TEST_CASE("what is reserved for those that wait follows what the server counts") {
    token_forecast forecast;
    CHECK(forecast.reserve(open_ended(100)) == 356);
    for (int each = 0; each < 1000; ++each) forecast.learn(open_ended(100), counted(200, 64));
    CHECK(forecast.reserve(open_ended(100)) == doctest::Approx(264).epsilon(0.02));
    CHECK(forecast.reserve(open_ended(100, 3)) == doctest::Approx(392).epsilon(0.02));
}

TEST_CASE("few answers are trusted, but not for the longest") {
    token_forecast forecast;
    for (int each = 0; each < 4; ++each) forecast.learn(open_ended(100), counted(100, 16));
    CHECK(forecast.reserve(open_ended(100)) - 100 >= 16);
    CHECK(forecast.reserve(open_ended(100)) - 100 <= 80);
    // The short ones came first.
    for (int each = 0; each < 4; ++each) forecast.learn(open_ended(100), counted(100, 1000));
    CHECK(forecast.reserve(open_ended(100)) - 100 >= 1000);
    for (int each = 0; each < 1000; ++each)
        forecast.learn(open_ended(100), counted(100, each % 2 ? 1000 : 16));
    CHECK(forecast.reserve(open_ended(100)) - 100 == doctest::Approx(508).epsilon(0.02));
}

TEST_CASE("one prompt alone does not turn the estimate of others over") {
    token_forecast forecast;
    forecast.learn(open_ended(100), counted(8000, 256));
    CHECK(forecast.reserve({1, 0, 100}) < 100 * 8);
}

TEST_CASE("what may be generated at most is reserved and kept, and teaches nothing of other answers") {
    token_forecast forecast;
    const cost limited{1, 50, 100};
    CHECK(forecast.reserve(limited) == 150);
    for (int each = 0; each < 1000; ++each) forecast.learn(limited, counted(100, 5));
    CHECK(forecast.reserve(limited) == doctest::Approx(150));
    CHECK(forecast.reserve(open_ended(0)) == 256);
    CHECK(forecast.settled(limited, counted(90, 5)) == 140);
}

TEST_CASE("what was not counted teaches nothing and is not settled") {
    token_forecast forecast;
    for (int each = 0; each < 100; ++each) forecast.learn(open_ended(100), {});
    CHECK(forecast.reserve(open_ended(100)) == 356);
    CHECK(forecast.settled(open_ended(100), {}) == 356);
    CHECK(forecast.settled(open_ended(100), {40, {}}) == 296);
    CHECK(forecast.settled(open_ended(100), {{}, 16}) == 116);
    CHECK(forecast.settled({1, 70}, counted(1000, 1000)) == 70);
}

TEST_CASE("tokens that were not used are given back to the pace, more than reserved is charged") {
    token_pace pace(1000);
    pace.reserve(start, 500);
    CHECK(slot_ms(pace) == 500);
    pace.settle(start + 100ms, -300);
    CHECK(slot_ms(pace) == 200);
    pace.settle(start + 100ms, 700);
    CHECK(slot_ms(pace) == 900);
}

TEST_CASE("what is given back can be used at once, up to a second of it, idle time cannot") {
    token_pace pace(1000);
    pace.reserve(start, 500);
    pace.settle(start + 400ms, -300);
    CHECK(slot_ms(pace) == 200);
    pace.reserve(start + 400ms, 100);
    CHECK(slot_ms(pace) == 300);
    // A minute in which nobody wanted to send: the rest of the credit is kept, no more.
    pace.reserve(start + 1min, 0);
    CHECK(slot_ms(pace) == 60'000 - 100);
    pace.settle(start + 1min, -5000);
    CHECK(slot_ms(pace) == 59'000);
    pace.reserve(start + 1min, 1000);
    CHECK(slot_ms(pace) == 60'000);
    pace.reserve(start + 2min, 1000);
    CHECK(slot_ms(pace) == 121'000);
}

TEST_CASE("a request of more than a second's tokens is given back whole") {
    token_pace pace(1000);
    pace.reserve(start, 4000);
    pace.settle(start + 3s, -3900);
    CHECK(slot_ms(pace) == 100);
}

TEST_CASE("a wrong count holds everybody up for a minute at most") {
    token_pace pace(1000);
    pace.reserve(start, 100);
    pace.settle(start + 1s, 1e18);
    CHECK(slot_ms(pace) == 61'000);
    pace.settle(start + 2s, 1e18);
    CHECK(slot_ms(pace) == 62'000);
    // What was reserved is no debt.
    pace.reserve(start + 62s, 90'000);
    pace.settle(start + 62s, 1);
    CHECK(slot_ms(pace) == 152'000);
}

TEST_CASE("without settlements tokens go evenly, as requests do") {
    token_pace pace(1000);
    stagger::pacer slots(stagger::random_source(1), 0);
    time_point now = start;
    for (int each = 0; each < 200; ++each) {
        const double tokens = 1 + 37 * each % 300;
        pace.reserve(now, tokens);
        slots.sent(now, tokens, 1ms);
        REQUIRE(pace.next_slot() == slots.next_slot());
        now = std::max(now, pace.next_slot()) + (each % 7 == 0 ? 5s : duration(each * 10us));
    }
}

TEST_CASE("the coordinator reserves what is expected when a task is sent, and settles what was counted") {
    const auto log = std::make_shared<kept_decisions>();
    stagger::coordinator core(stagger::coordinator_options()
                                  .pacing(stagger::pacing_kind::unpaced)
                                  .tokens_per_minute(60'000)
                                  .recorder(log),
                              1);
    for (int each = 0; each < 3; ++each) core.submit(start, open_ended(100));
    const auto first = core.next(start);
    REQUIRE(first.what == stagger::action::kind::admit);
    CHECK(core.next(start).at == start + 356ms);
    core.accepted(start + 100ms, first.permit, {}, counted(100, 16));
    const auto second = core.next(start + 116ms);
    REQUIRE(second.what == stagger::action::kind::admit);
    const auto admissions = log->all<stagger::decisions::admitted>();
    REQUIRE(admissions.size() == 2);
    CHECK(admissions[0].reserved_tokens == 356);
    CHECK(admissions[1].reserved_tokens > 116);  // they waited when this was learned
    CHECK(admissions[1].reserved_tokens <= 356);
    CHECK(log->all<stagger::decisions::accepted>()[0].used == counted(100, 16));
}

TEST_CASE("a streamed answer is settled at its end, one that breaks off stays charged") {
    stagger::coordinator core(
        stagger::coordinator_options().pacing(stagger::pacing_kind::unpaced).tokens_per_minute(60'000), 1);
    for (int each = 0; each < 4; ++each) core.submit(start, open_ended(100));
    const auto first = core.next(start);
    core.answering(start + 10ms, first.permit, {});
    CHECK(core.next(start + 10ms).at == start + 356ms);
    core.accepted(start + 356ms, first.permit, {}, counted(100, 456));
    const auto held = core.next(start + 356ms);
    CHECK(held.at == start + 556ms);
    const auto second = core.next(start + 556ms);
    REQUIRE(second.what == stagger::action::kind::admit);
    const auto at = core.next(start + 556ms).at;
    core.answering(start + 600ms, second.permit, {});
    core.failed(start + 610ms, second.permit);
    CHECK(core.next(start + 610ms).at == at);
}

TEST_CASE("what a task says it costs is taken as it is, whatever is counted") {
    stagger::coordinator core(
        stagger::coordinator_options().pacing(stagger::pacing_kind::unpaced).tokens_per_minute(60'000), 1);
    for (int each = 0; each < 3; ++each) core.submit(start, {1, 500});
    const auto first = core.next(start);
    core.accepted(start + 100ms, first.permit, {}, counted(100, 16));
    CHECK(core.next(start + 100ms).at == start + 500ms);
}
