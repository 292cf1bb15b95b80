#include "pacing/sane_hints.hpp"

#include <algorithm>

namespace stagger {

namespace {

// No server counts further within one window, and sums of such numbers are still exact.
constexpr double highest_count = 1e12;
// The longest window that providers have is a month.
constexpr duration longest_span = std::chrono::hours(24 * 31);

/// Written so that what is no number is none here either.
bool is_count(double value) {
    return value >= 0 && value <= highest_count;
}

bool is_span(duration value) {
    return value >= duration::zero() && value <= longest_span;
}

duration sane_wait(duration said) {
    return std::clamp(said, duration::zero(), longest_span);
}

limit_hint sane(const limit_hint& said) {
    limit_hint kept;
    if (said.limit && is_count(*said.limit)) kept.limit = said.limit;
    if (said.remaining && is_count(*said.remaining)) kept.remaining = said.remaining;
    if (said.reset && is_span(*said.reset)) kept.reset = said.reset;
    return kept;
}

}  // namespace

hints sane(const hints& said) {
    hints kept;
    if (said.retry_after) kept.retry_after = sane_wait(*said.retry_after);
    kept.retry_after_kind = said.retry_after_kind;
    if (said.otherwise) kept.otherwise = {said.otherwise->kind, sane_wait(said.otherwise->wait)};
    kept.requests = sane(said.requests);
    kept.tokens = sane(said.tokens);
    kept.overloaded = said.overloaded;
    return kept;
}

}  // namespace stagger
