#include "probe/probe_choice.hpp"

#include <algorithm>
#include <cmath>
#include <string_view>

#include "probe/server_line.hpp"
#include "probe/wanted_silence.hpp"

namespace stagger::probe {
namespace {

using outcome = probe_answer::outcome;
using namespace std::chrono_literals;

constexpr std::size_t most_greetings = 3;
constexpr duration greeting_gap = 500ms;
// Until the first refusal nobody knows what a refusal takes; then polls begin, a little above a timer's
// jitter.
constexpr duration first_poll = 10ms;
// Enough to tell "one at a time" from "all again".
constexpr std::size_t burst_after_opening = 8;
// Half the width of the range that a measurement may leave: the rest of five per cent is for its middle.
constexpr double precise_enough = 0.02;

constexpr std::string_view asking_for_half = "half of what was found";

probe_trial greeting(time_point at) {
    probe_trial trial = burst("one request alone", at, 1);
    trial.awaits_answers = true;
    return trial;
}

}  // namespace

bool probe_view::admitted(const probe_answer& answer) const {
    return answer.what == outcome::admitted ||
           (answer.what == outcome::pending && now - answer.sent >= patience);
}

bool probe_view::anything(outcome what) const {
    return std::any_of(answers.begin(), answers.end(),
                       [what](const probe_answer& each) { return each.what == what; });
}

std::optional<time_point> probe_view::first_admitted() const {
    std::optional<time_point> first;
    for (std::size_t each = trial_begin; each < answers.size(); ++each) {
        if (admitted(answers[each]) && (!first || answers[each].sent < *first)) first = answers[each].sent;
    }
    return first;
}

std::size_t probe_view::refused_in_trial() const {
    return static_cast<std::size_t>(
        std::count_if(answers.begin() + static_cast<long>(trial_begin), answers.end(),
                      [](const probe_answer& each) { return each.what == outcome::refused; }));
}

time_point probe_view::last_sent() const {
    time_point last{};
    for (const probe_answer& each : answers) last = std::max(last, each.sent);
    return last;
}

std::vector<limit_fit> ranked_fits(const std::vector<probe_answer>& answers) {
    const limit_evidence evidence = evidence_of(answers);
    std::vector<limit_fit> fits = fit_all(evidence);
    const auto line = find_line(answers);
    const bool paced = line && line->is_paced();
    const auto rank = [paced](const limit_fit& fit) {
        return fit.rule != limit_rule::in_flight ? 1 : paced ? 2 : 0;
    };
    std::stable_sort(fits.begin(), fits.end(), [&](const limit_fit& left, const limit_fit& right) {
        if (left.unexplained != right.unexplained) return left.unexplained < right.unexplained;
        return rank(left) < rank(right);
    });
    return fits;
}

std::optional<probe_trial> probe_choice::next(const probe_view& seen) {
    if (!seen.anything(outcome::admitted) && !seen.anything(outcome::refused)) {
        if (greetings_ == most_greetings) return std::nullopt;
        return greeting(seen.now + greeting_gap * (greetings_++ == 0 ? 0 : 1));
    }
    if (!seen.anything(outcome::refused)) return find_refusal(seen);
    if (awaits_opening_) {
        if (const auto opened = seen.first_admitted()) {
            opened_ = *opened;
            opened_once_ = true;
            awaits_opening_ = false;
        }
    }
    if (!opened_once_) {
        const bool polled = awaits_opening_;
        awaits_opening_ = true;
        return polled ? last_look(seen) : await_opening(seen);
    }
    if (!tried_after_opening_) {
        tried_after_opening_ = true;
        return burst("a few at once", seen.now, burst_after_opening);
    }
    return look_closer(seen);
}

std::optional<probe_trial> probe_choice::find_refusal(const probe_view& seen) {
    if (seen.requests_left == 0) return std::nullopt;
    // A mean of them tells later how many a line's server works on at once.
    constexpr std::size_t alone = 3;
    if (!tried_alone_) {
        tried_alone_ = true;
        probe_trial trial = closed_loop(seen.now, 1, alone);
        trial.name = "one after the other";
        return trial;
    }
    const std::size_t requests = next_burst_;
    next_burst_ *= 2;
    return burst("more and more at once", seen.now, requests);
}

probe_trial probe_choice::await_opening(const probe_view& seen) const {
    poll_times when;
    when.origin = seen.last_sent();
    when.first = std::max(first_poll, seen.now - when.origin);
    when.end = seen.end;
    return poll(when);
}

// Polls grow apart until the next one would come too late: one more at the end, and that was all.
probe_trial probe_choice::last_look(const probe_view& seen) const {
    const time_point last = seen.end - 2 * seen.patience;
    return last > seen.now ? burst("waiting until it admits again", last, 1) : probe_trial();
}

std::optional<probe_trial> probe_choice::look_closer(const probe_view& seen) {
    if (auto trial = look_for_limit(seen)) return trial;
    return ask_for_half(seen);
}

std::optional<probe_trial> probe_choice::look_for_limit(const probe_view& seen) {
    const std::vector<limit_fit> fits = ranked_fits(seen.answers);
    const auto in_flight = std::find_if(
        fits.begin(), fits.end(), [](const limit_fit& each) { return each.rule == limit_rule::in_flight; });
    const auto line = find_line(seen.answers);
    const bool may_be_in_flight =
        in_flight->unexplained <= fits.front().unexplained + 1 && !(line && line->is_paced());
    if (may_be_in_flight && (!tried_closed_loop_ || in_flight == fits.begin()))
        return test_concurrency(seen, *in_flight);
    if (is_window(fits.front().rule)) {
        const bool doubtful = is_window(fits[1].rule) && fits[1].unexplained <= fits.front().unexplained + 1;
        if (auto trial = measure_window(seen, fits.front(), doubtful)) return trial;
    } else if (auto trial = measure_rate(seen, fits.front())) {
        return trial;
    }
    return deny_silence(seen, fits.front());
}

// Refusals by chance look like a lower limit, until there are some where no limit can be in the way.
std::optional<probe_trial> probe_choice::ask_for_half(const probe_view& seen) {
    constexpr std::size_t most_requests = 30;
    constexpr std::size_t fewest_requests = 6;
    constexpr duration longest = 60s;
    constexpr duration longest_rest = 20s;
    if (tried_half_) return std::nullopt;
    tried_half_ = true;
    const limit_fit fit = ranked_fits(seen.answers).front();
    const duration time = std::min(longest, (seen.end - seen.now) / 2);
    const std::size_t requests = std::min(most_requests, seen.requests_left);
    if (fit.rule == limit_rule::in_flight) {
        const auto workers = static_cast<unsigned>(fit.capacity.low) / 2;
        if (workers == 0 || requests < fewest_requests) return std::nullopt;
        probe_trial trial = closed_loop(seen.now, workers, requests);
        trial.name = asking_for_half;
        trial.most_refusals = 0;
        trial.last_send = seen.now + time;
        return trial;
    }
    const double per_s = fit.rate_per_s().low / 2;
    if (!(per_s > 0)) return std::nullopt;
    // A window may still be full of what was tried before.
    const duration rest = is_window(fit.rule) ? from_seconds(fit.pace.high) : duration{0};
    const duration gap = from_seconds(1 / per_s);
    const auto fitting = static_cast<std::size_t>(std::max<duration>(time - rest, 0s) / gap);
    if (rest > longest_rest || std::min(fitting, requests) < fewest_requests) return std::nullopt;
    return paced(asking_for_half, seen.now + rest, std::min(fitting, requests), gap);
}

// A server that admits after a pause only does not open to somebody who keeps asking.
std::optional<probe_trial> probe_choice::deny_silence(const probe_view& seen, const limit_fit& fit) {
    const wanted_silence silence = find_wanted_silence(evidence_of(seen.answers));
    if (tried_asking_on_ || !silence.is_possible() || !(fit.pace.low > 0)) return std::nullopt;
    tried_asking_on_ = true;
    constexpr double clearly_shorter = 0.6;
    constexpr double openings = 1.5;
    constexpr double most_requests = 60;
    constexpr std::size_t beyond = 2;
    const double opens_after_s = openings * (is_window(fit.rule) ? fit.pace.high : 1 / fit.pace.low);
    const double gap_s = clearly_shorter * silence.longest_in_vain_s;
    if (!(gap_s > 0) || opens_after_s / gap_s > most_requests) return std::nullopt;
    probe_trial trial = burst("asking all the time", seen.now,
                              static_cast<std::size_t>(std::ceil(fit.capacity.low)) + beyond);
    for (double at_s = gap_s; at_s < opens_after_s; at_s += gap_s)
        trial.sends.push_back(seen.now + from_seconds(at_s));
    if (trial.sends.size() > seen.requests_left || trial.sends.back() > seen.end) return std::nullopt;
    return trial;
}

std::optional<probe_trial> probe_choice::test_concurrency(const probe_view& seen, const limit_fit& fit) {
    const auto places = static_cast<std::size_t>(fit.capacity.best);
    if (!tried_closed_loop_) {
        tried_closed_loop_ = true;
        constexpr std::size_t fewest = 12;
        const std::size_t requests = std::min(std::max(2 * places, fewest), seen.requests_left / 2 + 1);
        return closed_loop(seen.now, static_cast<unsigned>(places), requests);
    }
    // A burst, and whether the next is admitted when one of it is answered and not before, twice.
    constexpr int enough = 4;
    if (concurrent_trials_ == enough) return keep_in_flight(seen, places);
    if (concurrent_trials_++ % 2 == 0)
        return burst("two more at once than may be in flight", seen.now, places + 2);
    probe_trial trial = await_opening(seen);
    trial.awaits_answers = true;
    return trial;
}

// A limit on the rate may stand behind the one on what is in flight, and show only when that goes on.
std::optional<probe_trial> probe_choice::keep_in_flight(const probe_view& seen, std::size_t places) {
    constexpr std::size_t most_requests = 300;
    constexpr std::size_t most_refusals = 12;
    constexpr int share_of_time = 3;
    if (kept_in_flight_ || seen.requests_left == 0) return std::nullopt;
    kept_in_flight_ = true;
    probe_trial trial =
        closed_loop(seen.now, static_cast<unsigned>(places), std::min(most_requests, seen.requests_left));
    trial.name = "as many in flight for a while";
    trial.most_refusals = most_refusals;
    trial.last_send = seen.now + (seen.end - seen.now) / share_of_time;
    return trial;
}

std::optional<probe_trial> probe_choice::measure_rate(const probe_view& seen, const limit_fit& fit) {
    constexpr int most_trials = 12;
    if (fit.pace.uncertainty() <= precise_enough || rate_trials_ == most_trials)
        return measure_depth(seen, fit);
    ++rate_trials_;
    if (auto closer = close_in(seen, fit)) return closer;
    // Seldom limits cost time, frequent ones requests.
    constexpr double slow_per_s = 2;
    constexpr double roughly = 0.3;
    const double per_s = std::sqrt(fit.pace.low * fit.pace.high);
    const double attempts_per_admission = per_s < slow_per_s ? 5 : 3;
    const std::size_t requests = fit.pace.uncertainty() > roughly ? 12 : 30;
    // What is hardly known may be too slow for the time that is left.
    const duration longest_gap = (seen.end - seen.now) / (2 * static_cast<duration::rep>(requests));
    return paced("more than is admitted, evenly", seen.now, requests,
                 std::min(longest_gap, from_seconds(1 / (per_s * attempts_per_admission))));
}

// A bucket of one gathers nothing while nobody asks, so that what counts is the time from one admission to
// the next: it is asked for within the range that is left, in quarters.
std::optional<probe_trial> probe_choice::close_in(const probe_view& seen, const limit_fit& fit) const {
    const auto last = std::find_if(seen.answers.rbegin(), seen.answers.rend(),
                                   [&](const probe_answer& each) { return seen.admitted(each); });
    const duration shortest = from_seconds(1 / fit.pace.high);
    const duration longest = from_seconds(1 / fit.pace.low);
    if (fit.capacity.best > 1 || (longest - shortest) / 4 < seen.patience || last == seen.answers.rend())
        return std::nullopt;
    probe_trial trial;
    trial.name = "one just before the next is admitted, one just after";
    trial.until_admitted = true;
    for (int quarter = 1; quarter <= 4; ++quarter)
        trial.sends.push_back(last->sent + shortest + (longest - shortest) * quarter / 4);
    trial.sends.push_back(last->sent + longest * 3 / 2);
    return trial;
}

std::optional<probe_trial> probe_choice::measure_depth(const probe_view& seen, const limit_fit& fit) {
    if (tried_depth_) return std::nullopt;
    tried_depth_ = true;
    constexpr duration longest_rest = 20s;
    constexpr std::size_t beyond = 4;
    const double depth = std::ceil(fit.capacity.best);
    const duration rest = from_seconds(1.1 * (depth + 1) / fit.pace.low);
    if (rest > longest_rest || rest > (seen.end - seen.now) / 2) return std::nullopt;
    return burst("a burst after a rest", seen.now + rest, static_cast<std::size_t>(depth) + beyond);
}

std::optional<probe_trial> probe_choice::measure_window(const probe_view& seen, const limit_fit& fit,
                                                        bool doubtful) {
    if (window_ == window_step::fill) {
        constexpr int most_fills = 4;
        if (fills_ == 0 || (seen.refused_in_trial() == 0 && fills_ < most_fills))
            return fill_window(seen, fit);
        window_ = window_step::await;
        awaits_opening_ = true;
        return await_window(seen, fit);
    }
    if (window_ == window_step::await) {
        window_ = window_step::done;
        if (!tried_halves_) {
            tried_halves_ = true;
            if (auto halves = split_window(seen, fit)) return halves;
        }
    }
    // Once more from any moment on: what looked the same by chance does not do so again.
    constexpr int most_rounds = 2;
    if (!(doubtful || fit.pace.uncertainty() > precise_enough) || window_rounds_ == most_rounds)
        return std::nullopt;
    ++window_rounds_;
    window_ = window_step::fill;
    fills_ = 0;
    opened_ = seen.now;
    return fill_window(seen, fit);
}

probe_trial probe_choice::fill_window(const probe_view& seen, const limit_fit& fit) {
    constexpr std::size_t beyond = 2;
    const auto used = static_cast<std::size_t>(
        std::count_if(seen.answers.begin(), seen.answers.end(),
                      [&](const probe_answer& each) { return each.sent >= opened_ && seen.admitted(each); }));
    const auto quota = static_cast<std::size_t>(fit.capacity.low);
    const std::size_t rest = quota > used ? quota - used : 0;
    return burst("the quota at once", seen.now, rest + (beyond << (2 * fills_++)));
}

probe_trial probe_choice::await_window(const probe_view& seen, const limit_fit& fit) const {
    constexpr double too_early = 0.3;
    poll_times when;
    when.origin = opened_;
    // A window whose length is hardly known may be far longer than the time that is left.
    const duration latest = seen.now - opened_ + (seen.end - seen.now) / 4;
    when.first =
        std::max({first_poll, seen.now - opened_, std::min(latest, from_seconds(too_early * fit.pace.best))});
    when.factor = 1.08;
    when.end = seen.end;
    return poll(when);
}

std::optional<probe_trial> probe_choice::split_window(const probe_view& seen, const limit_fit& fit) const {
    probe_trial trial =
        split_quota(opened_, from_seconds(fit.pace.best), static_cast<std::size_t>(fit.capacity.best));
    if (trial.sends.size() > seen.requests_left || trial.sends.back() > seen.end) return std::nullopt;
    return trial;
}

}  // namespace stagger::probe
