#include <doctest/doctest.h>

#include "fleet/job_work.hpp"

using namespace stagger::fleet;
using namespace std::chrono_literals;
using stagger::never;
using stagger::time_point;

namespace {

const time_point start = time_point{} + 1h;
using keys = std::vector<std::string>;

template <class Errand>
std::vector<Errand> only(const std::vector<work_errand>& all) {
    std::vector<Errand> found;
    for (const work_errand& each : all) {
        if (const auto* one = std::get_if<Errand>(&each)) found.push_back(*one);
    }
    return found;
}

struct fixture {
    fixture() { connect(start); }

    keys connect(time_point now) {
        work.connected(now);
        const auto said = only<work_errands::hold>(work.next(now));
        REQUIRE(said.size() == 1);
        work.held();
        return said[0].keys;
    }
    std::size_t wants(time_point now) {
        std::size_t count = 0;
        for (const auto& each : only<work_errands::take>(work.next(now))) count += each.count;
        return count;
    }
    void take(time_point now, const keys& some) {
        work.room(some.size());
        REQUIRE(wants(now) == some.size());
        std::vector<job_item> got;
        for (const std::string& each : some) got.push_back({each, "text"});
        work.taken(now, job_state::open, true, std::move(got));
    }

    job_work work;
};

}  // namespace

TEST_CASE("a worker takes what it has room for, one request at a time") {
    fixture all;
    CHECK(all.wants(start) == 0);
    all.work.room(3);
    CHECK(all.wants(start) == 3);
    CHECK(all.wants(start) == 0);
    all.work.taken(start, job_state::open, true, {{"1", "one"}});
    CHECK(all.work.take_prompts().size() == 1);
    CHECK(all.work.take_prompts().empty());
    CHECK(all.wants(start) == 2);
    all.work.room(1000);
    all.work.taken(start, job_state::open, true, {{"2", "two"}});
    CHECK(all.wants(start) == job_work::taken_together);
}

TEST_CASE("where there is nothing it looks again after a pause that grows to a bound") {
    fixture all;
    all.work.room(1);
    auto now = start;
    auto pause = 0ns;
    for (int each = 0; each < 12; ++each) {
        REQUIRE(all.wants(now) == 1);
        all.work.taken(now, job_state::absent, true, {});
        CHECK(all.wants(now) == 0);
        if (all.work.wakes_at(now) >= start + job_work::renews_every) break;
        pause = all.work.wakes_at(now) - now;
        CHECK(pause <= job_work::longest_pause);
        now = all.work.wakes_at(now);
    }
    CHECK(pause == job_work::longest_pause);
}

TEST_CASE("an answer is kept until the store has it") {
    fixture all;
    all.take(start, {"1"});
    all.work.take_prompts();
    all.work.answered({"1", "un"});
    CHECK(only<work_errands::finish>(all.work.next(start)).size() == 1);
    all.work.disconnected();
    CHECK(all.work.next(start).empty());
    CHECK(all.connect(start + 1s) == keys{"1"});
    auto again = only<work_errands::finish>(all.work.next(start + 1s));
    REQUIRE(again.size() == 1);
    CHECK(again[0].answers.at(0).text == "un");
    all.work.not_delivered(start + 1s);
    CHECK(only<work_errands::finish>(all.work.next(start + 1s)).empty());
    const auto later = start + 1s + job_work::full_pause;
    CHECK(only<work_errands::finish>(all.work.next(later)).size() == 1);
    all.work.delivered(start);
    CHECK(all.work.holds() == 0);
}

TEST_CASE("a store with little room gets answers in smaller parts, down to one at a time") {
    fixture all;
    const keys some{"1", "2", "3", "4", "5", "6", "7", "8"};
    all.take(start, some);
    all.work.take_prompts();
    for (const auto& each : some) all.work.answered({each, "answer"});
    auto now = start;
    std::vector<std::size_t> sizes;
    const auto finish = [&] {
        const auto told = only<work_errands::finish>(all.work.next(now));
        sizes.push_back(told.empty() ? 0 : told[0].answers.size());
    };
    for (int each = 0; each < 5; ++each, now += job_work::full_pause) {
        finish();
        all.work.not_delivered(now);
    }
    CHECK(sizes == std::vector<std::size_t>{8, 4, 2, 1, 1});
    sizes.clear();
    for (int each = 0; each < 4; ++each) {
        finish();
        all.work.delivered(now);
    }
    CHECK(sizes == std::vector<std::size_t>{1, 2, 4, 1});
    CHECK(all.work.holds() == 0);
}

TEST_CASE("a store that was lost hears the latest answers once more, since nobody may have read them") {
    fixture all;
    const auto deliver = [&](time_point now, const std::string& key) {
        all.take(now, {key});
        all.work.take_prompts();
        all.work.answered({key, "answer " + key});
        REQUIRE(only<work_errands::finish>(all.work.next(now)).size() == 1);
        all.work.delivered(now);
    };
    deliver(start, "old");
    const auto later = start + job_work::kept_for + 1s;
    deliver(later, "1");
    deliver(later, "2");
    all.take(later, {"3"});
    auto back = later + 1s;
    SUBCASE("as a new connection shows") {
        all.work.disconnected();
        back = later + 1h;
        CHECK(all.connect(back) == keys{"3"});
    }
    SUBCASE("as it shows by itself") {
        all.work.renewed(back, job_state::open, false);
        CHECK(only<work_errands::hold>(all.work.next(back)).size() == 1);
        all.work.held();
    }
    CHECK(all.work.unanswered() == 1);
    const auto again = only<work_errands::finish>(all.work.next(back));
    REQUIRE(again.size() == 1);
    REQUIRE(again[0].answers.size() == 2);
    CHECK(again[0].answers[0].text == "answer 1");
    CHECK(again[0].answers[1].text == "answer 2");
    all.work.delivered(back);
    CHECK(all.work.holds() == 1);
    CHECK(only<work_errands::finish>(all.work.next(back)).empty());
}

TEST_CASE("a key that is given again while its answer is told again is not begun, and its answer is told") {
    fixture all;
    const keys told{"1", "2"};
    all.take(start, told);
    all.work.take_prompts();
    for (const auto& each : told) all.work.answered({each, "answer " + each});
    REQUIRE(only<work_errands::finish>(all.work.next(start)).size() == 1);
    all.work.delivered(start);
    all.work.disconnected();
    CHECK(all.connect(start).empty());
    // Both are on their way when an older copy of the store gives one of them, and one that is new.
    all.work.room(2);
    const auto todo = all.work.next(start);
    REQUIRE(only<work_errands::finish>(todo).size() == 1);
    REQUIRE(only<work_errands::take>(todo).size() == 1);
    all.work.taken(start, job_state::open, true, {{"1", "text"}, {"3", "text"}});
    const auto begun = all.work.take_prompts();
    REQUIRE(begun.size() == 1);
    CHECK(begun[0].key == "3");
    CHECK(all.work.unanswered() == 1);
    all.work.delivered(start);
    CHECK(all.work.unanswered() == 1);
    const auto again = only<work_errands::finish>(all.work.next(start));
    REQUIRE(again.size() == 1);
    REQUIRE(again[0].answers.size() == 1);
    CHECK(again[0].answers[0].text == "answer 1");
    all.work.delivered(start);
    CHECK(all.work.unanswered() == 1);
    CHECK(all.work.holds() == 1);
}

TEST_CASE("a key that is given again while its answer waits to be told is answered by that") {
    fixture all;
    all.take(start, {"1"});
    all.work.take_prompts();
    all.work.answered({"1", "un"});
    REQUIRE(only<work_errands::finish>(all.work.next(start)).size() == 1);
    all.work.delivered(start);
    all.work.room(1);
    REQUIRE(all.wants(start) == 1);
    all.work.renewed(start, job_state::open, false);
    REQUIRE(only<work_errands::hold>(all.work.next(start)).size() == 1);
    all.work.held();
    all.work.taken(start, job_state::open, true, {{"1", "text"}});
    CHECK(all.work.take_prompts().empty());
    CHECK(all.work.unanswered() == 0);
    CHECK(only<work_errands::finish>(all.work.next(start)).size() == 1);
    all.work.delivered(start);
    CHECK(all.work.unanswered() == 0);
    CHECK(all.work.holds() == 0);
}

TEST_CASE("a worker that the store has forgotten says what it holds before it takes more") {
    fixture all;
    all.take(start, {"1", "2"});
    all.work.room(5);
    CHECK(all.wants(start) == 5);
    all.work.taken(start, job_state::absent, false, {});
    const auto todo = all.work.next(start);
    REQUIRE(only<work_errands::hold>(todo).size() == 1);
    CHECK(only<work_errands::hold>(todo)[0].keys == keys{"1", "2"});
    CHECK(only<work_errands::take>(todo).empty());
    all.work.held();
    CHECK(all.wants(start) == 5);
}

TEST_CASE("a store that has no room for what a worker holds is told again after a pause") {
    job_work work;
    work.connected(start);
    CHECK(only<work_errands::hold>(work.next(start)).size() == 1);
    work.not_held(start);
    CHECK(work.next(start).empty());
    const auto later = start + job_work::full_pause;
    CHECK(work.wakes_at(start) == later);
    CHECK(only<work_errands::hold>(work.next(later)).size() == 1);
}

TEST_CASE("it renews itself for as long as it is there") {
    fixture all;
    const auto later = start + job_work::renews_every;
    CHECK(all.work.wakes_at(start) == later);
    CHECK(only<work_errands::renew>(all.work.next(later)).size() == 1);
    CHECK(only<work_errands::renew>(all.work.next(later)).empty());
    all.work.renewed(later, job_state::done, true);
    CHECK(all.work.is_done());
    CHECK(all.work.wakes_at(later) == later + job_work::renews_every);
}

TEST_CASE("who leaves gives back what nobody has begun, finishes the rest, and goes") {
    fixture all;
    all.take(start, {"1", "2"});
    CHECK(all.work.take_prompts().size() == 2);
    all.take(start, {"3"});
    all.work.room(2);
    CHECK(all.wants(start) == 2);
    all.work.leave();
    all.work.taken(start, job_state::open, true, {{"4", "four"}});  // was on its way
    auto todo = all.work.next(start);
    auto back = only<work_errands::give_back>(todo);
    REQUIRE(back.size() == 1);
    CHECK(back[0].keys == keys{"3", "4"});
    CHECK(!back[0].may_have_been_asked);
    CHECK(only<work_errands::leave>(todo).empty());
    CHECK(only<work_errands::take>(todo).empty());
    all.work.given_back();
    all.work.give_back("2", true);
    back = only<work_errands::give_back>(all.work.next(start));
    REQUIRE(back.size() == 1);
    CHECK(back[0].may_have_been_asked);
    all.work.given_back();
    all.work.answered({"1", "un"});
    CHECK(only<work_errands::finish>(all.work.next(start)).size() == 1);
    all.work.delivered(start);
    CHECK(only<work_errands::leave>(all.work.next(start)).size() == 1);
    all.work.left();
    CHECK(all.work.has_left());
}

TEST_CASE("who holds nothing needs no store to leave") {
    job_work work;
    work.leave();
    CHECK(work.has_left());
    CHECK(work.wakes_at(start) == never);
}
