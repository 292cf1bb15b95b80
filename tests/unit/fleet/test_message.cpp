#include <doctest/doctest.h>

#include <string>

#include "fleet/message.hpp"

using namespace stagger::fleet;
using namespace std::chrono_literals;
using stagger::coordinator_mode;
using stagger::limit_kind;
using stagger::remembered_limits;

namespace {

std::string refusal(const auto& parse, const std::string& text) {
    try {
        parse(text);
    } catch (const std::invalid_argument& wrong) {
        return wrong.what();
    }
    return "accepted";
}

std::string refused_report(const std::string& text) {
    return refusal([](const std::string& given) { parse_report(given); }, text);
}
std::string refused_from_leader(const std::string& text) {
    return refusal([](const std::string& given) { parse_from_leader(given); }, text);
}

}  // namespace

TEST_CASE("a report reads back as it was written, with all that servers say") {
    report said{"m1", 17, 40, 300, 5000, {}};
    CHECK(format(said) == "report m1 17 40 300 5000");
    CHECK(parse_report(format(said)) == said);

    stagger::hints all;
    all.retry_after = 1500ms;
    all.requests = {60, 12.5, 3s};
    all.tokens = {1e6, 0, 1ns};
    all.overloaded = true;
    all.retry_after_kind = stagger::opening_hint::body;
    all.otherwise = {stagger::opening_hint::quota, 2h};
    for (const fate each : {fate::accepted, fate::answering, fate::ended, fate::throttled, fate::failed,
                            fate::abandoned, fate::unsent})
        said.outcomes.push_back({said.outcomes.size() + 7, each, {}});
    said.outcomes.push_back({99, fate::throttled, all});
    CHECK(parse_report(format(said)) == said);
    CHECK(
        format(said).ends_with("r99,retry=1500000000,by=body,else=quota:7200000000000,limit=60,left=12.5,"
                               "reset=3000000000,tokens_limit=1e+06,"
                               "tokens_left=0,tokens_reset=1,load=1"));
}

TEST_CASE("slots and heartbeats read back as they were written") {
    const slots planned{5, {{1, 40ms}, {2, 60001us}, {3, -2ms}}};
    CHECK(format(planned) == "slots 5 1@40000 2@60001 3@-2000");
    CHECK(std::get<slots>(parse_from_leader(format(planned))) == planned);

    heartbeat beat{6, 12.5, 8, coordinator_mode::closed, true, false, {}};
    CHECK(format(beat) == "heartbeat 6 12.5 8 closed 1 0");
    CHECK(std::get<heartbeat>(parse_from_leader(format(beat))) == beat);
    beat.learned = remembered_limits{limit_kind::window, 50, {}, 3000, 60s, {}, {}, 4, {}};
    CHECK(std::get<heartbeat>(parse_from_leader(format(beat))) == beat);
}

TEST_CASE("limits read back as they were written") {
    for (const remembered_limits& limits :
         {remembered_limits{limit_kind::rate, 50.25, 10, {}, {}, {}, {}, 12, {}},
          remembered_limits{limit_kind::concurrency, 30, {}, {}, {}, 64, {}, 3, {}},
          remembered_limits{limit_kind::lockout, 5, 2, {}, {}, {}, 7s, 1, {}}})
        CHECK(parse_limits(format(limits)) == limits);
}

TEST_CASE("a report that makes no sense is refused, naming the word") {
    CHECK(refused_report("") == "message: must be given, is missing");
    CHECK(refused_report("slots 1") == "message: must be a report, is \"slots\"");
    CHECK(refused_report("report m1 1 2 3") == "backlog: must be given, is missing");
    CHECK(refused_report("report m1 1 2 x 4") == "wanted: must be a whole number, is \"x\"");
    CHECK(refused_report("report m1 -1 2 3 4") == "term: must be a whole number, is \"-1\"");
    CHECK(refused_report("report m1 1 99999999999999999999 3 4").starts_with("received: must be a whole"));
    CHECK(refused_report("report m1  1 2 3 4") == "term: must not be empty, is \"\"");
    CHECK(refused_report("report m1 1 2 3 4 z5") ==
          "outcome: must begin with one of a g e r f x u, is \"z5\"");
    CHECK(refused_report("report m1 1 2 3 4 a") == "outcome: must be a whole number, is \"\"");
    CHECK(refused_report("report m1 1 2 3 4 a5,") == "hint: must read name=value, is \"\"");
    CHECK(refused_report("report m1 1 2 3 4 a5,why=1") == "hint: must be one that is known, is \"why=1\"");
    CHECK(refused_report("report m1 1 2 3 4 a5,limit=nan") == "limit: must be finite and >= 0, is \"nan\"");
    CHECK(refused_report("report m1 1 2 3 4 a5,by=word") ==
          "by: must name what says when the server opens, is \"word\"");
    CHECK(refused_report("report m1 1 2 3 4 a5,else=body").starts_with("else: must read kind:nanoseconds"));
    CHECK(refused_report("report m1 \x1b[2J 2 3 4").find('\x1b') == std::string::npos);
    CHECK(refused_report("report m1 1 2 3 4 a5,limit=nine") == "limit: must be a number, is \"nine\"");
    CHECK(refused_report("report " + std::string(65, 'm') + " 1 2 3 4").starts_with("member: must have at"));
    std::string many = "report m1 1 2 3 4";
    for (std::size_t each = 0; each < most_outcomes; ++each) many += " a1";
    CHECK(refused_report(many) == "accepted");
    CHECK(refused_report(many + " a1") == "outcomes: are too many");
    CHECK(refused_report(std::string(longest_message_bytes + 1, 'a')) == "message: is too long");
}

TEST_CASE("what a leader says that makes no sense is refused, naming the word") {
    CHECK(refused_from_leader("report m1 1 2 3 4") == "message: must be slots or a heartbeat, is \"report\"");
    CHECK(refused_from_leader("slots x") == "term: must be a whole number, is \"x\"");
    CHECK(refused_from_leader("slots 1 5") == "slot: must read number@microseconds, is \"5\"");
    CHECK(refused_from_leader("slots 1 5@9999999999999") ==
          "slot: must be within an hour, is \"5@9999999999999\"");
    CHECK(refused_from_leader("heartbeat 1 0 1 ride 0 0") == "per_s: must be finite and > 0, is \"0\"");
    CHECK(refused_from_leader("heartbeat 1 nan 1 ride 0 0") == "per_s: must be finite and > 0, is \"nan\"");
    CHECK(refused_from_leader("heartbeat 1 5 0 ride 0 0") == "active: must be at least 1, is \"0\"");
    CHECK(refused_from_leader("heartbeat 1 5 1 walk 0 0") == "mode: must be one that is known, is \"walk\"");
    CHECK(refused_from_leader("heartbeat 1 5 1 ride 0 0 rate").starts_with("rate: must be given"));
    CHECK(refused_from_leader("heartbeat 1 5 1 ride 0 0 rate 5 0.5 - - - - 1").starts_with("burst"));
    CHECK(refused_from_leader("heartbeat 1 5 1 ride 0 0 rate 5 - - - - - 1 more")
              .starts_with("end: must follow"));
}
