#include <doctest/doctest.h>

#include <limits>
#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

#include "records/decision_log.hpp"

using namespace std::chrono_literals;
using namespace stagger::decisions;
using stagger::coordinator_mode;
using stagger::coordinator_options;
using stagger::coordinator_view;
using stagger::decision;
using stagger::decision_record;
using stagger::hints;
using stagger::mode_cause;
using stagger::never;
using stagger::permit_id;
using stagger::retry_cause;
using stagger::task_id;
using stagger::time_point;
using stagger::wait_reason;
using stagger::waiting_times;
using stagger::wire::decision_log_reader;
using stagger::wire::decision_log_writer;

namespace {

constexpr time_point origin = time_point() + 27h;
constexpr auto task = task_id{0x0000000300000005};
constexpr auto permit = permit_id{0xffffffffffffffff};

waiting_times every_reason() {
    waiting_times times;
    int weight = 1;
    for (const wait_reason why : stagger::wait_reasons) times[why] = 1ns * (weight *= 7);
    return times;
}

hints everything_said() {
    hints said;
    said.retry_after = 1500ms;
    said.retry_after_kind = stagger::opening_hint::quota;
    said.otherwise = {stagger::opening_hint::body, 38s};
    said.requests = {60.5, 0, 1s};
    said.tokens = {1e300, 0.1, -1ns};
    said.overloaded = true;
    return said;
}

stagger::refusal_history refused_often() {
    stagger::refusal_history history;
    history.refusals = 0xffffffff;
    history.since = origin - 3ns;
    history.evidence.before = {std::numeric_limits<std::uint64_t>::max(), 1, 9};
    history.evidence.latest = {2, 3, 7};
    history.evidence.weighed = {4, 5, 8};
    history.evidence.alone = 6;
    history.evidence.log_rest = -1.0 / 3;
    history.evidence.singled_out = true;
    history.own = true;
    return history;
}

std::vector<decision> one_of_each() {
    const coordinator_view measured{coordinator_mode::ride, 1.0 / 3, 0.1 + 0.2, 17};
    hints only_headers;
    only_headers.tokens.remaining = 5;
    return {
        submitted{{1, 0.1}, origin + 1min, task},
        submitted{{}, never, task},
        submitted{{1, 20, 0.3, 2}, never, task},
        submitted{{}, time_point::min(), task},
        resubmitted{{2, 3}, never, origin + 5ns, retry_cause::accident, task},
        resubmitted{{2, 3, 4, 5}, origin, origin - 1ns, retry_cause::throttled, task},
        resubmitted{{2, 3}, origin, origin - 5ns, retry_cause::throttled, task},
        submitted{{}, never, task, stagger::task_kind{63}},
        submitted{{}, never, task, stagger::task_kind{63}, stagger::priority::batch},
        submitted{{}, never, task, {}, stagger::priority::interactive},
        resubmitted{
            {}, never, origin, retry_cause::throttled, task, stagger::task_kind{0xffffffff}, refused_often()},
        withdrawn{task, true, every_reason()},
        withdrawn{task, false, {}},
        admitted{task, permit, every_reason(), measured},
        admitted{task, permit, {}, {coordinator_mode::ramp, 32, {}, {}}},
        admitted{task, permit, {}, measured, 0.1 + 0.2},
        expired{task, every_reason()},
        held{origin + 3s, wait_reason::own_delay},
        held{never, wait_reason::in_flight},
        answering{permit, everything_said()},
        answering{permit, {}},
        accepted{permit, everything_said()},
        accepted{permit, only_headers},
        accepted{permit, {}, {std::numeric_limits<std::uint64_t>::max(), 0}},
        accepted{permit, only_headers, {{}, 16}},
        throttled{permit, everything_said(), origin + 2s},
        throttled{permit, {}, never},
        throttled{permit, {}, origin, refused_often(), true},
        failed{permit},
        abandoned{permit},
        probed_again{},
        fleet_heard{"heartbeat 1 5 1 ride 1 0"},
        fleet_said{""},
        fleet_said{"report m1 1 0 3 3"},
        expected{std::numeric_limits<std::uint64_t>::max()},
        labelled{task, "a \"1\" \xc3\xbc\n"},
        mode_changed{coordinator_mode::closed, mode_cause::time, measured}};
}

stagger::remembered_limits unusual_limits() {
    stagger::remembered_limits limits;
    limits.kind = stagger::limit_kind::lockout;
    limits.rate_per_s = 1.0 / 7;
    limits.burst = 1 + 1.0 / 3;
    limits.quota = 1e9;
    limits.window = 604'799'123'456'789ns;
    limits.in_flight = 64;
    limits.silence = 1ns;
    limits.rejections = std::numeric_limits<std::uint64_t>::max();
    limits.learned_at = std::chrono::sys_seconds(1'700'000'000s);
    return limits;
}

coordinator_options unusual_options() {
    return coordinator_options()
        .max_in_flight(4'000'000'000)
        .requests_per_minute(0.1)
        .tokens_per_minute(1e15)
        .probing(0.1 / 3)
        .retry_after_cap(1ns)
        .prompt_refused_after(2ns)
        .initial_rate(1e-3)
        .remembered(unusual_limits())
        .pacing(stagger::pacing_kind::unpaced);
}

std::string header_line(const std::string& replaced = "", const std::string& by = "") {
    std::string line;
    decision_log_writer writer;
    writer.started(coordinator_options(), 1);
    writer.finish(line);
    if (const auto at = line.find(replaced); !replaced.empty()) {
        REQUIRE(at != std::string::npos);
        line.replace(at, replaced.size(), by);
    }
    return line;
}

/// What a log's reader complains about; reads to its end.
std::string complaint(const std::string& log) {
    std::istringstream text(log);
    try {
        decision_log_reader reader(text, "log");
        while (reader.next()) continue;
    } catch (const std::invalid_argument& wrong) {
        return wrong.what();
    }
    return {};
}

std::string complaint_about(const std::string& line) {
    return complaint(header_line() + line + "\n");
}

}  // namespace

TEST_CASE("every kind of record reads back as it was written, to the last digit") {
    std::string log;
    decision_log_writer writer;
    writer.started(unusual_options(), 0xfedcba9876543210);
    std::vector<decision_record> written;
    for (const decision& each : one_of_each()) {
        written.push_back({origin + 7ns * written.size(), each});
        writer.append(log, written.back());
    }

    std::istringstream text(log);
    decision_log_reader reader(text, "log");
    CHECK(reader.header().seed == 0xfedcba9876543210);
    CHECK(reader.header().origin == origin);
    for (const decision_record& each : written) {
        const auto read = reader.next();
        CAPTURE(reader.line());
        REQUIRE(read);
        CHECK(*read == each);
    }
    CHECK_FALSE(reader.next());
}

TEST_CASE("a log of 0.1, which knows nothing of kinds and of refusals of one's own, is read") {
    std::istringstream text(
        header_line("\"prompt_refused_after_ns\":20000000000,") +
        R"({"at_ns":0,"event":"submit","task":1,"requests":1,"tokens":0})"
        "\n"
        R"({"at_ns":5,"event":"throttled","permit":1,"earliest_ns":5})"
        "\n"
        R"({"at_ns":5,"event":"resubmit","task":2,"requests":1,"tokens":0,"not_before_ns":5,"cause":"throttled"})"
        "\n");
    decision_log_reader reader(text, "log");
    CHECK(reader.header().options.prompt_refused_after() == 20s);
    CHECK(std::get<submitted>(reader.next()->what).alike == stagger::task_kind());
    CHECK(std::get<throttled>(reader.next()->what).before == stagger::refusal_history());
    CHECK(std::get<resubmitted>(reader.next()->what).so_far == stagger::refusal_history());
}

TEST_CASE("every option of the coordinator is in the header") {
    std::string log;
    decision_log_writer writer;
    writer.started(unusual_options(), 1);
    writer.finish(log);
    std::istringstream text(log);
    const auto read = decision_log_reader(text, "log").header().options;
    const auto wanted = unusual_options();
    CHECK(read.max_in_flight() == wanted.max_in_flight());
    CHECK(read.requests_per_minute() == wanted.requests_per_minute());
    CHECK(read.tokens_per_minute() == wanted.tokens_per_minute());
    CHECK(read.probing() == wanted.probing());
    CHECK(read.retry_after_cap() == wanted.retry_after_cap());
    CHECK(read.prompt_refused_after() == wanted.prompt_refused_after());
    CHECK(read.initial_rate() == wanted.initial_rate());
    CHECK(read.remembered() == wanted.remembered());
    CHECK(read.pacing() == wanted.pacing());
}

TEST_CASE("a header of version 0.1 names the cap on a Retry-After that was the default then") {
    const std::string line =
        header_line(R"("probing":0.01,)", R"("probing":0.01,"retry_after_cap_ns":120000000000,)");
    std::istringstream text(line);
    CHECK(decision_log_reader(text, "log").header().options.retry_after_cap() == 120s);
    std::istringstream of_today(header_line());
    CHECK(decision_log_reader(of_today, "log").header().options.retry_after_cap() ==
          stagger::duration::max());
}

TEST_CASE("lines are as documented") {
    std::string log;
    decision_log_writer writer;
    writer.started(coordinator_options(), 7);
    waiting_times waited;
    waited[wait_reason::pace] = 25ms;
    writer.append(log, {origin, submitted{{1, 20}, never, task_id{9}}});
    writer.append(log, {origin + 1s,
                        admitted{task_id{9}, permit_id{4}, waited, {coordinator_mode::ride, 40.5, 40, {}}}});
    writer.append(log, {origin + 1s, held{origin + 2s, wait_reason::pace}});
    CHECK(
        log ==
        R"({"format":"stagger decision log","version":1,"seed":7,"origin_ns":97200000000000,"coordinator":{"max_in_flight":256,"requests_per_minute":0,"tokens_per_minute":0,"probing":0.01,"prompt_refused_after_ns":20000000000,"initial_rate":32,"pacing":"ride_the_limit"}})"
        "\n"
        R"({"at_ns":0,"event":"submit","task":9,"requests":1,"tokens":20})"
        "\n"
        R"({"at_ns":1000000000,"event":"admit","task":9,"permit":4,"waited_ns":{"pace":25000000},"mode":"ride","pace_per_s":40.5,"measured_per_s":40})"
        "\n"
        R"({"at_ns":1000000000,"event":"wait","until_ns":2000000000,"why":"pace"})"
        "\n");
}

TEST_CASE("a log without records has its header, one of no coordinator has nothing") {
    CHECK(complaint(header_line()).empty());
    std::string nothing;
    decision_log_writer().finish(nothing);
    CHECK(nothing.empty());
}

TEST_CASE("one log is about one coordinator") {
    decision_log_writer writer;
    writer.started({}, 1);
    CHECK_THROWS_AS(writer.started({}, 2), std::logic_error);
}

TEST_CASE("a file that is no decision log is refused by its first line") {
    CHECK(complaint("") == "log: must begin with a header line, is empty");
    CHECK(complaint("hello\n").starts_with("log:1: must be JSON, "));
    CHECK(complaint("[]\n") == "log:1: the line: must be an object, is []");
    CHECK(complaint("{\"prompt\":\"x\"}\n") == "log:1: format: must be \"stagger decision log\", is missing");
    CHECK(complaint(header_line("stagger decision log", "other")) ==
          "log:1: format: must be \"stagger decision log\", is \"other\"");
    CHECK(complaint(header_line("\"version\":1", "\"version\":2")) == "log:1: version: must be 1, is 2");
    CHECK(complaint(std::string(100'000, 'x')) == "log:1: the line: must have at most 16384 bytes, has more");
    CHECK(complaint(header_line("\n", "")) == "log:1: the line: must end with a line end, is cut off");
}

TEST_CASE("a header with a wrong option is refused by the option's own rule") {
    CHECK(complaint(header_line("\"probing\":0.01", "\"probing\":3"))
              .find("probing must be 0 or in [0.001, 0.2]") != std::string::npos);
    CHECK(complaint(header_line("\"max_in_flight\":256", "\"max_in_flight\":0")) ==
          "log:1: coordinator.max_in_flight: must be a whole number within 1..4294967295, is 0");
    CHECK(complaint(header_line("ride_the_limit", "hope"))
              .starts_with("log:1: coordinator.pacing: must be one of ride_the_limit, unpaced"));
    CHECK(complaint(header_line("\"initial_rate\":32,", "")) ==
          "log:1: coordinator.initial_rate: must be given, is missing");
    CHECK(complaint(header_line("\"seed\":1", "\"seed\":-1"))
              .starts_with("log:1: seed: must be a whole number within 0..18446744073709551615, is -1"));
}

TEST_CASE("a damaged line is refused by file, line, member, rule and value") {
    CHECK(complaint_about(R"({"at_ns":0,"event":"failed","permit":1)").starts_with("log:2: must be JSON, "));
    CHECK(complaint_about(R"({"at_ns":0,"event":"failed"})") == "log:2: permit: must be given, is missing");
    CHECK(complaint_about(R"({"event":"failed","permit":1})") == "log:2: at_ns: must be given, is missing");
    CHECK(complaint_about(R"({"at_ns":-1,"event":"failed","permit":1})") ==
          "log:2: at_ns: must be a whole number within 0..9223372036854775807, is -1");
    CHECK(complaint_about(R"({"at_ns":0.5,"event":"failed","permit":1})").find("is 0.5") !=
          std::string::npos);
    CHECK(complaint_about(R"({"at_ns":0,"event":"failed","permit":"1"})").find("permit: must be a whole") !=
          std::string::npos);
    CHECK(complaint_about(R"({"at_ns":0,"event":"vanish"})")
              .starts_with("log:2: event: must be one of submit, "));
    CHECK(complaint_about(R"({"at_ns":0,"event":7})") == "log:2: event: must be a string, is 7");
    CHECK(complaint_about(R"({"at_ns":0,"event":"failed","permit":1,"extra":2})") ==
          "log:2: extra: unknown member, must be one of at_ns, event, permit, is 2");
    CHECK(complaint_about(R"({"at_ns":0,"event":"submit","task":1,"requests":"many","tokens":0})") ==
          "log:2: requests: must be a number, is \"many\"");
    CHECK(complaint_about(R"({"at_ns":0,"event":"submit","task":1,"requests":-1,"tokens":0})") ==
          "log:2: requests: must be >= 0, is -1");
    CHECK(complaint_about(R"({"at_ns":0,"event":"submit","task":1,"requests":1e999,"tokens":0})") ==
          "log:2: requests: must be a number, is 1e999");
    CHECK(complaint_about(R"({"at_ns":0,"event":"withdraw","task":1,"was_waiting":1,"waited_ns":{}})") ==
          "log:2: was_waiting: must be true or false, is 1");
    CHECK(complaint_about(R"({"at_ns":0,"event":"expire","task":1,"waited_ns":3})") ==
          "log:2: waited_ns: must be an object, is 3");
    CHECK(complaint_about(R"({"at_ns":0,"event":"expire","task":1,"waited_ns":{"luck":3}})")
              .starts_with("log:2: waited_ns.luck: unknown member"));
    CHECK(
        complaint_about(R"({"at_ns":0,"event":"accepted","permit":1,"said":{"requests":{"limit":null}}})") ==
        "log:2: said.requests.limit: must be a number, is null");
    CHECK(complaint_about(R"({"at_ns":0,"event":"idle","why":"tea"})")
              .starts_with("log:2: why: must be one of none, pace"));
}

TEST_CASE("time never goes back in a log") {
    const std::string later = R"({"at_ns":5,"event":"failed","permit":1})";
    const std::string earlier = R"({"at_ns":4,"event":"failed","permit":2})";
    CHECK(complaint_about(later + "\n" + earlier) ==
          "log:3: at_ns: must not be before that of the line above, is earlier");
    CHECK(complaint_about(earlier + "\n" + later).empty());
}
