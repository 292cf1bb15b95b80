#include <doctest/doctest.h>

#include "fleet/job_feed.hpp"

using namespace stagger::fleet;
using namespace std::chrono_literals;
using stagger::never;
using stagger::time_point;

namespace {

const time_point start = time_point{} + 1h;

template <class Errand>
std::vector<Errand> only(const std::vector<feed_errand>& all) {
    std::vector<Errand> found;
    for (const feed_errand& each : all) {
        if (const auto* one = std::get_if<Errand>(&each)) found.push_back(*one);
    }
    return found;
}

/// A feeder that has read all answers of a store.
struct fixture {
    explicit fixture(bool existed = false) { enter(start, existed); }

    void enter(time_point now, bool existed) {
        feed.connected(now);
        REQUIRE(only<feed_errands::enter>(feed.next(now)).size() == 1);
        feed.entered(now, existed);
    }
    void read_all(time_point now) {
        REQUIRE(only<feed_errands::read>(feed.next(now)).size() == 1);
        feed.answers_read(now, true);
    }
    std::vector<std::string> add(time_point now) {
        std::vector<std::string> keys;
        for (const auto& each : only<feed_errands::add>(feed.next(now))) {
            for (const job_item& one : each.items) keys.push_back(one.key);
        }
        feed.added();
        return keys;
    }

    job_feed feed;
};

using keys = std::vector<std::string>;

}  // namespace

TEST_CASE("nothing is put into a store before what it has answered is known") {
    fixture all(true);
    all.feed.ask({"1", "one"});
    all.feed.ask({"2", "two"});
    auto todo = all.feed.next(start);
    CHECK(only<feed_errands::add>(todo).empty());
    REQUIRE(only<feed_errands::read>(todo).size() == 1);
    CHECK(only<feed_errands::read>(todo)[0].after.empty());
    all.feed.answer_came("10-0", {"2", "deux"});
    all.feed.answers_read(start, false);
    todo = all.feed.next(start);
    CHECK(only<feed_errands::add>(todo).empty());
    CHECK(only<feed_errands::read>(todo).at(0).after == "10-0");
    all.feed.answers_read(start, true);
    CHECK(all.add(start) == keys{"1"});
    const auto answers = all.feed.take_answers();
    REQUIRE(answers.size() == 1);
    CHECK(answers[0].text == "deux");
    CHECK(all.feed.unanswered() == 1);
}

TEST_CASE("an answer of an earlier run waits until its prompt is asked for, and needs no worker then") {
    fixture all(true);
    all.feed.next(start);
    all.feed.answer_came("10-0", {"7", "sept"});
    all.feed.answers_read(start, true);
    CHECK(all.feed.take_answers().empty());
    all.feed.ask({"7", "seven"});
    CHECK(all.feed.take_answers().at(0).text == "sept");
    CHECK(all.add(start).empty());
}

TEST_CASE("an answer is taken out of the store when its result is on disk, not before") {
    fixture all;
    all.feed.ask({"1", "one"});
    all.read_all(start);
    all.add(start);
    all.feed.answer_came("10-0", {"1", "un"});
    CHECK(only<feed_errands::forget>(all.feed.next(start)).empty());
    all.feed.recorded("1");
    CHECK(all.feed.has_unforgotten());
    const auto todo = only<feed_errands::forget>(all.feed.next(start));
    REQUIRE(todo.size() == 1);
    CHECK(todo[0].entries == keys{"10-0"});
    CHECK(todo[0].keys == keys{"1"});
    // A connection that is lost meanwhile: it is told again.
    all.feed.disconnected();
    all.enter(start + 1s, true);
    CHECK(only<feed_errands::forget>(all.feed.next(start + 1s)).size() == 1);
    all.feed.forgotten();
    CHECK(!all.feed.has_unforgotten());
}

TEST_CASE("an answer that comes twice counts once") {
    fixture all;
    all.feed.ask({"1", "one"});
    all.read_all(start);
    all.add(start);
    all.feed.answer_came("10-0", {"1", "un"});
    all.feed.answer_came("11-0", {"1", "uno"});
    CHECK(all.feed.take_answers().size() == 1);
    const auto todo = only<feed_errands::forget>(all.feed.next(start));
    REQUIRE(todo.size() == 1);
    CHECK(todo[0].entries == keys{"11-0"});
    CHECK(todo[0].keys.empty());
}

TEST_CASE("an answer that is told once more, of what is on disk already, is taken out of the store") {
    fixture all;
    all.feed.ask({"1", "one"});
    all.read_all(start);
    all.add(start);
    all.feed.answer_came("10-0", {"1", "un"});
    CHECK(all.feed.take_answers().size() == 1);
    all.feed.recorded("1");
    all.feed.next(start);
    all.feed.forgotten();
    all.feed.answer_came("12-0", {"1", "un"});
    CHECK(all.feed.take_answers().empty());
    const auto todo = only<feed_errands::forget>(all.feed.next(start));
    REQUIRE(todo.size() == 1);
    CHECK(todo[0].entries == keys{"12-0"});
}

TEST_CASE(
    "what was on its way when the connection was lost is put in again, once workers could say that they have "
    "it") {
    fixture all;
    all.read_all(start);
    all.feed.ask({"1", "one"});
    CHECK(all.add(start) == keys{"1"});
    all.feed.ask({"2", "two"});
    CHECK(only<feed_errands::add>(all.feed.next(start)).size() == 1);
    all.feed.disconnected();
    CHECK(all.feed.next(start).empty());
    CHECK(all.feed.wakes_at(start) == never);
    all.enter(start + 1s, true);
    all.read_all(start + 1s);
    CHECK(all.add(start + 1s).empty());
    CHECK(all.add(start + 1s + job_feed::grace) == keys{"1", "2"});
}

TEST_CASE("a list that was begun before waits at a store that knows nothing of it: workers may hold some") {
    job_feed feed(true);
    const auto enter = [&](time_point now, bool existed) {
        feed.connected(now);
        feed.next(now);
        feed.entered(now, existed);
        feed.next(now);
        feed.answers_read(now, true);
    };
    feed.ask({"1", "one"});
    SUBCASE("for as long as they may take to say so") {
        enter(start, false);
        CHECK(only<feed_errands::add>(feed.next(start)).empty());
        CHECK(feed.wakes_at(start) <= start + job_feed::grace);
        CHECK(only<feed_errands::add>(feed.next(start + job_feed::grace)).size() == 1);
    }
    SUBCASE("not where the store knows it") {
        enter(start, true);
        CHECK(only<feed_errands::add>(feed.next(start)).size() == 1);
    }
}

TEST_CASE(
    "a store that comes back empty gets everything again, once workers had time to say what they hold") {
    fixture all;
    all.read_all(start);
    all.feed.ask({"1", "one"});
    all.feed.ask({"2", "two"});
    CHECK(all.add(start) == keys{"1", "2"});
    all.feed.answer_came("10-0", {"1", "un"});
    all.feed.disconnected();
    const auto back = start + 3s;
    all.enter(back, false);
    all.read_all(back);
    CHECK(all.add(back).empty());
    all.feed.next(back);
    CHECK(all.feed.wakes_at(back) <= back + job_feed::grace);
    CHECK(all.add(back + job_feed::grace) == keys{"2"});
    // Of the entry that is lost only the key is left to forget.
    all.feed.recorded("1");
    const auto todo = only<feed_errands::forget>(all.feed.next(back));
    REQUIRE(todo.size() == 1);
    CHECK(todo[0].entries.empty());
}

TEST_CASE("a store that comes back with less than it had gets the rest again; what is new does not wait") {
    fixture all;
    all.read_all(start);
    all.feed.ask({"1", "one"});
    all.add(start);
    all.feed.disconnected();
    all.enter(start + 1s, true);
    all.read_all(start + 1s);
    all.feed.ask({"2", "two"});
    CHECK(all.add(start + 1s) == keys{"2"});
    all.feed.next(start + 1s);
    CHECK(all.feed.wakes_at(start + 1s) <= start + 1s + job_feed::grace);
    CHECK(all.add(start + 1s + job_feed::grace) == keys{"1"});
    CHECK(all.add(start + 10s).empty());
}

TEST_CASE("an answer that is read a second time, since the connection was lost, is the same answer") {
    fixture all;
    all.read_all(start);
    all.feed.ask({"1", "one"});
    all.add(start);
    all.feed.answer_came("10-0", {"1", "un"});
    all.feed.answer_came("11-0", {"of a later prompt", "x"});
    all.feed.disconnected();
    all.enter(start + 1s, true);
    auto todo = all.feed.next(start + 1s);
    CHECK(only<feed_errands::read>(todo).at(0).after.empty());
    all.feed.answer_came("10-0", {"1", "un"});
    all.feed.answer_came("11-0", {"of a later prompt", "x"});
    all.feed.answers_read(start + 1s, true);
    CHECK(all.feed.take_answers().size() == 1);
    CHECK(!all.feed.has_unforgotten());
}

TEST_CASE("a store that was emptied without a word is noticed when the feeder renews itself") {
    fixture all;
    all.read_all(start);
    const auto later = start + job_feed::renews_every;
    CHECK(only<feed_errands::renew>(all.feed.next(later)).size() == 1);
    all.feed.renewed(later, false);
    CHECK(only<feed_errands::enter>(all.feed.next(later)).size() == 1);
    all.feed.entered(later, false);
    CHECK(only<feed_errands::renew>(all.feed.next(later)).empty());
}

TEST_CASE("a store without room is asked again after a pause") {
    fixture all;
    all.read_all(start);
    all.feed.ask({"1", "one"});
    CHECK(only<feed_errands::add>(all.feed.next(start)).size() == 1);
    all.feed.not_added(start);
    CHECK(only<feed_errands::add>(all.feed.next(start)).empty());
    const auto later = start + job_feed::full_pause;
    CHECK(all.add(later) == keys{"1"});
}

TEST_CASE("a store that was full is left a quarter of what is in it, for workers to go on") {
    fixture all;
    all.read_all(start);
    const std::string text(1000, 'x');
    for (int each = 1; each <= 8; ++each) all.feed.ask({std::to_string(each), text});
    CHECK(all.add(start).size() == 8);
    all.feed.ask({"9", text});
    CHECK(only<feed_errands::add>(all.feed.next(start)).size() == 1);
    all.feed.not_added(start);
    const auto later = start + job_feed::full_pause;
    CHECK(all.add(later).empty());
    all.feed.answer_came("10-0", {"1", "a"});
    all.feed.answer_came("11-0", {"2", "b"});
    CHECK(all.add(later).empty());
    all.feed.answer_came("12-0", {"3", "c"});
    CHECK(all.add(later) == keys{"9"});
}

TEST_CASE("prompts in the store are bounded by their length; one alone may be longer") {
    fixture all;
    all.read_all(start);
    const std::string long_one(job_feed::most_bytes, 'x');
    all.feed.ask({"1", long_one});
    all.feed.ask({"2", "two"});
    CHECK(all.add(start) == keys{"1"});
    CHECK(all.add(start).empty());
    all.feed.answer_came("10-0", {"1", "un"});
    CHECK(all.add(start) == keys{"2"});
}

TEST_CASE("a feeder that stops takes back what no worker has, and awaits the rest") {
    fixture all;
    all.read_all(start);
    all.feed.ask({"1", "one"});
    all.feed.ask({"2", "two"});
    all.add(start);
    all.feed.ask({"3", "three"});
    all.feed.withdraw();
    CHECK(all.feed.take_withdrawn() == keys{"3"});
    CHECK(only<feed_errands::withdraw>(all.feed.next(start)).size() == 1);
    CHECK(only<feed_errands::withdraw>(all.feed.next(start)).empty());
    all.feed.withdrawn({"2", "of an earlier list"});
    CHECK(all.feed.take_withdrawn() == keys{"2"});
    CHECK(all.feed.unanswered() == 1);
    all.feed.ask({"4", "four"});
    CHECK(all.feed.take_withdrawn() == keys{"4"});
}

TEST_CASE("a feeder that stops while an empty store is back finds out first what is in work") {
    fixture all;
    all.read_all(start);
    all.feed.ask({"1", "one"});
    all.add(start);
    all.feed.disconnected();
    all.enter(start + 1s, false);
    all.read_all(start + 1s);
    all.feed.withdraw();
    CHECK(all.feed.take_withdrawn().empty());
    CHECK(only<feed_errands::withdraw>(all.feed.next(start + 1s)).empty());
    const auto later = start + 1s + job_feed::grace;
    CHECK(all.add(later) == keys{"1"});
    CHECK(only<feed_errands::withdraw>(all.feed.next(later)).size() == 1);
}
