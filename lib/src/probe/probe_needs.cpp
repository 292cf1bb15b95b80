#include "probe/probe_needs.hpp"

#include <algorithm>

namespace stagger::probe {
namespace {

using outcome = probe_answer::outcome;

constexpr int openings = 4;
constexpr std::size_t fillings = 3;
// Polls, and what is refused beyond a quota.
constexpr std::size_t beside = 100;

}  // namespace

std::optional<probe_needs> estimate_needs(const std::vector<probe_answer>& answers, time_point now) {
    const auto refused = [](const probe_answer& each) { return each.what == outcome::refused; };
    const auto first = std::find_if(answers.begin(), answers.end(), refused);
    if (first == answers.end()) return std::nullopt;
    const time_point shut = first->sent;
    probe_needs needs;
    bool opened = false;
    duration said{0};
    time_point closed = shut;  // when it was last seen to begin to refuse
    bool is_closed = false;
    for (const probe_answer& each : answers) {
        if (each.what == outcome::refused) {
            if (!is_closed) closed = each.sent;
            is_closed = true;
            if (!opened) said = std::max(said, each.said.retry_after.value_or(duration{0}));
            continue;
        }
        if (each.what == outcome::failed || each.what == outcome::unusable || each.what == outcome::left)
            continue;
        if (each.sent <= shut) ++needs.admitted_first;
        if (!is_closed || each.sent <= closed) continue;
        needs.opens_after = std::max(needs.opens_after, each.sent - closed);
        is_closed = false;
        opened = true;
    }
    if (is_closed)
        needs.opens_after = std::max({needs.opens_after, now - closed, opened ? duration{0} : said});
    needs.time = (shut - answers.front().sent) + openings * needs.opens_after;
    needs.requests = fillings * needs.admitted_first + beside;
    return needs;
}

}  // namespace stagger::probe
