#include "pacing/measured/charge_unit_learner.hpp"

#include <cmath>

namespace stagger {

namespace {

// Requests. In fewer, the one request that a limit rounds by weighs too much.
constexpr double meaningful_run = 8;
// Four runs with half the spread in the wrong unit are rare, and both units are compared again with each run.
constexpr std::size_t least_runs = 4;
constexpr double far_better = 0.5;

}  // namespace

double charge_unit_learner::total(double run::*amount) const {
    double sum = 0;
    for (std::size_t each = 0; each < known(); ++each) sum += runs_[each].*amount;
    return sum;
}

/// How far the runs are from one common rate, relative to it.
double charge_unit_learner::disagreement(double run::*amount) const {
    const double rate = total(amount) / total(&run::span_s);
    double squares = 0;
    for (std::size_t each = 0; each < known(); ++each) {
        squares += std::pow(runs_[each].*amount - rate * runs_[each].span_s, 2);
    }
    return std::sqrt(squares) / total(amount);
}

std::optional<charge_unit> charge_unit_learner::note_run(const send_log& log, const departure& from,
                                                         const departure& to, const charge_unit& current) {
    const double requests = log.admitted_between(from, to, charge_unit::requests());
    const double tokens = log.admitted_between(from, to, charge_unit::tokens(1));
    if (requests < meaningful_run || to.at <= from.at || tokens <= 0) return std::nullopt;
    runs_[count_++ % runs_.size()] = {to_seconds(to.at - from.at), requests, tokens};
    if (known() < least_runs) return std::nullopt;
    const double in_requests = disagreement(&run::requests);
    const double in_tokens = disagreement(&run::tokens);
    if (!current.is_tokens() && in_tokens < far_better * in_requests) {
        return charge_unit::tokens(total(&run::tokens) / total(&run::requests));
    }
    if (current.is_tokens() && in_requests < far_better * in_tokens) return charge_unit::requests();
    return std::nullopt;
}

}  // namespace stagger
