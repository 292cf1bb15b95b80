#include <doctest/doctest.h>

#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "request/request_machine.hpp"

using namespace stagger;
using namespace std::chrono_literals;
using stagger::detail::gate_report;
using stagger::detail::request_context;
using stagger::detail::request_machine;
using stagger::detail::request_rules;
using stagger::detail::request_step;

namespace {

constexpr time_point start{1000s};
constexpr std::uint64_t like = 7;

/// Policies that live as long as the machines that are made from them, and what these have in common.
struct client_of_one {
    retry_policy retry;
    backoff_policy backoff = backoff_policy::constant(2s);
    duration deadline{0};
    bool obey_retry_after = true;
    failure_bounds give_up{};

    request_context context() const {
        return {{deadline, 30s, retry, backoff, obey_retry_after, false, give_up, 60s},
                {},
                random_source(1),
                true};
    }
};

wire::decoded_answer success() {
    wire::decoded_answer ended;
    ended.what = {verdict::ok};
    ended.answer.text = "fine";
    return ended;
}
wire::decoded_answer refusal(std::optional<duration> retry_after = {}) {
    wire::decoded_answer ended;
    ended.error = errc::rate_limited;
    ended.what = {verdict::throttled, retry_after};
    ended.hints.retry_after = retry_after;
    ended.answer.info.message = "slow down";
    return ended;
}
wire::decoded_answer crash() {
    wire::decoded_answer ended;
    ended.error = errc::server_error;
    ended.what = {verdict::transient};
    ended.tells_limit = false;
    ended.answer.info.message = "broken";
    return ended;
}
wire::decoded_answer cut_off(errc why) {
    wire::decoded_answer ended;
    ended.error = why;
    ended.what = {verdict::transient};
    ended.tells_limit = false;
    return ended;
}

enum class place {
    not_begun,
    announcing,
    asking,
    held,
    choosing,
    in_line,
    beginning,
    connecting,
    exchanging,
    reporting,
    ended
};
constexpr place all_places[] = {place::not_begun,  place::announcing, place::asking,    place::held,
                                place::choosing,   place::in_line,    place::beginning, place::connecting,
                                place::exchanging, place::reporting,  place::ended};

/// Takes a machine on its way to success, from wherever it is.
void go_on(request_machine& one, place from, place to) {
    wire::decoded_answer ended = success();
    if (from == place::held && to > place::held) {
        REQUIRE(one.passed(false) == request_step::choose_route);
        from = place::choosing;
    }
    for (place at = from; at < to; at = static_cast<place>(static_cast<int>(at) + 1)) {
        switch (at) {
            case place::not_begun:
                REQUIRE(one.begin(start) == request_step::announce);
                break;
            case place::announcing:
                REQUIRE(one.announced() == request_step::ask_to_pass);
                break;
            case place::asking:
                if (to == place::held) {
                    REQUIRE(one.held() == request_step::nothing);
                } else {
                    REQUIRE(one.passed(false) == request_step::choose_route);
                    at = place::held;
                }
                break;
            case place::held:
                break;
            case place::choosing:
                REQUIRE(one.routed({}, false, start) == request_step::stand_in_line);
                break;
            case place::in_line:
                REQUIRE(one.left_line({}, true, false, start + 1s) == request_step::admit);
                break;
            case place::beginning:
                REQUIRE(one.admitted(start + 1s) == request_step::connect);
                break;
            case place::connecting:
                REQUIRE(one.connected(start + 2s) == request_step::exchange);
                break;
            case place::exchanging:
                REQUIRE(one.attempt_ended(ended, start + 3s) == request_step::report);
                break;
            case place::reporting:
                REQUIRE(one.reported(ended, {}, start + 3s) == request_step::end);
                break;
            case place::ended:
                break;
        }
    }
}

/// One attempt from the announcement to the report, and what follows from how it ended.
request_step attempt(request_machine& one, wire::decoded_answer& ended, time_point now,
                     time_point earliest = {}) {
    REQUIRE(one.announced() == request_step::ask_to_pass);
    REQUIRE(one.passed(false) == request_step::choose_route);
    REQUIRE(one.routed({}, false, now) == request_step::stand_in_line);
    REQUIRE(one.left_line({}, true, false, now) == request_step::admit);
    REQUIRE(one.admitted(now) == request_step::connect);
    REQUIRE(one.connected(now) == request_step::exchange);
    REQUIRE(one.attempt_ended(ended, now) == request_step::report);
    return one.reported(ended, earliest, now);
}
request_step attempt(request_machine& one, wire::decoded_answer&& ended, time_point now,
                     time_point earliest = {}) {
    return attempt(one, ended, now, earliest);
}

const std::vector<std::pair<std::string, std::function<request_step(request_machine&)>>> events = {
    {"begin", [](request_machine& one) { return one.begin(start); }},
    {"announced", [](request_machine& one) { return one.announced(); }},
    {"passed", [](request_machine& one) { return one.passed(false); }},
    {"held", [](request_machine& one) { return one.held(); }},
    {"turned away", [](request_machine& one) { return one.turned_away(); }},
    {"routed", [](request_machine& one) { return one.routed({}, false, start); }},
    {"left line", [](request_machine& one) { return one.left_line({}, true, false, start + 1s); }},
    {"admitted", [](request_machine& one) { return one.admitted(start + 1s); }},
    {"connected", [](request_machine& one) { return one.connected(start + 2s); }},
    {"attempt ended",
     [](request_machine& one) {
         wire::decoded_answer ended = success();
         return one.attempt_ended(ended, start + 3s);
     }},
    {"stream begins",
     [](request_machine& one) {
         wire::decoded_answer head = success();
         return one.stream_begins(head, start + 3s);
     }},
    {"reported",
     [](request_machine& one) {
         wire::decoded_answer ended = success();
         return one.reported(ended, {}, start + 3s);
     }},
};

// What fits where; everything else changes nothing.
const std::map<std::pair<place, std::string>, request_step> fitting = {
    {{place::not_begun, "begin"}, request_step::announce},
    {{place::announcing, "announced"}, request_step::ask_to_pass},
    {{place::asking, "passed"}, request_step::choose_route},
    {{place::asking, "held"}, request_step::nothing},
    {{place::asking, "turned away"}, request_step::end},
    {{place::asking, "left line"}, request_step::admit},  // leave that was lent
    {{place::held, "passed"}, request_step::choose_route},
    {{place::held, "turned away"}, request_step::end},
    {{place::choosing, "routed"}, request_step::stand_in_line},
    {{place::in_line, "left line"}, request_step::admit},
    {{place::beginning, "admitted"}, request_step::connect},
    {{place::connecting, "connected"}, request_step::exchange},
    {{place::connecting, "attempt ended"}, request_step::report},
    {{place::exchanging, "attempt ended"}, request_step::report},
    {{place::exchanging, "stream begins"}, request_step::report},
    {{place::reporting, "reported"}, request_step::end},
};

}  // namespace

TEST_CASE("every event in every state: what fits has its step, anything else changes nothing") {
    const client_of_one client;
    for (const place at : all_places) {
        for (const auto& [name, happens] : events) {
            CAPTURE(static_cast<int>(at));
            CAPTURE(name);
            request_context context = client.context();
            request_machine one(context, start);
            go_on(one, place::not_begun, at);
            const auto fits = fitting.find({at, name});
            if (fits != fitting.end()) {
                CHECK(happens(one) == fits->second);
                continue;
            }
            CHECK(happens(one) == request_step::nothing);
            go_on(one, at, place::ended);
            CHECK(one.has_ended());
            CHECK_FALSE(one.result());
        }
    }
}

TEST_CASE("stopped in every state it ends, once, with why") {
    const client_of_one client;
    const std::map<place, request_step> at_once = {
        {place::not_begun, request_step::nothing},      {place::announcing, request_step::nothing},
        {place::asking, request_step::nothing},         {place::held, request_step::stop_holding},
        {place::choosing, request_step::stop_choosing}, {place::in_line, request_step::leave_line},
        {place::beginning, request_step::nothing},      {place::connecting, request_step::break_off},
        {place::exchanging, request_step::break_off},   {place::reporting, request_step::nothing},
        {place::ended, request_step::nothing}};
    for (const auto& [at, expected] : at_once) {
        CAPTURE(static_cast<int>(at));
        request_context context = client.context();
        request_machine one(context, start);
        go_on(one, place::not_begun, at);
        CHECK(one.stop(errc::cancelled) == expected);
        CHECK(one.stop(errc::shut_down) == request_step::nothing);
        wire::decoded_answer broken = cut_off(errc::cancelled);
        wire::decoded_answer done = success();
        switch (at) {
            case place::not_begun:
                CHECK(one.begin(start) == request_step::announce);
                CHECK(one.announced() == request_step::end);
                break;
            case place::announcing:
                CHECK(one.announced() == request_step::end);
                break;
            case place::asking:
            case place::held:
                CHECK(one.passed(false) == request_step::end);
                break;
            case place::choosing:
                CHECK(one.routed({}, false, start) == request_step::end);
                break;
            case place::in_line:
                // Admitted at the same moment: the leave is not used.
                CHECK(one.left_line({}, true, false, start + 1s) == request_step::end);
                break;
            case place::beginning:
                CHECK(one.admitted(start + 1s) == request_step::connect);
                CHECK(one.connected(start + 1s) == request_step::abandon);
                [[fallthrough]];
            case place::connecting:
            case place::exchanging:
                CHECK(one.attempt_ended(broken, start + 2s) == request_step::report);
                CHECK(one.told_to_gate() == gate_report::abandoned);
                CHECK(one.reported(broken, {}, start + 2s) == request_step::end);
                CHECK(broken.answer.info.message == "cancelled");
                break;
            case place::reporting:
                // It was answered before that: the answer stands.
                CHECK(one.reported(done, {}, start + 3s) == request_step::end);
                CHECK_FALSE(one.result());
                continue;
            case place::ended:
                CHECK_FALSE(one.result());
                continue;
        }
        CHECK(one.result() == errc::cancelled);
        CHECK(one.has_ended());
    }
}

TEST_CASE("what cannot be done ends it in every state, once") {
    const client_of_one client;
    for (const place at : all_places) {
        CAPTURE(static_cast<int>(at));
        request_context context = client.context();
        request_machine one(context, start);
        go_on(one, place::not_begun, at);
        const bool over = at == place::ended;
        const error_code error = errc::callback_threw;
        CHECK(one.broke(error, "it threw", nullptr) == (over ? request_step::nothing : request_step::end));
        if (over) continue;
        CHECK(one.result() == errc::callback_threw);
        CHECK(one.broke(errc::shut_down, "again", nullptr) == request_step::nothing);
        diagnostic info;
        one.describe_end(info);
        CHECK(info.message == "it threw");
        CHECK(info.last_error == errc::callback_threw);
    }
}

TEST_CASE("a refused request goes again when the gate says so, and says that it was refused") {
    const client_of_one client;
    request_context context = client.context();
    request_machine one(context, start);
    one.describe(cost(), like);
    CHECK_FALSE(one.wanted().is_retry());
    REQUIRE(one.begin(start) == request_step::announce);
    CHECK(attempt(one, refusal(5s), start + 1s, start + 6s) == request_step::announce);
    const auto fate = one.fate(one.last(), {}, start + 1s);
    CHECK(fate.refused);
    CHECK(fate.again_in == 5s);
    CHECK(one.last().message == "slow down");
    CHECK(one.last().rejections == 1);
    const admission wanted = one.wanted();
    CHECK(wanted.is_retry());
    CHECK(wanted.cause() == retry_cause::throttled);
    CHECK(wanted.not_before() == start + 6s);
    CHECK(wanted.alike() == like);

    wire::decoded_answer done = success();
    CHECK(attempt(one, done, start + 6s) == request_step::end);
    CHECK(done.answer.info.attempts == 2);
    CHECK(done.answer.info.rejections == 1);
}

TEST_CASE("what failed by accident at one route begins anew at another, and draws on no budget there") {
    const client_of_one client;
    request_context context = client.context();
    request_machine one(context, start);
    one.begin(start);
    REQUIRE(attempt(one, crash(), start) == request_step::announce);
    REQUIRE(one.announced() == request_step::ask_to_pass);
    REQUIRE(one.passed(false) == request_step::choose_route);
    SUBCASE("at another") {
        REQUIRE(one.routed({}, true, start) == request_step::stand_in_line);
        CHECK_FALSE(one.wanted().is_retry());
        // Called back, and bound to the same once more.
        one.reroute();
        REQUIRE(one.left_line(errc::cancelled, false, false, start) == request_step::choose_route);
        REQUIRE(one.routed({}, false, start) == request_step::stand_in_line);
        CHECK_FALSE(one.wanted().is_retry());
    }
    SUBCASE("at the same") {
        REQUIRE(one.routed({}, false, start) == request_step::stand_in_line);
        CHECK(one.wanted().cause() == retry_cause::accident);
    }
}

TEST_CASE("an accident waits for a backoff of its own, or for the server's Retry-After where that is later") {
    client_of_one client;
    SUBCASE("obeyed") {
        request_context context = client.context();
        request_machine one(context, start);
        one.begin(start);
        CHECK(attempt(one, crash(), start + 1s) == request_step::announce);
        CHECK(one.wanted().not_before() == start + 3s);
        CHECK(one.wanted().cause() == retry_cause::accident);
        wire::decoded_answer slow = crash();
        slow.what.retry_after = 9s;
        CHECK(attempt(one, slow, start + 3s) == request_step::announce);
        CHECK(one.wanted().not_before() == start + 12s);
    }
    SUBCASE("not obeyed") {
        client.obey_retry_after = false;
        request_context context = client.context();
        request_machine one(context, start);
        one.begin(start);
        wire::decoded_answer slow = crash();
        slow.what.retry_after = 9s;
        CHECK(attempt(one, slow, start + 1s) == request_step::announce);
        CHECK(one.wanted().not_before() == start + 3s);
    }
}

TEST_CASE("what the gate is told of an attempt goes by one judgement, and so does what follows") {
    client_of_one client;
    client.retry.classify([](const attempt_result& ended) {
        return classification{ended.error() == errc::server_error ? verdict::throttled : verdict::ok, {}};
    });
    request_context context = client.context();
    request_machine one(context, start);
    go_on(one, place::not_begun, place::exchanging);
    wire::decoded_answer ended = crash();
    CHECK(one.attempt_ended(ended, start + 3s) == request_step::report);
    CHECK(one.told_to_gate() == gate_report::refused);
    CHECK(one.refusals().refusals == 0);  // the gate counts them
    CHECK(one.reported(ended, start + 4s, start + 3s) == request_step::announce);
    CHECK(one.fate(one.last(), {}, start + 3s).refused);
}

TEST_CASE("where the gate decides that the prompt itself is refused, it ends so, and says why") {
    const client_of_one client;
    request_context context = client.context();
    request_machine one(context, start);
    go_on(one, place::not_begun, place::exchanging);
    wire::decoded_answer ended = refusal();
    REQUIRE(one.attempt_ended(ended, start + 40s) == request_step::report);
    one.refusals() = {9, start, {}, true};
    CHECK(one.reported(ended, {}, start + 40s) == request_step::end);
    CHECK(one.result() == errc::prompt_refused);
    CHECK(ended.answer.info.message ==
          "refused 9 times in 40 s, in which 0 requests of the same model and key were admitted: slow down");
}

TEST_CASE("no attempt follows that would begin behind the deadline") {
    client_of_one client;
    client.deadline = 10s;
    request_context context = client.context();
    request_machine one(context, start);
    CHECK(one.wanted().deadline() == start + 10s);
    one.begin(start);
    wire::decoded_answer ended = refusal(20s);
    CHECK(attempt(one, ended, start + 1s, start + 21s) == request_step::end);
    CHECK(one.result() == errc::deadline_exceeded);
    CHECK(ended.answer.info.last_error == errc::rate_limited);
}

TEST_CASE("a request's own deadline takes the place of its client's, also none") {
    client_of_one client;
    client.deadline = 10s;
    request_context context = client.context();
    request_machine one(context, start);
    one.end_within(60s);
    CHECK(one.deadline() == start + 60s);
    CHECK(one.wanted().deadline() == start + 60s);
    one.end_within(0s);
    CHECK(one.deadline() == never);
}

TEST_CASE("an attempt is bounded by its own limit, and by the request's deadline") {
    client_of_one client;
    SUBCASE("its own") {
        request_context context = client.context();
        request_machine one(context, start);
        go_on(one, place::not_begun, place::connecting);
        CHECK(one.attempt().limit == start + 31s);
    }
    SUBCASE("the deadline, which then is what is told") {
        client.deadline = 10s;
        request_context context = client.context();
        request_machine one(context, start);
        go_on(one, place::not_begun, place::exchanging);
        CHECK(one.attempt().limit == start + 10s);
        wire::decoded_answer late = cut_off(errc::answer_timed_out);
        REQUIRE(one.attempt_ended(late, start + 10s) == request_step::report);
        CHECK(one.reported(late, {}, start + 10s) == request_step::end);
        CHECK(one.result() == errc::deadline_exceeded);
        CHECK(late.answer.info.message == error_code(errc::deadline_exceeded).message());
    }
}

TEST_CASE("a request that fails again and again while others are answered is given up") {
    client_of_one client;
    client.give_up = {3, 4s};
    request_context context = client.context();
    request_machine one(context, start);
    one.describe(cost(), like);
    one.begin(start);
    CHECK(attempt(one, crash(), start) == request_step::announce);
    CHECK(attempt(one, crash(), start + 2s) == request_step::announce);
    context.outcomes.of(like).answered += 3;
    wire::decoded_answer last = crash();
    CHECK(attempt(one, last, start + 5s) == request_step::end);
    CHECK(one.result() == errc::prompt_failed);
    CHECK(last.answer.info.message ==
          "failed 3 times in 5 s, in which 3 other requests of the same model and key were answered: broken");
    CHECK(one.take_tries().size() == 3);
}

TEST_CASE("an answer that cannot be read is asked for three times") {
    const client_of_one client;
    request_context context = client.context();
    request_machine one(context, start);
    one.begin(start);
    for (int i = 0; i < 2; ++i)
        CHECK(attempt(one, cut_off(errc::unreadable_answer), start) == request_step::announce);
    CHECK(attempt(one, cut_off(errc::unreadable_answer), start) == request_step::end);
    CHECK(one.result() == errc::unreadable_answer);
}

TEST_CASE("what a policy throws ends the request once the gate was told") {
    client_of_one client;
    SUBCASE("in classify") {
        client.retry.classify(
            [](const attempt_result&) -> classification { throw std::runtime_error("oh"); });
    }
    SUBCASE("in a hook") {
        client.retry.after([](const retry_state&) { throw std::runtime_error("oh"); });
    }
    request_context context = client.context();
    request_machine one(context, start);
    go_on(one, place::not_begun, place::exchanging);
    wire::decoded_answer ended = refusal();
    CHECK(one.attempt_ended(ended, start + 3s) == request_step::report);
    CHECK(one.told_to_gate() == gate_report::refused);
    CHECK(one.reported(ended, {}, start + 3s) == request_step::end);
    CHECK(one.result() == errc::callback_threw);
    CHECK(ended.answer.info.message == "oh");
    CHECK(ended.answer.info.thrown != nullptr);
}

TEST_CASE("a hook that throws before the attempt lets nothing be counted as sent") {
    client_of_one client;
    client.retry.before([](const retry_state&) { throw std::runtime_error("not now"); });
    request_context context = client.context();
    request_machine one(context, start);
    go_on(one, place::not_begun, place::beginning);
    CHECK_THROWS_AS(one.admitted(start + 1s), std::runtime_error);
    CHECK(one.broke(errc::callback_threw, "not now", std::current_exception()) == request_step::end);
    diagnostic info;
    one.describe_end(info);
    CHECK(info.attempts == 0);
}

TEST_CASE("a stream is handed over with its beginning, and is not stopped here any more") {
    const client_of_one client;
    request_context context = client.context();
    request_machine one(context, start);
    go_on(one, place::not_begun, place::exchanging);
    wire::decoded_answer head = success();
    CHECK(one.stream_begins(head, start + 3s) == request_step::report);
    CHECK(one.told_to_gate() == gate_report::answering);
    CHECK(one.reported(head, {}, start + 3s) == request_step::hand_over);
    CHECK(head.answer.info.served == 1s);
    CHECK(one.stop(errc::cancelled) == request_step::nothing);
}

TEST_CASE("who is held leaves the line, and goes on as the chosen one or with the others") {
    const client_of_one client;
    request_context context = client.context();
    request_machine one(context, start);
    go_on(one, place::not_begun, place::in_line);
    CHECK(one.step_aside() == request_step::leave_line);
    CHECK(one.left_line(errc::cancelled, false, true, start + 1s) == request_step::ask_to_pass);
    CHECK(one.held() == request_step::nothing);
    SUBCASE("chosen") {
        CHECK(one.passed(true) == request_step::choose_route);
        CHECK(one.routed({}, false, start + 2s) == request_step::stand_in_line);
        CHECK(one.is_chosen());
        CHECK(one.step_aside() == request_step::nothing);
        // It is not asked again.
        CHECK(one.left_line({}, true, true, start + 2s) == request_step::admit);
    }
    SUBCASE("with the others") {
        CHECK(one.passed(false) == request_step::choose_route);
        CHECK(one.routed({}, false, start + 2s) == request_step::stand_in_line);
        CHECK(one.left_line({}, true, false, start + 2s) == request_step::admit);
    }
    SUBCASE("turned away") {
        CHECK(one.turned_away() == request_step::end);
        CHECK(one.result() == errc::shut_down);
    }
}

TEST_CASE("leave that comes while its like are held is used only if it may pass") {
    const client_of_one client;
    for (const bool may : {true, false}) {
        request_context context = client.context();
        request_machine one(context, start);
        go_on(one, place::not_begun, place::in_line);
        CHECK(one.left_line({}, true, true, start + 1s) == request_step::ask_to_pass);
        if (may) {
            CHECK(one.passed(false) == request_step::admit);
        } else {
            CHECK(one.held() == request_step::nothing);
            CHECK(one.passed(false) == request_step::choose_route);
        }
    }
}

TEST_CASE("a wait that ends in the backoff says so") {
    const client_of_one client;
    request_context context = client.context();
    request_machine one(context, start);
    one.begin(start);
    REQUIRE(attempt(one, crash(), start + 1s) == request_step::announce);
    REQUIRE(one.announced() == request_step::ask_to_pass);
    REQUIRE(one.passed(false) == request_step::choose_route);
    REQUIRE(one.routed({}, false, start + 1s) == request_step::stand_in_line);
    CHECK(one.stop(errc::cancelled) == request_step::leave_line);
    CHECK(one.left_line(errc::cancelled, false, false, start + 2s) == request_step::end);
    diagnostic info;
    one.describe_end(info);
    CHECK(info.phase == request_phase::backing_off);
    CHECK(info.message == "broken");
    CHECK(info.queued == 2s);
}

TEST_CASE("a Retry-After beyond what the gate obeys is told as cut") {
    const client_of_one client;
    request_context context = client.context();
    request_machine one(context, start);
    one.begin(start);
    const auto longer = refusal(2h);
    const auto shorter = refusal(2s);
    REQUIRE(attempt(one, refusal(2h), start, start + 60s) == request_step::announce);
    CHECK(one.fate(one.last(), longer.hints, start).hint_cut_to == 60s);
    REQUIRE(attempt(one, refusal(2s), start + 60s, start + 62s) == request_step::announce);
    CHECK_FALSE(one.fate(one.last(), shorter.hints, start + 60s).hint_cut_to);
}

TEST_CASE("an attempt that goes elsewhere leaves pause and refusals behind") {
    const client_of_one client;
    request_context context = client.context();
    request_machine one(context, start);
    REQUIRE(one.begin(start) == request_step::announce);
    CHECK(attempt(one, refusal(60s), start + 1s, start + 61s) == request_step::announce);
    REQUIRE(one.announced() == request_step::ask_to_pass);
    REQUIRE(one.passed(false) == request_step::choose_route);
    SUBCASE("elsewhere") {
        CHECK(one.routed({}, true, start + 2s) == request_step::stand_in_line);
        CHECK(one.wanted().not_before() == start + 2s);
        CHECK(one.wanted().is_retry());
    }
    SUBCASE("where it was") {
        CHECK(one.routed({}, false, start + 2s) == request_step::stand_in_line);
        CHECK(one.wanted().not_before() == start + 61s);
    }
}

TEST_CASE("who is called back from a line looks for another, unless leave comes first") {
    const client_of_one client;
    request_context context = client.context();
    request_machine one(context, start);
    go_on(one, place::not_begun, place::in_line);
    CHECK(one.reroute() == request_step::leave_line);
    SUBCASE("called back") {
        CHECK(one.left_line(errc::cancelled, false, false, start + 1s) == request_step::choose_route);
        CHECK(one.reroute() == request_step::nothing);
        CHECK(one.routed({}, true, start + 1s) == request_step::stand_in_line);
        CHECK(one.left_line({}, true, false, start + 2s) == request_step::admit);
    }
    SUBCASE("admitted") {
        CHECK(one.left_line({}, true, false, start + 1s) == request_step::admit);
    }
    SUBCASE("stopped") {
        one.stop(errc::cancelled);
        CHECK(one.left_line(errc::cancelled, false, false, start + 1s) == request_step::end);
    }
}

TEST_CASE("where no route is found in time the request ends, and says how long it waited") {
    client_of_one client;
    client.deadline = 5s;
    request_context context = client.context();
    request_machine one(context, start);
    go_on(one, place::not_begun, place::choosing);
    CHECK(one.routed(errc::deadline_exceeded, false, start + 5s) == request_step::end);
    diagnostic info;
    one.describe_end(info);
    CHECK(one.result() == errc::deadline_exceeded);
    CHECK(info.queued == 5s);
}

TEST_CASE("with one route there is nothing to choose") {
    const client_of_one client;
    request_context context = client.context();
    context.has_several_routes = false;
    request_machine one(context, start);
    go_on(one, place::not_begun, place::asking);
    CHECK(one.passed(false) == request_step::stand_in_line);
    CHECK(one.left_line({}, true, false, start + 1s) == request_step::admit);
}
