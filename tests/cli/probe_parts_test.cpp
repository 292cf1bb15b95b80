#include <doctest/doctest.h>

#include <boost/json/parse.hpp>

#include "probe/probe_text.hpp"

using stagger::probe::limit_rule;
using stagger::probe::probe_findings;
using stagger::probe::probe_verdict;

namespace {

/// A rate of twenty a second that gives all but `unexplained` of 100 answers.
probe_findings a_rate(std::size_t unexplained) {
    probe_findings found;
    found.verdict = probe_verdict::rate;
    found.limit.rule = limit_rule::draining;
    found.limit.pace = {20, 19, 21};
    found.limit.capacity = {5, 5, 5};
    found.limit.unexplained = unexplained;
    found.requests = 100;
    found.admitted = 60;
    found.refused = 40;
    found.cautious_per_s = 2.5;
    return found;
}

}  // namespace

TEST_CASE("a probe that is sure advises the low end of what it found") {
    const auto found = a_rate(0);
    CHECK(app::batch_options_for(found) == "--rpm 1120");
    CHECK(app::describe(found).find("sure     100 of 100 answers") != std::string::npos);
    CHECK(boost::json::parse(app::to_json(found)).at("sure").as_bool());
}

TEST_CASE("a probe that was cut short advises no rate that is a fraction of the limit") {
    auto found = a_rate(0);
    found.limit.pace = {20, 4, 36};
    CHECK(app::batch_options_for(found).empty());
    CHECK(app::describe(found).find("measured roughly") != std::string::npos);
    CHECK(app::describe(found).find("pass ") == std::string::npos);
    found.verdict = probe_verdict::concurrency;
    found.limit.rule = limit_rule::in_flight;
    CHECK(app::batch_options_for(found) == "--max-concurrency 5");
}

TEST_CASE("a probe that is not sure says so, and advises what is slow enough in any case") {
    for (const auto verdict : {probe_verdict::rate, probe_verdict::concurrency}) {
        auto found = a_rate(25);
        found.verdict = verdict;
        CHECK(app::batch_options_for(found) == "--rpm 148");
        CHECK(app::describe(found).find("sure     no, only 75 of 100 answers") != std::string::npos);
        CHECK_FALSE(boost::json::parse(app::to_json(found)).at("sure").as_bool());
    }
}

TEST_CASE("a probe says that refused requests count, and between which numbers of places a limit is") {
    auto found = a_rate(0);
    found.limit.counts_refused = true;
    CHECK(app::describe(found).find("5 at once after a rest; refused requests count, too") !=
          std::string::npos);
    CHECK(boost::json::parse(app::to_json(found)).at("limit").at("counts_refused").as_bool());
    found.verdict = probe_verdict::concurrency;
    found.limit.rule = limit_rule::in_flight;
    found.limit.capacity = {4, 4, 6};
    CHECK(app::describe(found).find("concurrency: 4 to 5 requests in flight") != std::string::npos);
    found.limit.capacity = {4, 4, 5};
    CHECK(app::describe(found).find("concurrency: 4 requests in flight") != std::string::npos);
}

TEST_CASE("a probe whose bounds are too narrow says what it needs") {
    using namespace std::chrono_literals;
    stagger::probe::probe_needs needs;
    needs.time = 8min;
    needs.opens_after = 2min;
    needs.requests = 160;
    needs.admitted_first = 20;
    CHECK(app::needs_text(needs, {}) ==
          "the limit opens seldom (after 2 min or more): to tell it takes 8 min or more, and --max-time is 5 "
          "min");
    needs.time = 1min;
    CHECK(app::needs_text(needs, {}).empty());
    needs.requests = 700;
    needs.admitted_first = 200;
    CHECK(app::needs_text(needs, {}) ==
          "the limit admits many at once (200): to tell it takes about 700 requests, and --max-requests is "
          "400");
}

TEST_CASE("a probe tells a line with its places, and headers about tokens") {
    auto found = a_rate(0);
    found.line = stagger::probe::server_line{10, 6, 0.3, 0.4};
    found.hints.token_headers = 100;
    found.hints.token_limit = 40'000;
    const auto text = app::describe(found);
    CHECK(text.find("about 4 are worked on at once, others wait in line: 10 a second") != std::string::npos);
    CHECK(text.find("rate-limit headers say a limit of 40000 tokens: not tested") != std::string::npos);
    CHECK(text.find("no rate-limit headers") == std::string::npos);
    const auto json = boost::json::parse(app::to_json(found));
    CHECK(json.at("line").at("places") == 4);
    CHECK(json.at("hints").at("token_limit") == 40'000);
}
