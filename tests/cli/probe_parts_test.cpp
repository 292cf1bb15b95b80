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
