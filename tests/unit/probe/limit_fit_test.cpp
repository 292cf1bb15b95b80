#include "probe/limit_fit.hpp"

#include <doctest/doctest.h>

#include <cmath>
#include <limits>

#include "probe/limit_counts.hpp"
#include "probe/server_line.hpp"
#include "probe/wanted_silence.hpp"

namespace {

using namespace stagger;
using namespace stagger::probe;

constexpr double unanswered = std::numeric_limits<double>::infinity();

/// Times in seconds, with a slack of a hundredth.
limit_evidence evidence(const std::vector<double>& admitted, const std::vector<double>& refused) {
    limit_evidence made;
    for (const double at_s : admitted) made.admitted.push_back({at_s, unanswered});
    made.refused_at_s = refused;
    made.slack_s = 0.01;
    made.span_s = 10;
    return made;
}

probe_answer answer(double sent_s, double took_s, probe_answer::outcome what) {
    probe_answer made;
    made.sent = time_point{} + from_seconds(sent_s);
    made.ended = made.sent + from_seconds(took_s);
    made.what = what;
    return made;
}

}  // namespace

TEST_CASE("a draining count falls evenly, and not below nothing") {
    const auto counts = count_draining(evidence({0, 0, 1, 9}, {0, 9.5}), 1);
    REQUIRE(counts.admitted.size() == 4);
    CHECK(counts.admitted[1] == doctest::Approx(1.99));
    CHECK(counts.admitted[2] == doctest::Approx(1.99));
    CHECK(counts.admitted[3] == doctest::Approx(1));
    CHECK(counts.refused[0] == doctest::Approx(3));
    CHECK(counts.refused[1] == doctest::Approx(1.51));
}

TEST_CASE("a window from the first request on forgets all together") {
    const auto counts = count_first_opens(evidence({0, 1, 2.5, 3}, {1.9, 2.2}), 2);
    CHECK(counts.admitted == std::vector<double>{1, 2, 1, 2});
    CHECK(counts.refused == std::vector<double>{3, 1});
}

TEST_CASE("a window by the clock forgets when the clock turns") {
    const auto counts = count_clock_opens(evidence({0.2, 1.5, 1.8, 2.5}, {1.9}), 2, 1);
    CHECK(counts.admitted == std::vector<double>{1, 1, 2, 3});
    CHECK(counts.refused == std::vector<double>{3});
}

TEST_CASE("a sliding window forgets each when it is old enough") {
    const auto counts = count_sliding(evidence({0, 1, 2.5}, {1.9, 2.2}), 2);
    CHECK(counts.admitted == std::vector<double>{1, 2, 2});
    CHECK(counts.refused == std::vector<double>{3, 2});
}

TEST_CASE("where refused requests are counted, each fills what drains, and is in a sliding window itself") {
    const auto drains = count_draining_with_refused(evidence({0, 0, 1.5}, {0.5, 1}), 1, 2);
    REQUIRE(drains.admitted.size() == 3);
    CHECK(drains.admitted[1] == doctest::Approx(1.99));
    CHECK(drains.admitted[2] == doctest::Approx(2.49));  // full since the refusal half a second before
    CHECK(drains.refused[0] == doctest::Approx(2.51));
    CHECK(drains.refused[1] == doctest::Approx(2.51));
    const auto slides = count_sliding_with_refused(evidence({0, 2.5}, {1, 1.5}), 2);
    CHECK(slides.admitted == std::vector<double>{1, 3});
    CHECK(slides.refused == std::vector<double>{2, 3});
}

TEST_CASE("a bucket that counts what it refuses is told from one that does not") {
    // 10 a second, 3 at once; asked nine times a second for long, and eighteen times before that.
    double level = 3;
    double last_s = 0;
    std::vector<double> admitted;
    std::vector<double> refused;
    const auto ask = [&](double at_s) {
        level = std::min(3.0, level + 10 * (at_s - last_s));
        last_s = at_s;
        const bool is_free = level + 1e-9 >= 1;
        level = std::max(0.0, level - 1);
        (is_free ? admitted : refused).push_back(at_s);
    };
    for (int each = 0; each < 36; ++each) ask(each / 18.0);
    for (int each = 0; each < 18; ++each) ask(2 + each / 9.0);
    for (int each = 0; each < 36; ++each) ask(4 + each / 18.0);
    auto seen = evidence(admitted, refused);
    seen.slack_s = 0.002;
    const auto fits = fit_all(seen);
    CHECK(fits.front().rule == limit_rule::draining);
    CHECK(fits.front().counts_refused);
    CHECK(fits.front().unexplained == 0);
    CHECK(fits.front().pace.low <= 10);
    CHECK(fits.front().pace.high >= 10);
    CHECK(fit_limit(limit_rule::draining, seen).unexplained > 0);
}

TEST_CASE("a count of requests in flight forgets each when it is answered") {
    auto seen = evidence({}, {0.5, 1.5});
    seen.admitted = {{0, 1}, {0.2, unanswered}, {1.2, unanswered}};
    const auto counts = count_in_flight(seen);
    CHECK(counts.admitted == std::vector<double>{1, 2, 2});
    CHECK(counts.refused == std::vector<double>{3, 3});
}

TEST_CASE("the rate that is named explains every answer, and its range holds the true one") {
    // 10 a second, 3 at once; asked 30 times a second.
    double level = 3;
    double last_s = 0;
    std::vector<double> admitted;
    std::vector<double> refused;
    for (int each = 0; each < 120; ++each) {
        const double at_s = each / 30.0;
        level = std::min(3.0, level + 10 * (at_s - last_s));
        last_s = at_s;
        if (level + 1e-9 >= 1) {
            level -= 1;
            admitted.push_back(at_s);
        } else {
            refused.push_back(at_s);
        }
    }
    const limit_fit fit = fit_limit(limit_rule::draining, evidence(admitted, refused));
    CHECK(fit.unexplained == 0);
    CHECK(fit.pace.best == doctest::Approx(10).epsilon(0.02));
    CHECK(fit.pace.low <= 10);
    CHECK(fit.pace.high >= 10);
    CHECK(fit.capacity.best == 3);
}

TEST_CASE("one answer that fits nothing does not move a limit") {
    std::vector<double> admitted;
    std::vector<double> refused;
    for (int window = 0; window < 4; ++window) {
        for (int each = 0; each < 5; ++each) admitted.push_back(window * 2 + each * 0.1);
        for (double at_s = 0.6; at_s < 1.95; at_s += 0.05) refused.push_back(window * 2 + at_s);
    }
    refused.insert(refused.begin(), 0.05);  // by mistake
    const limit_fit fit = fit_limit(limit_rule::first_opens, evidence(admitted, refused));
    CHECK(fit.unexplained == 1);
    CHECK(fit.capacity.best == 5);
    CHECK(fit.pace.best == doctest::Approx(2).epsilon(0.03));
}

TEST_CASE("answers that come one after the other, far slower than one alone, are a paced line") {
    using outcome = probe_answer::outcome;
    std::vector<probe_answer> answers{answer(0, 0.001, outcome::admitted)};
    for (int place = 0; place < 20; ++place)
        answers.push_back(answer(1, 0.001 + place * 0.05, outcome::admitted));
    const auto line = find_line(answers);
    REQUIRE(line);
    CHECK(line->is_paced());
    CHECK(line->served_per_s == doctest::Approx(20));
}

TEST_CASE("a line behind places that work is told with how many there are") {
    using outcome = probe_answer::outcome;
    std::vector<probe_answer> answers;
    for (int alone = 0; alone < 4; ++alone) answers.push_back(answer(alone, 0.2, outcome::admitted));
    for (int each = 0; each < 32; ++each)
        answers.push_back(answer(5, 0.2 * (1 + each / 4), outcome::admitted));
    const auto line = find_line(answers);
    REQUIRE(line);
    CHECK_FALSE(line->is_paced());
    CHECK(line->places() == 4);
}

TEST_CASE("answers that all take as long as one alone are no line") {
    using outcome = probe_answer::outcome;
    std::vector<probe_answer> answers{answer(0, 0.5, outcome::admitted)};
    for (int each = 0; each < 20; ++each) answers.push_back(answer(1, 0.5, outcome::admitted));
    CHECK_FALSE(find_line(answers));
}

TEST_CASE("a server that wants silence is possible until somebody who kept asking was admitted") {
    auto seen = evidence({0, 5, 12}, {1, 3, 6, 8});
    CHECK(find_wanted_silence(seen).longest_in_vain_s == 2);
    CHECK(find_wanted_silence(seen).shortest_rewarded_s == 2);
    CHECK(find_wanted_silence(seen).is_possible());
    seen.admitted = {{0, 1}, {4, 5}, {12, 13}};
    CHECK_FALSE(find_wanted_silence(seen).is_possible());
}

TEST_CASE("what is refused long after a round trip was let into a line first") {
    using outcome = probe_answer::outcome;
    const auto seen = evidence_of({answer(0, 0.01, outcome::refused), answer(1, 0.01, outcome::refused),
                                   answer(2, 0.01, outcome::refused), answer(3, 3, outcome::refused)});
    CHECK(seen.refused_at_s.size() == 3);
    CHECK(seen.admitted.size() == 1);
}
