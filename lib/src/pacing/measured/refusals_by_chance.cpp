#include "pacing/measured/refusals_by_chance.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace stagger {

namespace {

// Most servers refuse nothing at random.
constexpr double falls_with_share = 0.8;
// What a server refused an hour ago says little: about as many sends are remembered.
constexpr double sends_remembered = 2000;
// Beyond, the first ones are not told apart any more.
constexpr std::size_t most_undecided = 64;
// Beyond the bar, of what a long run of refusals said: it spoke of a pace that has been cut since. Where
// chance refuses a share that matters, the next ones have to say more of it again.
constexpr double most_left = 12;
constexpr double most_left_behind_chance = -3;
// More admissions than these speak against any burst.
constexpr double most_between = 64;

template <class Weights>
void normalise(Weights& weights) {
    const double sum = std::accumulate(weights.begin(), weights.end(), 0.0);
    for (double& each : weights) each = std::max(each / sum, 1e-12);
}

/// Weighs each share by how well it explains what happened. Returns the logarithm of how likely it was.
template <class Weights, class Shares, class Likelihood>
double learn(Weights& weights, const Shares& shares, const Likelihood& likelihood) {
    double sum = 0;
    for (std::size_t each = 0; each < shares.size(); ++each) {
        weights[each] *= likelihood(shares[each]);
        sum += weights[each];
    }
    normalise(weights);
    return std::log(std::max(sum, 1e-300));
}

}  // namespace

refusals_by_chance::weights<refusals_by_chance::shares.size()> refusals_by_chance::beginning() {
    weights<shares.size()> result{};
    for (std::size_t each = 0; each < shares.size(); ++each)
        result[each] = std::pow(shares[each], -falls_with_share);
    normalise(result);
    return result;
}

refusals_by_chance::weights<refusals_by_chance::limit_shares.size()> refusals_by_chance::even() {
    weights<limit_shares.size()> result{};
    result.fill(1.0 / limit_shares.size());
    return result;
}

double refusals_by_chance::share() const {
    double mean = 0;
    for (std::size_t each = 0; each < shares.size(); ++each) mean += shares[each] * by_chance_[each];
    return mean;
}

bool refusals_by_chance::matter() const {
    constexpr double sure = 0.7;
    double noticed = 0;
    for (std::size_t each = 0; each < shares.size(); ++each) {
        if (shares[each] > noticeable) noticed += before_excess_[each];
    }
    return noticed > sure;
}

void refusals_by_chance::forget(double count) {
    const double kept = std::exp(-count / sends_remembered);
    for (double& each : by_chance_) each = std::pow(each, kept);
    normalise(by_chance_);
}

void refusals_by_chance::admitted_since_last(double count) {
    if (count <= 0) return;
    const auto admitted = [count](double share) { return std::pow(1 - share, count); };
    const double chance = learn(by_chance_, shares, admitted);
    excess_ += learn(by_limit_, limit_shares, admitted) - chance;
    if (excess_ > 0) return;
    excess_ = 0;
    undecided_.clear();
    by_limit_ = even();
    forget(count);
    before_excess_ = by_chance_;
}

/// A later refusal came back first: what was admitted between the two lies between them nevertheless. It was
/// counted when the later one came, so it speaks against a limit here alone.
double refusals_by_chance::evidence_between(send_number refused, send_number presumed_to) const {
    double count = 0;
    for (send_number each = refused + 1; each < std::min(next_, presumed_to); ++each) {
        if (count > most_between) break;
        count += !refused_.test(each % refused_.size());
    }
    const auto admitted = [count](double share) { return std::pow(1 - share, count); };
    auto by_limit = by_limit_;
    auto by_chance = by_chance_;
    return learn(by_limit, limit_shares, admitted) - learn(by_chance, shares, admitted);
}

const std::vector<departure>& refusals_by_chance::refused(const departure& sent, double bar, bool teaches,
                                                          send_number presumed_to) {
    caused_.clear();
    double between = 0;
    if (sent.number >= next_) {
        admitted_since_last(static_cast<double>(sent.number - next_));
        const send_number fresh = std::min<send_number>(sent.number + 1 - next_, refused_.size());
        next_ = sent.number + 1;
        for (send_number each = 1; each <= fresh; ++each) refused_.reset((next_ - each) % refused_.size());
    } else if (next_ - sent.number <= refused_.size()) {
        between = evidence_between(sent.number, presumed_to);
    }
    if (next_ - sent.number <= refused_.size()) refused_.set(sent.number % refused_.size());
    const auto refused = [](double share) { return share; };
    const auto known = by_chance_;
    const double chance = learn(by_chance_, shares, refused);
    if (!teaches) by_chance_ = known;
    const double burst = learn(by_limit_, limit_shares, refused) - chance;
    excess_ += between < 0 ? std::max(0.0, burst + between) : burst;
    if (undecided_.size() < most_undecided) undecided_.push_back(sent);
    if (excess_ < bar) return caused_;
    excess_ = std::min(excess_, bar + (matter() ? most_left_behind_chance : most_left));
    caused_.swap(undecided_);
    undecided_.clear();
    by_chance_ = before_excess_;
    return caused_;
}

void refusals_by_chance::looked(double sent, double refused) {
    constexpr double looks_remembered = 0.7;
    for (double& each : by_chance_) each = std::pow(each, looks_remembered);
    learn(by_chance_, shares, [=](double share) {
        return std::pow(share, refused) * std::pow(1 - share, std::max(0.0, sent - refused));
    });
    before_excess_ = by_chance_;
}

void refusals_by_chance::established(double share) {
    for (std::size_t each = 0; each < shares.size(); ++each) {
        // As if a few dozen sends had told it.
        constexpr double told_by = 40;
        by_chance_[each] =
            std::exp(told_by * (share * std::log(shares[each]) + (1 - share) * std::log(1 - shares[each])));
    }
    normalise(by_chance_);
    before_excess_ = by_chance_;
    excess_ = 0;
    undecided_.clear();
    by_limit_ = even();
}

}  // namespace stagger
