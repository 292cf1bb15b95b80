// What a batch says without a terminal, by itself: notices, heartbeat, log file, summary.

#include <doctest/doctest.h>

#include <boost/json/parse.hpp>
#include <regex>

#include "cli/exit_code.hpp"
#include "sending/failure_notices.hpp"
#include "sending/log.hpp"
#include "sending/progress_display.hpp"
#include "sending/summary.hpp"
#include "support/temporary_folder.hpp"

using namespace std::chrono_literals;

TEST_CASE("the first failures of each kind are told one by one, then ever more seldom how many there are") {
    app::failure_notices notices("out.jsonl");
    const auto tell = [&](int line, const std::string& kind) {
        return notices.tell("in:" + std::to_string(line), kind, kind + ": \"words\"").value_or("-");
    };
    CHECK(tell(1, "refused") == "in:1: refused: \"words\"");
    CHECK(tell(2, "refused") == "in:2: refused: \"words\"");
    CHECK(tell(3, "refused") ==
          "in:3: refused: \"words\"; further ones of a kind are counted, and all are in out.jsonl");
    for (int line = 4; line < 10; ++line) CHECK(tell(line, "refused") == "-");
    CHECK(tell(10, "refused") == "in:10: the 10th that failed so: refused");
    CHECK(tell(11, "late") == "in:11: late: \"words\"");  // another kind is not buried
    std::size_t told = 0;
    for (int line = 12; line < 10000; ++line) told += tell(line, "refused") == "-" ? 0 : 1;
    CHECK(told == 2);  // 100 and 1000
    CHECK(tell(1, "late") == "in:1: late: \"words\"");
    CHECK(tell(1, "late") == "in:1: late: \"words\"");  // where they are was said
}

TEST_CASE("a heartbeat comes every half minute and has the essential figures") {
    CHECK(app::progress_interval(app::progress_mode::heartbeat) == 30s);
    CHECK(app::progress_interval(app::progress_mode::jsonl) == 1s);
    CHECK(app::parse_progress_mode("heartbeat") == app::progress_mode::heartbeat);
    app::progress view;
    view.done = 120;
    view.failed = 3;
    view.left = 377;
    view.elapsed = 60s;
    view.results_per_s = 19.12;
    view.prompt_tokens = 4000;
    view.completion_tokens = 8345;
    view.gate.in_flight = 20;
    view.gate.waiting = 236;
    view.gate.why = stagger::wait_reason::closed;
    view.gate.measured_per_s = 20;
    view.gate.throttled = 7;
    CHECK(app::heartbeat_text(view) ==
          "1:00  120/500 done  3 failed  19.1/s  limit 20.0/s  20 in flight  236 waiting (server admits "
          "nothing)  "
          "7 rejected  12.3k tokens  ETA 3:04");
    view.stalled_by = "slow down";
    CHECK(app::heartbeat_text(view).ends_with("ETA 3:04  server: \"slow down\""));
}

TEST_CASE("a log file has every message and the log, whole lines with their date, appended") {
    const temporary_folder folder;
    const auto path = folder.write("log", "earlier\n");
    {
        app::console out(true);  // quiet
        const auto log = app::make_log(out, "warn", path);
        log->info("of the log");
        log->debug("too much");
        out.remark("a remark");
        out.print("two\nlines\n");
    }
    const std::string date = R"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}[+-]\d\d:\d\d )";
    std::string expected = "earlier\n";
    for (const auto* line : {"of the log", "a remark", "two", "lines"})
        expected += date + "info: " + line + "\n";
    CHECK(std::regex_match(folder.read("log"), std::regex(expected)));
    app::console out(true);
    CHECK_THROWS_AS(app::make_log(out, "info", "-"), app::failure);
    CHECK_THROWS_AS(app::make_log(out, "info", folder.path("none/log")), app::failure);
}

TEST_CASE("the summary tells this run from those before, tokens, rates, waits and the limit found") {
    stagger::batch::run_report report;
    report.elapsed = 10s;
    report.left = 5;
    report.counts.succeeded = 20;
    report.counts.ended = 20;
    report.counts.attempts = 20;
    report.counts.skipped = 12;
    report.counts.prompt_tokens = 400;
    report.counts.completion_tokens = 1600;
    app::summary_context beside;
    beside.failed_before = 2;
    stagger::coordinator_status gate;
    gate.measured_per_s = 2.5;
    gate.waited[stagger::wait_reason::pace] = 3s;
    gate.waited[stagger::wait_reason::retry_after] = 1s;
    beside.gate = gate;
    const auto text = app::describe(report, beside);
    CHECK(text.starts_with(
        "20 answered, 0 failed, 10 answered before, 2 failed before, 5 left; 10.0 s, 2.00 answers/s\n"));
    CHECK(text.find("tokens 2.0k: 400 in prompts, 1.6k in answers; 200.0/s\n") != std::string::npos);
    CHECK(text.find("limit 2.5/s; waited for pace 75 %, server said when 25 %\n") != std::string::npos);
    const auto json = boost::json::parse(app::to_json(report, "coordinated", beside)).as_object();
    CHECK(json.at("failed_before") == 2);
    CHECK(json.at("skipped") == 12);
    CHECK(json.at("tokens_per_s") == 200.0);
    CHECK(json.at("limit_per_s") == 2.5);
    CHECK(json.at("limit_in_flight").is_null());
    CHECK(json.at("waited_for_s").at("pace") == 3.0);
    CHECK_FALSE(boost::json::parse(app::to_json(report, "none")).as_object().contains("limit_per_s"));
    CHECK(text.find("cost ") == std::string::npos);
    beside.costs = app::cost_counts{0.0125, 0, ""};
    CHECK(app::describe(report, beside).find("/s\ncost 0.0125\n") != std::string::npos);
    beside.costs = app::cost_counts{0.0125, 3, "large"};
    CHECK(app::describe(report, beside).find("cost 0.0125 without 3 answers: the prices have no large\n") !=
          std::string::npos);
    const auto priced = boost::json::parse(app::to_json(report, "coordinated", beside)).as_object();
    CHECK(priced.at("cost") == 0.0125);
    CHECK(priced.at("unpriced") == 3);
    CHECK_FALSE(json.contains("cost"));
    beside.failed_before = 50;  // of a part of a list
    CHECK(app::describe(report, beside).starts_with("20 answered, 0 failed, 12 failed before, 5 left;"));
}
