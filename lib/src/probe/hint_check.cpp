#include "probe/hint_check.hpp"

#include <algorithm>
#include <functional>

#include "probe/limit_evidence.hpp"

namespace stagger::probe {
namespace {

using namespace std::chrono_literals;
using outcome = probe_answer::outcome;

/// What a refusal says of the time to wait, if it does.
using said_wait = std::function<std::optional<duration>(const hints&)>;

bool is_whole_seconds(duration span) {
    return span % duration(1s) == duration::zero();
}

/// A moment by the clock is rounded to its seconds also where the time until then is no whole number of them.
enum class rounding { if_whole, always };

/// Holds what refusals said against what was sent after them.
class wait_checker {
 public:
    wait_checker(const std::vector<probe_answer>& answers, said_wait read, rounding how)
        : answers_(answers),
          read_(std::move(read)),
          rounded_(how == rounding::always),
          trip_(from_seconds(evidence_of(answers).trip_s)),
          slack_(2 * from_seconds(evidence_of(answers).slack_s) + 10ms) {}

    wait_check check() {
        for (const probe_answer& each : answers_) {
            if (each.what != outcome::refused) continue;
            if (const auto wait = read_(each.said)) check_one(each, *wait);
        }
        result_.truth = judge();
        result_.off = result_.truth == hint_truth::too_short ? late_
                      : result_.truth == hint_truth::holds   ? duration{0}
                                                             : early_;
        return result_;
    }

 private:
    void check_one(const probe_answer& refused, duration wait) {
        result_.shortest = result_.said == 0 ? wait : std::min(result_.shortest, wait);
        result_.longest = std::max(result_.longest, wait);
        ++result_.said;
        whole_ = whole_ && (rounded_ || is_whole_seconds(wait));
        const time_point promised = refused.ended + wait;
        // One that stood in the server's line first was refused when it was given up, long after it was sent.
        const time_point decided = std::max(refused.sent, refused.ended - trip_ - slack_);
        const auto next = first_other_after(decided + slack_);
        // The server counts from when it refused, half a round trip before the caller knows, and has the next
        // one half a round trip after it was sent.
        if (next && *next < promised - trip_ - slack_) {
            early_ = std::max(early_, promised - *next);
            ++came_early_;
        }
        tried_ += next.has_value();
        check_obedient(refused, promised);
    }

    // Where requests that come too early are charged as well, only whoever sends nothing meanwhile can tell
    // whether the time was too short; and what was sent together may have come in any order.
    void check_obedient(const probe_answer& refused, time_point promised) {
        std::optional<time_point> next;
        for (const probe_answer& each : answers_) {
            if (&each == &refused || each.what == outcome::left || each.sent < refused.sent - slack_)
                continue;
            if (!next || each.sent < *next) next = each.sent;
        }
        if (!next || *next <= promised + slack_) return;
        ++obeyed_;
        // Of several at once one is enough.
        const bool in_vain = std::all_of(answers_.begin(), answers_.end(), [&](const probe_answer& each) {
            return each.what == outcome::refused || each.sent < *next || each.sent > *next + slack_;
        });
        if (!in_vain) return;
        ++in_vain_;
        late_ = std::max(late_, *next - promised);
    }

    /// What was not refused took what was free by then, whether its answer is known or not; but nobody knows
    /// what would have become of those that the probe's end left.
    std::optional<time_point> first_other_after(time_point moment) const {
        std::optional<time_point> first;
        for (const probe_answer& each : answers_) {
            if (each.what == outcome::refused || each.what == outcome::left || each.sent <= moment) continue;
            if (!first || each.sent < *first) first = each.sent;
        }
        return first;
    }

    hint_truth judge() const {
        // Some may be refused for another reason than the one before.
        if (2 * in_vain_ > obeyed_) return hint_truth::too_short;
        // Some may have been overtaken by what gave a place free.
        constexpr std::size_t one_in = 10;
        const bool often = one_in * came_early_ > tried_;
        if (often && (early_ >= duration(1s) + trip_ + slack_ || !whole_)) return hint_truth::too_long;
        if (often) return hint_truth::rounded_up;
        return tried_ > 0 || obeyed_ > 0 ? hint_truth::holds : hint_truth::unknown;
    }

    const std::vector<probe_answer>& answers_;
    said_wait read_;
    bool rounded_;
    duration trip_;
    duration slack_;
    wait_check result_;
    duration early_{0};
    duration late_{0};
    bool whole_ = true;
    std::size_t came_early_ =
        0;                     ///< refusals after which something was admitted before the time that they said
    std::size_t tried_ = 0;    ///< refusals after which something was not refused
    std::size_t obeyed_ = 0;   ///< those after which nothing was sent until the time had passed
    std::size_t in_vain_ = 0;  ///< those of them after which the next was refused all the same
};

hint_truth check_remaining(const std::vector<probe_answer>& answers) {
    std::size_t said = 0;
    std::size_t wrong = 0;
    for (const probe_answer& each : answers) {
        if (each.what != outcome::refused || !each.said.requests.remaining) continue;
        ++said;
        wrong += *each.said.requests.remaining >= 1;
    }
    if (said == 0) return hint_truth::unknown;
    // One that was counted on the way may be late.
    constexpr std::size_t one_in = 10;
    return wrong * one_in > said ? hint_truth::too_long : hint_truth::holds;
}

}  // namespace

hint_checks check_hints(const std::vector<probe_answer>& answers, const limit_fit& limit) {
    hint_checks checks;
    checks.retry_after = wait_checker(
                             answers, [](const hints& said) { return said.retry_after; }, rounding::if_whole)
                             .check();
    for (const probe_answer& each : answers) {
        const limit_hint& said = each.said.requests;
        if (said.limit) checks.limit = said.limit;
        checks.rate_headers += said.limit || said.remaining || said.reset;
        const limit_hint& of_tokens = each.said.tokens;
        if (of_tokens.limit) checks.token_limit = of_tokens.limit;
        checks.token_headers += of_tokens.limit || of_tokens.remaining || of_tokens.reset;
    }
    checks.remaining = check_remaining(answers);
    if (limit.rule == limit_rule::first_opens || limit.rule == limit_rule::clock_opens)
        checks.reset = wait_checker(
                           answers, [](const hints& said) { return said.requests.reset; }, rounding::always)
                           .check();
    return checks;
}

}  // namespace stagger::probe
