#include <doctest/doctest.h>

#include "probe/probe_findings.hpp"
#include "stagger/random.hpp"

using namespace stagger;
using namespace stagger::probe;
using outcome = probe_answer::outcome;

namespace {

probe_answer answered(double sent_s, outcome what) {
    probe_answer made;
    made.sent = time_point{} + from_seconds(sent_s);
    made.ended = made.sent + from_seconds(0.01);
    made.what = what;
    return made;
}

/// Ten requests a second, each refused or not as `refuses` says.
template <class Refuses>
probe_findings conclude_from(std::size_t requests, Refuses refuses) {
    std::vector<probe_answer> answers;
    for (std::size_t each = 0; each < requests; ++each) {
        answers.push_back(
            answered(0.1 * static_cast<double>(each), refuses(each) ? outcome::refused : outcome::admitted));
    }
    return conclude(answers, probe_end::finished);
}

}  // namespace

TEST_CASE("a limit that gives the answers as they came explains them") {
    // Five a second: every second request drains in time.
    const auto found = conclude_from(100, [](std::size_t each) { return each % 2 == 1; });
    REQUIRE(found.has_limit());
    CHECK(found.limit.unexplained == 0);
    CHECK(found.explains_answers());
}

TEST_CASE(
    "a server that refuses by chance has no limit that is sure, and the advice keeps below what it "
    "admitted") {
    random_source random(7);
    const auto found = conclude_from(200, [&](std::size_t) { return random.uniform(0, 1) < 0.3; });
    REQUIRE(found.has_limit());
    CHECK(found.limit.unexplained > 0);
    CHECK_FALSE(found.is_sure());
    CHECK(found.cautious_per_s > 0);
    CHECK(found.cautious_per_s <= static_cast<double>(found.admitted) / 19.9);
}

TEST_CASE("a fit that explains only the more frequent answers explains too little") {
    probe_findings found;
    found.verdict = probe_verdict::rate;
    found.admitted = 16;
    found.refused = 184;
    found.limit.unexplained = 2;
    CHECK(found.explains_answers());
    found.limit.unexplained = 3;  // less than two in a hundred, but perhaps every fifth admission
    CHECK_FALSE(found.explains_answers());
    found.admitted = 100;
    found.refused = 100;
    found.limit.unexplained = 4;
    CHECK(found.explains_answers());
    found.limit.unexplained = 5;
    CHECK_FALSE(found.explains_answers());
}

TEST_CASE("to be sure takes half as many exceptions as to explain the answers") {
    probe_findings found;
    found.verdict = probe_verdict::rate;
    found.limit.pace = {10, 9.9, 10.1};
    found.admitted = 100;
    found.refused = 100;
    found.limit.unexplained = 2;
    CHECK(found.is_sure());
    found.limit.unexplained = 3;
    CHECK(found.explains_answers());
    CHECK_FALSE(found.is_sure());
}

TEST_CASE("places are sure within one or a tenth, and where many refusals speak for them") {
    probe_findings found;
    found.verdict = probe_verdict::concurrency;
    found.end = probe_end::finished;
    found.limit.rule = limit_rule::in_flight;
    found.limit.capacity = {4, 4, 6};
    found.admitted = 300;
    found.refused = 40;
    CHECK(found.is_sure());
    found.limit.capacity = {40, 40, 47};
    CHECK_FALSE(found.is_sure());
    found.limit.capacity = {40, 40, 41};
    found.also_possible.push_back({});
    CHECK(found.is_sure());
    found.refused = 5;
    CHECK_FALSE(found.is_sure());
    found.also_possible.clear();
    CHECK(found.is_sure());
}

TEST_CASE("Retry-After counts from when somebody was refused, who may have stood in a line before") {
    // The line gives up after five seconds, and says that there is a place.
    std::vector<probe_answer> answers{answered(0, outcome::admitted), answered(1, outcome::refused),
                                      answered(3, outcome::admitted), answered(7, outcome::admitted)};
    answers[1].ended = answers[1].sent + from_seconds(5);
    answers[1].said.retry_after = duration{0};
    limit_fit limit;
    CHECK(check_hints(answers, limit).retry_after.truth == hint_truth::holds);
    answers[1].said.retry_after = from_seconds(2.5);
    CHECK(check_hints(answers, limit).retry_after.truth == hint_truth::too_long);
}

TEST_CASE("what the end of a probe left shows nothing about a Retry-After") {
    std::vector<probe_answer> answers{answered(0, outcome::admitted), answered(1, outcome::refused),
                                      answered(2, outcome::left)};
    answers[1].said.retry_after = from_seconds(10.5);
    CHECK(check_hints(answers, {}).retry_after.truth == hint_truth::unknown);
}

TEST_CASE("what was not answered yet admits nothing, unless something else was answered") {
    std::vector<probe_answer> answers(2);
    const auto nothing = conclude(answers, probe_end::out_of_time);
    CHECK(nothing.verdict == probe_verdict::unanswered);
    CHECK(nothing.admitted == 0);
    answers.push_back(answered(0, outcome::failed));
    CHECK(conclude(answers, probe_end::stopped).verdict == probe_verdict::unanswered);
    answers.push_back(answered(0, outcome::admitted));
    CHECK(conclude(answers, probe_end::stopped).verdict == probe_verdict::none_found);
    CHECK(conclude(answers, probe_end::stopped).admitted == 3);
}

TEST_CASE("refusals that were not watched for a second leave it open") {
    const auto brief = conclude_from(10, [](std::size_t each) { return each >= 2; });
    CHECK(brief.verdict == probe_verdict::undecided);
    const auto longer = conclude_from(20, [](std::size_t each) { return each >= 2; });
    CHECK(longer.verdict == probe_verdict::closed);
}
