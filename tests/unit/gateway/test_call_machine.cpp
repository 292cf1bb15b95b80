#include <doctest/doctest.h>

#include "gateway/call_machine.hpp"

using namespace stagger;
using namespace stagger::gateway;
using namespace std::chrono_literals;

namespace {

constexpr time_point start(1000s);
constexpr duration quick = 1s;  // what answers usually take

outlook wait_of(std::size_t ahead, duration wait) {
    outlook seen;
    seen.ahead = ahead;
    seen.wait = wait;
    return seen;
}

client_habits one_shot(duration patience, unsigned attempts = 3) {
    client_habits habits;
    habits.patience = patience;
    habits.attempts = attempts;
    return habits;
}

client_habits kept(sign_of_life how, duration longest = duration::max()) {
    client_habits habits;
    habits.patience = 300s;
    habits.longest = longest;
    habits.kept_by = how;
    return habits;
}

const call_rules usual;

}  // namespace

TEST_CASE("a call goes from the line to the gate, is sent, and its answer passed on") {
    call_machine one(usual, one_shot(300s), start);
    CHECK(one.begin(wait_of(0, 0s), quick, start) == call_step::join_line);
    CHECK(one.its_turn(start + 1s) == call_step::ask_gate);
    CHECK(one.left_gate({}, start + 3s) == call_step::send);
    CHECK(one.queued() == 3s);
    CHECK(one.attempts() == 1);
    CHECK(one.answering() == call_step::pass_on);
    CHECK(one.look(start + 1h) == call_step::wait);
    CHECK(one.next_look() == never);
}

TEST_CASE("a refused call asks again, in front and not before the coordinator says") {
    call_machine one(usual, one_shot(300s), start);
    one.begin(wait_of(0, 0s), quick, start);
    one.its_turn(start);
    one.left_gate({}, start);
    CHECK(one.refused(start + 5s, false, start + 1s) == call_step::ask_gate);
    CHECK(one.is_retry());
    CHECK_FALSE(one.after_accident());
    CHECK(one.not_before() == start + 5s);
    CHECK(one.left_gate({}, start + 5s) == call_step::send);
    CHECK(one.attempts() == 2);
    CHECK(one.queued() == 4s);
}

TEST_CASE("what the server refuses for itself is passed on") {
    call_machine one(usual, one_shot(300s), start);
    one.begin(wait_of(0, 0s), quick, start);
    one.its_turn(start);
    one.left_gate({}, start);
    CHECK(one.refused(start + 5s, true, start + 1s) == call_step::pass_on);
}

TEST_CASE("no answer is begun for a client that will not be there") {
    call_machine one(usual, one_shot(100s), start);
    one.begin(wait_of(0, 0s), 10s, start);
    CHECK(one.start_limit() == start + 90s);
    CHECK(one.look(start + 45s) == call_step::rise);
    CHECK(one.next_look() == start + 90s);
    SUBCASE("in the line") {
        CHECK(one.look(start + 90s) == call_step::give_up);
    }
    SUBCASE("as its turn comes") {
        CHECK(one.its_turn(start + 91s) == call_step::give_up);
    }
    SUBCASE("before the coordinator") {
        one.its_turn(start + 1s);
        CHECK(one.left_gate(errc::deadline_exceeded, start + 90s) == call_step::give_up);
    }
    SUBCASE("after a refusal that lasts") {
        one.its_turn(start + 1s);
        one.left_gate({}, start + 2s);
        CHECK(one.refused(start + 95s, false, start + 3s) == call_step::give_up);
    }
    CHECK(one.ending().status == 429);
    CHECK(one.ending().retry_after_s == 1);
    CHECK_FALSE(one.ending().hopeless);
}

TEST_CASE("half of a client's time is for waiting, however long answers take") {
    call_machine one(usual, one_shot(100s), start);
    one.begin(wait_of(0, 0s), 1h, start);
    CHECK(one.start_limit() == start + 50s);
}

TEST_CASE("a line that is longer than all attempts of a client is told on arrival") {
    call_machine one(usual, one_shot(100s), start);
    SUBCASE("it will come again") {
        CHECK(one.begin(wait_of(999, 300s), quick, start) == call_step::join_line);
    }
    SUBCASE("beyond that") {
        CHECK(one.begin(wait_of(999, 312s), quick, start) == call_step::give_up);
        CHECK(one.ending().status == 429);
        CHECK(one.ending().retry_after_s == 12);
        CHECK_FALSE(one.ending().hopeless);
    }
    SUBCASE("by hours") {
        CHECK(one.begin(wait_of(1, 5h), quick, start) == call_step::give_up);
        CHECK(one.ending().retry_after_s == 59);
        CHECK(one.ending().hopeless);
    }
    SUBCASE("who was told to come again, and may never do, takes nobody's place in line") {
        CHECK(one.begin(wait_of(9, 3s), wait_of(9999, 5h), quick, start) == call_step::join_line);
    }
    SUBCASE("a later time than those who were told to come again before") {
        CHECK(one.begin(wait_of(999, 312s), wait_of(1099, 330s), quick, start) == call_step::give_up);
        CHECK(one.ending().retry_after_s == 30);
        CHECK_FALSE(one.ending().hopeless);
    }
    SUBCASE("nothing is known of the pace") {
        CHECK(one.begin(outlook(), quick, start) == call_step::join_line);
    }
}

TEST_CASE("a stream that waits is begun after a while, and told that it waits") {
    call_machine one(usual, kept(sign_of_life::comments), start);
    CHECK(one.begin(wait_of(9, 1h), quick, start) == call_step::join_line);
    CHECK(one.next_look() == start + 15s);
    CHECK(one.look(start + 14s) == call_step::wait);
    CHECK(one.look(start + 15s) == call_step::begin_stream);
    CHECK(one.has_begun_stream());
    CHECK(one.next_look() == start + 25s);
    CHECK(one.look(start + 25s) == call_step::comment);
    // The client's timer of silence does not end it any more.
    CHECK(one.look(start + 20min) == call_step::comment);
    CHECK(one.its_turn(start + 20min) == call_step::ask_gate);
    CHECK(one.look(start + 21min) == call_step::comment);
    CHECK(one.left_gate({}, start + 21min) == call_step::send);
    CHECK(one.look(start + 22min) == call_step::comment);
    CHECK(one.answering() == call_step::pass_on);
    CHECK(one.look(start + 1h) == call_step::wait);
}

TEST_CASE("a stream that is sent before it was begun keeps its status for upstream's head") {
    call_machine one(usual, kept(sign_of_life::comments), start);
    one.begin(wait_of(0, 0s), quick, start);
    one.its_turn(start + 1s);
    one.left_gate({}, start + 1s);
    CHECK(one.next_look() == never);
    CHECK(one.look(start + 1min) == call_step::wait);
}

TEST_CASE("a one-shot is told by interim answers where its client knows them") {
    call_machine one(usual, kept(sign_of_life::interim, 600s), start);
    one.begin(wait_of(9, 1min), quick, start);
    CHECK(one.next_look() == start + 10s);
    CHECK(one.look(start + 10s) == call_step::interim);
    CHECK(one.next_look() == start + 20s);
    CHECK(one.look(start + 599s) == call_step::give_up);
}

TEST_CASE("a short patience is heard of before it ends") {
    auto habits = kept(sign_of_life::interim);
    habits.patience = 4s;
    call_machine one(usual, habits, start);
    one.begin(wait_of(9, 1min), 0s, start);
    CHECK(one.next_look() == start + 2s);
}

TEST_CASE("the operator's deadline ends a wait with 504") {
    call_rules rules;
    rules.deadline = 30s;
    call_machine one(rules, one_shot(300s), start);
    CHECK(one.begin(wait_of(1, 29s), quick, start) == call_step::join_line);
    CHECK(one.look(start + 15s) == call_step::rise);
    CHECK(one.next_look() == start + 30s);
    CHECK(one.look(start + 30s) == call_step::give_up);
    CHECK(one.ending().status == 504);
}

TEST_CASE("accidents before an answer are tried again, a few times") {
    call_machine one(usual, one_shot(300s), start);
    one.begin(wait_of(0, 0s), quick, start);
    one.its_turn(start);
    for (unsigned i = 0; i < usual.accidents; ++i) {
        one.left_gate({}, start + 1s);
        CHECK(one.failed(errc::connection_lost, true, start + 1s) == call_step::ask_gate);
        CHECK(one.after_accident());
        CHECK(one.not_before() > start + 1s);
    }
    one.left_gate({}, start + 2s);
    SUBCASE("broken") {
        CHECK(one.failed(errc::connection_lost, true, start + 3s) == call_step::give_up);
        CHECK(one.ending().status == 502);
    }
    SUBCASE("late") {
        CHECK(one.failed(errc::answer_timed_out, false, start + 3s) == call_step::give_up);
        CHECK(one.ending().status == 504);
    }
}

TEST_CASE("draining turns away who waits, and nobody who was sent") {
    call_machine waits(usual, one_shot(300s), start);
    waits.begin(wait_of(0, 0s), quick, start);
    CHECK(waits.drain(start + 2s) == call_step::give_up);
    CHECK(waits.ending().status == 503);
    CHECK(waits.waited(start + 5s) == 2s);
    CHECK(waits.ending().retry_after_s == 1);

    call_machine sent(usual, one_shot(300s), start);
    sent.begin(wait_of(0, 0s), quick, start);
    sent.its_turn(start);
    sent.left_gate({}, start);
    CHECK(sent.drain(start) == call_step::wait);
    CHECK(sent.refused(start, false, start) == call_step::ask_gate);
    CHECK(sent.drain(start) == call_step::give_up);
}

TEST_CASE("what a call has waited is its time before each attempt, and none of an attempt's") {
    call_machine one(usual, one_shot(300s), start);
    one.begin(wait_of(0, 0s), quick, start);
    CHECK(one.waits());
    CHECK(one.waited(start + 1s) == 1s);
    one.its_turn(start + 2s);
    one.left_gate({}, start + 3s);
    CHECK_FALSE(one.waits());
    CHECK(one.waited(start + 4s) == 3s);
    one.refused(start + 6s, false, start + 5s);
    CHECK(one.waited(start + 6s) == 4s);
    one.left_gate(errc::deadline_exceeded, start + 9s);
    CHECK_FALSE(one.waits());
    CHECK(one.waited(start + 20s) == 7s);
}

TEST_CASE("a call that cannot wait for another attempt has not waited for it") {
    call_machine one(usual, one_shot(10s), start);
    one.begin(wait_of(0, 0s), quick, start);
    one.its_turn(start);
    one.left_gate({}, start);
    CHECK(one.refused(start + 60s, false, start + 1s) == call_step::give_up);
    CHECK(one.waited(start + 2s) == 0s);
}

TEST_CASE("events that do not fit change nothing") {
    call_machine one(usual, one_shot(300s), start);
    one.begin(wait_of(0, 0s), quick, start);
    CHECK(one.left_gate({}, start) == call_step::wait);
    one.its_turn(start);
    CHECK(one.its_turn(start) == call_step::wait);
    CHECK(one.left_gate({}, start) == call_step::send);
    CHECK(one.left_gate({}, start) == call_step::wait);
    CHECK(one.attempts() == 1);
}

TEST_CASE("half of its time in line over, a call is to rise, once") {
    call_machine one(usual, one_shot(100s), start);
    one.begin(wait_of(0, 0s), 20s, start);
    CHECK(one.next_look() == start + 40s);
    CHECK(one.look(start + 39s) == call_step::wait);
    CHECK(one.look(start + 40s) == call_step::rise);
    CHECK(one.look(start + 41s) == call_step::wait);
    CHECK(one.next_look() == start + 80s);
}

TEST_CASE("a call whose time has no end does not rise, nor one that stands before the coordinator") {
    call_machine patient(usual, one_shot(duration::max()), start);
    patient.begin(wait_of(0, 0s), quick, start);
    CHECK(patient.next_look() == never);
    call_machine called(usual, one_shot(100s), start);
    called.begin(wait_of(0, 0s), quick, start);
    called.its_turn(start);
    CHECK(called.next_look() == never);
    CHECK(called.look(start + 60s) == call_step::wait);
}
