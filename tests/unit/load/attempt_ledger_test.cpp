#include <doctest/doctest.h>

#include <vector>

#include "load/attempt_ledger.hpp"

using namespace std::chrono_literals;
using namespace stagger::load;
namespace events = stagger::attempt_events;

namespace {

/// A ledger whose clock the test sets.
struct fixture {
    stagger::time_point now{};
    std::vector<stagger::time_point> sent;
    std::vector<attempt_record> ended;
    stagger::diagnostic info;
    attempt_ledger ledger{[this] { return now; },
                          {[this](stagger::time_point at) { sent.push_back(at); },
                           [this](const attempt_record& record) { ended.push_back(record); }}};

    void at(std::chrono::milliseconds time) { now = stagger::time_point(time); }
    void done(stagger::attempt_id id, stagger::error_code error, bool was_admitted = true) {
        ledger.done({id, error, info, was_admitted, {}, 0, 0, std::nullopt, {}});
    }
};

}  // namespace

TEST_CASE("ledger: a request's waits are added up, its own apart from those in line") {
    fixture test;
    test.ledger.queued({{1, 1}, 0ms});
    test.at(100ms);
    test.ledger.admitted({{1, 1}, {}});
    test.at(110ms);
    test.ledger.sent({{1, 1}, 500, true});
    test.at(150ms);
    test.done({1, 1}, stagger::errc::rate_limited);
    test.ledger.queued({{1, 2}, 400ms});
    test.at(600ms);
    test.ledger.admitted({{1, 2}, {}});
    test.at(601ms);
    test.ledger.sent({{1, 2}, 500, false});
    test.at(801ms);
    test.info.served = 200500us;  // from before the write, which is told behind it
    test.done({1, 2}, {});

    REQUIRE(test.ended.size() == 2);
    CHECK(test.ended[0].was_refused);
    CHECK(test.ended[0].connecting == 10ms);
    CHECK_FALSE(test.ended[0].service);
    CHECK_FALSE(test.ended[1].was_refused);
    CHECK_FALSE(test.ended[1].connecting);
    CHECK(test.ended[1].service == 200500us);
    CHECK(test.sent ==
          std::vector<stagger::time_point>{stagger::time_point(110ms), stagger::time_point(601ms)});

    const auto effort = test.ledger.take(1);
    CHECK(effort.first_sent == stagger::time_point(110ms));
    CHECK(effort.waiting_in_line == 150ms);  // 100 ms before the first, 50 ms after its own wait was over
    CHECK(effort.backing_off == 400ms);
}

TEST_CASE("ledger: who leaves the line without being admitted has waited, and was not refused") {
    fixture test;
    test.ledger.queued({{1, 1}, 500ms});
    test.at(300ms);
    test.done({1, 1}, stagger::errc::deadline_exceeded, false);
    REQUIRE(test.ended.size() == 1);
    CHECK_FALSE(test.ended[0].was_admitted);
    CHECK_FALSE(test.ended[0].was_refused);
    const auto effort = test.ledger.take(1);
    CHECK(effort.backing_off == 300ms);
    CHECK(effort.waiting_in_line == 0ms);
    CHECK_FALSE(effort.first_sent);
}

TEST_CASE("ledger: requests are kept apart, and forgotten once taken") {
    fixture test;
    test.ledger.queued({{1, 1}, 0ms});
    test.at(10ms);
    test.ledger.queued({{2, 1}, 0ms});
    test.at(30ms);
    test.ledger.admitted({{2, 1}, {}});
    test.at(60ms);
    test.ledger.admitted({{1, 1}, {}});
    CHECK(test.ledger.take(1).waiting_in_line == 60ms);
    CHECK(test.ledger.take(2).waiting_in_line == 20ms);
    CHECK(test.ledger.take(1).waiting_in_line == 0ms);
    CHECK(test.ledger.take(77).waiting_in_line == 0ms);
}

TEST_CASE("ledger: a further observer is told everything") {
    struct counter final : stagger::attempt_observer {
        void queued(const events::queued&) noexcept override { ++told; }
        void admitted(const events::admitted&) noexcept override { ++told; }
        void sent(const events::sent&) noexcept override { ++told; }
        void head(const events::head&) noexcept override { ++told; }
        void done(const events::done&) noexcept override { ++told; }
        int told = 0;
    };
    const auto next = std::make_shared<counter>();
    attempt_ledger ledger([] { return stagger::time_point(); },
                          {[](stagger::time_point) {}, [](const attempt_record&) {}}, next);
    const stagger::diagnostic info;
    ledger.queued({{1, 1}, 0ms});
    ledger.admitted({{1, 1}, {}});
    ledger.sent({{1, 1}, 1, false});
    ledger.head({{1, 1}, 200, 0ms});
    ledger.done({{1, 1}, {}, info, true, {}, 0, 0, std::nullopt, {}});
    CHECK(next->told == 5);
}
