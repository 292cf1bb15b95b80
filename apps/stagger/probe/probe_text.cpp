#include "probe_text.hpp"

#include <fmt/format.h>

#include <cmath>

#include "probe/probe_advice.hpp"
#include "terminal/duration_text.hpp"

namespace app {
namespace {

namespace probe = stagger::probe;
using probe::probe_verdict;

// What is within it, users need not be warned of.
constexpr double good_precision = 0.05;
std::string line(std::string_view what, const std::string& text) {
    return fmt::format("{:<9}{}\n", what, text);
}

std::string range(const probe::fitted_range& value, std::string_view unit) {
    return fmt::format("{:.3g}{} ({:.3g} to {:.3g})", value.best, unit, value.low, value.high);
}

std::string requests(double count) {
    return fmt::format("{:.0f} request{}", count, count == 1 ? "" : "s");
}

std::string_view counted_text(const probe::limit_fit& limit) {
    return limit.counts_refused ? "; refused requests count, too" : "";
}

/// "token bucket that counts refused requests".
std::string fit_name(const probe::limit_fit& fit) {
    return std::string(to_string(fit.rule)) + (fit.counts_refused ? " that counts refused requests" : "");
}

/// Where an answer and the next request cross, it may be some more.
std::string places_text(const probe::fitted_range& capacity) {
    const double most = capacity.high - 1;
    if (!std::isfinite(most) || most <= capacity.low) return requests(capacity.best);
    return fmt::format("{:.0f} to {:.0f} requests", capacity.low, most);
}

std::string limit_text(const probe::probe_findings& found) {
    const probe::limit_fit& limit = found.limit;
    switch (found.verdict) {
        case probe_verdict::rate:
            return fmt::format("rate: {} requests a second, {:.0f} at once after a rest{}",
                               range(limit.pace, ""), limit.capacity.best, counted_text(limit));
        case probe_verdict::window:
            return fmt::format("window: {} in every {}, {}{}", requests(limit.capacity.best),
                               range(limit.pace, " s"),
                               limit.rule == probe::limit_rule::sliding       ? "sliding"
                               : limit.rule == probe::limit_rule::clock_opens ? "by the clock"
                                                                              : "from the first request on",
                               counted_text(limit));
        case probe_verdict::concurrency:
            return fmt::format("concurrency: {} in flight", places_text(limit.capacity));
        case probe_verdict::none_found:
            return fmt::format("none found: {} {} admitted, {} in flight at once, {} in a second",
                               requests(static_cast<double>(found.admitted)),
                               found.admitted == 1 ? "was" : "were", found.most_at_once,
                               found.most_in_second);
        case probe_verdict::closed:
            return fmt::format("unknown: {} admitted, then everything was refused for as long as it lasted",
                               requests(static_cast<double>(found.admitted)));
        case probe_verdict::undecided:
            return fmt::format(
                "unknown: {} admitted before something was refused; too few requests, or too little time, "
                "were left "
                "to see when one is admitted again",
                requests(static_cast<double>(found.admitted)));
        case probe_verdict::unanswered:
            return "unknown: nothing was answered yet";
        case probe_verdict::down:
            return "unknown: the endpoint is down";
        case probe_verdict::unusable:
            return "unknown: the endpoint refuses to be used";
    }
    return {};
}

std::string queue_text(const probe::server_line& queue) {
    const std::string pace = fmt::format(
        "{:.3g} a second are answered, the last of a burst after {:.2f} s, one alone after {:.3f} s",
        queue.served_per_s, queue.longest_s, queue.alone_s);
    if (queue.is_paced()) return "requests wait for each other: " + pace;
    return fmt::format("about {:.0f} are worked on at once, others wait in line: {}", queue.places(), pace);
}

/// What cannot be told apart from it.
std::string others_text(const probe::probe_findings& found) {
    if (found.also_possible.empty()) return {};
    if (found.verdict == probe_verdict::concurrency)
        return "; a window as long as an answer takes would look the same";
    std::string text;
    for (const probe::limit_fit& other : found.also_possible)
        text += fmt::format("{} {}", text.empty() ? "; could also be:" : ",", fit_name(other));
    return text;
}

/// Of limits on a rate; what is in flight is counted.
bool is_less_precise_than(const probe::limit_fit& limit, double precision) {
    return limit.rule != probe::limit_rule::in_flight && limit.pace.uncertainty() > precision;
}

std::string sure_text(const probe::probe_findings& found) {
    const auto answers = found.admitted + found.refused;
    std::string text = fmt::format("{}{} of {} answers are as this limit gives them",
                                   found.is_sure()            ? ""
                                   : found.explains_answers() ? "no, though "
                                                              : "no, only ",
                                   answers - found.limit.unexplained, answers);
    if (found.next_best) {
        text += fmt::format("; the next likely, {}, gives {}", fit_name(*found.next_best),
                            answers - found.next_best->unexplained);
    }
    text += others_text(found);
    if (found.verdict != probe_verdict::concurrency && found.wants_silence)
        text += "; it may also admit nothing until nobody has asked for a while";
    if (found.limit.unexplained > 0 && !found.is_sure())
        text += "; others are refused by something else, or by chance";
    if (is_less_precise_than(found.limit, good_precision) || (found.explains_answers() && !found.is_sure()))
        text += "; measured roughly, more requests or time would tell";
    if (found.is_sure()) return text;
    return text + (advise(found).is_empty()
                       ? "; a batch finds the limit by itself"
                       : "; the advice below is cautious, and a batch finds the limit by itself");
}

std::string truth_text(const probe::wait_check& check) {
    const double off_s = stagger::to_seconds(check.off);
    switch (check.truth) {
        case probe::hint_truth::unknown:
            return "not tested";
        case probe::hint_truth::holds:
            return "true";
        case probe::hint_truth::rounded_up:
            return fmt::format("true, rounded up: admitted up to {:.2f} s earlier", off_s);
        case probe::hint_truth::too_long:
            return fmt::format("too long: admitted up to {:.2f} s earlier", off_s);
        case probe::hint_truth::too_short:
            return fmt::format("false: refused still {:.2f} s later", off_s);
    }
    return {};
}

std::string wait_text(std::string_view name, const probe::wait_check& check) {
    const double low = stagger::to_seconds(check.shortest);
    const double high = stagger::to_seconds(check.longest);
    const std::string span =
        low == high ? fmt::format("{:.3g} s", low) : fmt::format("{:.3g} to {:.3g} s", low, high);
    return fmt::format("{} of {}, {}: {}", name, span,
                       check.said == 1 ? "once" : fmt::format("{} times", check.said), truth_text(check));
}

std::string hint_lines(const probe::probe_findings& found) {
    const probe::hint_checks& hints = found.hints;
    if (found.refused == 0 && hints.rate_headers == 0 && hints.token_headers == 0) return {};
    std::string text;
    const auto add = [&text](const std::string& what) { text += line(text.empty() ? "hints" : "", what); };
    add(hints.retry_after.said > 0 ? wait_text("Retry-After", hints.retry_after) : "no Retry-After");
    if (hints.token_headers > 0) {
        add(hints.token_limit ? fmt::format("rate-limit headers say a limit of {:.6g} tokens: not tested",
                                            *hints.token_limit)
                              : "rate-limit headers speak of tokens: not tested");
    }
    if (hints.rate_headers == 0) {
        if (hints.token_headers == 0) add("no rate-limit headers");
        return text;
    }
    if (hints.limit) {
        const bool known = found.has_limit();
        const bool same = known && std::fabs(*hints.limit - found.limit.capacity.best) < 0.5;
        add(fmt::format("rate-limit headers say a limit of {:.6g} requests{}", *hints.limit,
                        !known ? ""
                        : same ? ": true"
                               : ", which is not what was found"));
    }
    if (hints.remaining != probe::hint_truth::unknown) {
        add(hints.remaining == probe::hint_truth::holds
                ? "what remains, as they say it: true"
                : "what remains, as they say it: false, refused while something remained");
    }
    if (hints.reset.said > 0) add(wait_text("a reset", hints.reset));
    return text;
}

std::string spent_text(const probe::probe_findings& found) {
    std::string text =
        fmt::format("{}, {} of them refused, in {:.1f} s", requests(static_cast<double>(found.requests)),
                    found.refused, stagger::to_seconds(found.took));
    if (found.failed > 0) text += fmt::format("; {} failed", found.failed);
    if (found.end == probe::probe_end::out_of_requests) text += "; --max-requests ended it";
    if (found.end == probe::probe_end::out_of_time) text += "; --max-time ended it";
    if (found.end == probe::probe_end::stopped) text += "; interrupted";
    return text;
}

}  // namespace

std::string batch_options_for(const probe::probe_findings& found) {
    const probe::probe_advice advice = advise(found);
    if (advice.requests_in_flight > 0) return fmt::format("--max-concurrency {}", advice.requests_in_flight);
    return advice.is_empty() ? "" : fmt::format("--rpm {:.4g}", advice.requests_per_minute);
}

std::string needs_text(const probe::probe_needs& needs, const probe::probe_bounds& bounds) {
    std::string text;
    if (needs.time > bounds.max_time)
        text = fmt::format(
            "the limit opens seldom (after {} or more): to tell it takes {} or more, and --max-time is {}",
            span_text(needs.opens_after), span_text(needs.time), span_text(bounds.max_time));
    if (needs.requests > bounds.max_requests)
        text += fmt::format(
            "{}the limit admits many at once ({}): to tell it takes about {} requests, and "
            "--max-requests is {}",
            text.empty() ? "" : "; ", needs.admitted_first, needs.requests, bounds.max_requests);
    return text;
}

std::string describe(const probe::probe_findings& found) {
    std::string text = line("limit", limit_text(found));
    if (found.line) text += line("", queue_text(*found.line));
    if (found.has_limit()) text += line("sure", sure_text(found));
    text += hint_lines(found);
    text += line("spent", spent_text(found));
    const std::string options = batch_options_for(found);
    if (!options.empty()) text += line("pass", "stagger batch " + options);
    return text;
}

}  // namespace app
