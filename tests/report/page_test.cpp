#include <doctest/doctest.h>

#include "report/figure_text.hpp"
#include "report/html_table.hpp"
#include "report/report_page.hpp"
#include "report/report_results.hpp"
#include "report/sections.hpp"
#include "support/xml_outline.hpp"
#include "terminal/markup_text.hpp"

namespace {

bool contains(const std::string& text, const std::string& part) {
    return text.find(part) != std::string::npos;
}

std::string all_sections(const std::vector<app::named_results>& documents) {
    const auto runs = app::label_runs(documents);
    return "<page>" + app::origin_section(documents) + app::notices(runs) + app::key_figures_section(runs) +
           app::comparison_section(runs) + app::timeline_section(runs) + app::latency_section(runs) +
           app::time_spent_section(runs) + app::failures_section(runs) + "</page>";
}

/// A run in which nothing was ever answered.
app::named_results nothing_answered() {
    app::named_results made{"nothing.json", sample_results()};
    made.results.slo.reset();
    made.results.runs.resize(1);
    auto& run = made.results.runs.front();
    run = {};
    run.policy = "none";
    run.requests = run.failed = 3;
    run.failures = {{"connection_failed", 3}};
    return made;
}

}  // namespace

TEST_CASE("report: whatever the results say is text, never markup") {
    const std::string hostile = R"html(</script><img src=x onerror="run()">&lt;' {{results}} ]]>)html";
    const xml_outline sections(all_sections({results_that_say(hostile)}));
    CHECK(sections.problem() == "");
    CHECK(sections.has_text(hostile));
    const std::string page = app::report_page({results_that_say(hostile)});
    CHECK_FALSE(contains(page, "<img"));
    CHECK_FALSE(contains(page, "</script><"));
    CHECK(contains(page, R"(\u003c/script>)"));
}

TEST_CASE("report: every section is well-formed with one run, with several and with several files") {
    auto one = full_results();
    one.results.runs.resize(1);
    for (const auto& documents : std::vector<std::vector<app::named_results>>{
             {one}, {full_results()}, {full_results(), full_results()}, {nothing_answered()}}) {
        CHECK(xml_outline(all_sections(documents)).problem() == "");
    }
}

TEST_CASE("report: the table of all figures has each as it was measured") {
    const auto documents = std::vector{full_results()};
    const std::string table = app::comparison_section(app::label_runs(documents));
    const auto has_row = [&](const std::string& title, const std::string& first, const std::string& second) {
        return contains(table, "<th scope=\"row\">" + title + "</th><td class=\"number\"" + first + "</td>" +
                                   "<td class=\"number\"" + second + "</td></tr>");
    };
    CHECK(has_row("answers a second (goodput)", " data-value=\"49\">49", " data-value=\"49\">49"));
    CHECK(has_row("prompt tokens", " data-value=\"50000\">50,000", " data-value=\"50000\">50,000"));
    CHECK(has_row("schedule: late by, at most (ms)", " data-value=\"30\">30", ">–"));
}

TEST_CASE("report: the best of a row is marked where there is one") {
    auto documents = std::vector{full_results()};
    documents.front().results.runs.back().goodput_per_s = 12;
    documents.front().results.runs.back().failed = 3;
    const std::string table = app::comparison_section(app::label_runs(documents));
    CHECK(contains(table, "<strong>49</strong>"));          // more answers are better
    CHECK(contains(table, "<strong>3</strong>"));           // fewer failures are
    CHECK_FALSE(contains(table, "<strong>510</strong>"));   // of attempts nobody can say
    CHECK_FALSE(contains(table, "<strong>1.04</strong>"));  // the same for both
}

TEST_CASE("report: every figure of which less is better has its best, latencies only where nothing failed") {
    auto documents = std::vector{full_results()};
    auto& runs = documents.front().results.runs;
    runs.back().peak_10ms = 2;  // of 3
    runs.back().closed_s = 0.125;
    const auto row = [&](const std::string& title) {
        const std::string table = app::comparison_section(app::label_runs(documents));
        const auto begin = table.find("<th scope=\"row\">" + title + "</th>");
        REQUIRE(begin != std::string::npos);
        return table.substr(begin, table.find("</tr>", begin) - begin);
    };
    CHECK(contains(row("most attempts in 10 ms"), "<strong>2</strong>"));
    CHECK(contains(row("closed (s)"), "<strong>"));
    for (const auto* each : {"latency, p50 (ms)", "latency, p99 (ms)"})
        CHECK_FALSE(contains(row(each), "strong"));
    for (auto& run : runs) run.failed = 0;
    for (const auto* each : {"latency, p50 (ms)", "latency, p99 (ms)"})
        CHECK(contains(row(each), "<strong>"));
    CHECK_FALSE(contains(row("prompt tokens"), "strong"));
}

TEST_CASE("report: of counts there is a best only among runs that were asked for as much") {
    auto documents = std::vector{full_results()};
    auto& runs = documents.front().results.runs;
    runs.back().succeeded = 500;
    runs.back().failed = 0;
    CHECK(contains(app::comparison_section(app::label_runs(documents)), "<strong>500</strong>"));
    runs.back().requests = 600;
    CHECK_FALSE(contains(app::comparison_section(app::label_runs(documents)), "<strong>500</strong>"));
    CHECK_FALSE(contains(app::comparison_section(app::label_runs(documents)), "<strong>0</strong>"));
}

TEST_CASE("report: a run that was interrupted is said to be so") {
    auto documents = std::vector{full_results()};
    CHECK_FALSE(contains(app::notices(app::label_runs(documents)), "ended before its load was complete"));
    documents.front().results.runs.back().interrupted = true;
    const std::string said = app::notices(app::label_runs(documents));
    CHECK(contains(said, "<strong>tenacity:</strong> it ended before its load was complete"));
    CHECK_FALSE(contains(said, "<strong>coordinated:</strong> it ended"));
}

TEST_CASE("report: a run without a single answer has no charts of answers, and says what failed") {
    const std::string sections = all_sections({nothing_answered()});
    CHECK_FALSE(contains(sections, "<canvas"));
    CHECK(contains(sections, "3 of 3 requests failed"));
    CHECK(contains(sections, "connection_failed"));
}

TEST_CASE("report: a sender that fell behind its schedule is said before any figure") {
    const auto documents = std::vector{full_results()};
    const std::string said = app::notices(app::label_runs(documents));
    CHECK(contains(said,
                   "<strong>coordinated:</strong> the sender fell behind its schedule by up to 30\u00a0ms"));
    CHECK_FALSE(contains(said, "<strong>tenacity:</strong> the sender"));
}

TEST_CASE("report: what no part of a request's time explains is a part of its own") {
    auto documents = std::vector{full_results()};
    auto& latency = documents.front().results.runs.front().latency_ms;
    documents.front().results.runs.resize(1);
    namespace kinds = stagger::load::latency_kinds;
    latency.clear();
    const auto measured = [&](std::string_view kind, std::uint64_t count, double mean) {
        latency[std::string(kind)].count = count;
        latency[std::string(kind)].mean = mean;
    };
    measured(kinds::total, 10, 100);
    measured(kinds::service, 10, 40);
    measured(kinds::connecting, 2, 25);  // 5 ms for each of the ten
    const std::string table = app::time_spent_section(app::label_runs(documents));
    CHECK(contains(table, ">service</th><td class=\"number\" data-value=\"40\">"));
    CHECK(contains(table, ">connecting</th><td class=\"number\" data-value=\"5\">"));
    CHECK(contains(table, ">attempts that failed, and the rest</th><td class=\"number\" data-value=\"55\">"));
    CHECK(contains(table, ">all of it</th><td class=\"number\" data-value=\"100\">"));
}

TEST_CASE("report: runs of several files are told apart") {
    const auto labels = [](const std::vector<app::named_results>& documents) {
        std::vector<std::string> found;
        for (const auto& each : app::label_runs(documents)) found.push_back(each.label);
        return found;
    };
    using names = std::vector<std::string>;
    auto monday = full_results();
    monday.name = "in/monday.json";
    auto tuesday = full_results();
    tuesday.name = "in/tuesday.json";
    tuesday.results.runs.back().policy = "aimd";
    CHECK(labels({monday}) == names{"coordinated", "tenacity"});
    CHECK(labels({monday, tuesday}) ==
          names{"coordinated (monday.json)", "tenacity", "coordinated (tuesday.json)", "aimd"});
    CHECK(labels({tuesday, tuesday}) == names{"coordinated (tuesday.json) #1", "aimd (tuesday.json) #1",
                                              "coordinated (tuesday.json) #2", "aimd (tuesday.json) #2"});
    monday.results.runs.back().policy = "coordinated";
    CHECK(labels({monday}) == names{"coordinated #1", "coordinated #2"});
}

TEST_CASE("report: the command can be typed into a shell again") {
    auto made = full_results();
    made.results.command = {"stagger", "bench", "--header", "X-Team: it's", ""};
    const std::string section = app::origin_section({made});
    const auto from = section.find("<code>");
    REQUIRE(from != std::string::npos);
    std::string command;
    bool in_tag = false;
    for (const char each : section.substr(from, section.find("</code>") - from)) {
        if (each == '<') in_tag = true;
        if (!in_tag) command += each;
        if (each == '>') in_tag = false;
    }
    CHECK(command == "stagger bench --header &apos;X-Team: it&apos;\\&apos;&apos;s&apos; &apos;&apos;");
}

TEST_CASE("report: numbers for people") {
    CHECK(app::amount_text(0) == "0");
    CHECK(app::amount_text(0.00123456) == "0.001235");
    CHECK(app::amount_text(49.9876) == "49.99");
    CHECK(app::amount_text(106.25) == "106.3");
    CHECK(app::amount_text(1.9175) == "1.918");
    CHECK(app::amount_text(1234567.8) == "1,234,568");
    CHECK(app::span_text(0) == "0\u00a0ms");
    CHECK(app::span_text(0.32) == "320\u00a0µs");
    CHECK(app::span_text(850) == "850\u00a0ms");
    CHECK(app::span_text(1250) == "1.25\u00a0s");
    CHECK(app::ms_cell(0.00017).text == "0");
    CHECK(app::ms_cell(0.00017).value == 0.00017);
    CHECK(app::ms_cell(0.0063).text == "0.006");
    CHECK(app::ms_cell(std::nullopt).text == "–");
    CHECK(app::markup_text("a<b>&\"'\x01") == "a&lt;b&gt;&amp;&quot;&apos;\xE2\x90\x81");
}

TEST_CASE("report: the page asks for nothing from anywhere") {
    const std::string page = app::report_page({full_results()});
    for (const char* reference : {" src=", " href=", "url(", "@import", "<link", "<base", "<iframe"})
        CHECK_FALSE(contains(page, reference));
    CHECK(contains(page, "Content-Security-Policy\" content=\"default-src 'none'; script-src 'sha256-"));
}
