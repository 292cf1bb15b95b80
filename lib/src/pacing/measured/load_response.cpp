#include "pacing/measured/load_response.hpp"

#include <algorithm>
#include <cmath>

namespace stagger {

namespace {

constexpr double steps_per_doubling = 4;
constexpr double first_step = -6 * steps_per_doubling;  // from one in a minute on
constexpr double counts_remembered = 600;
// What a ridden limit refuses below itself, by tests and by misjudgement.
constexpr double refused_below = 0.01;
constexpr double most_refused = 0.98;
constexpr double kept_in_doubt = 0.5;
constexpr double far_likelier = 11;  // as a logarithm
// Smaller ones matter little, and those who share a limit refuse each other as much.
constexpr std::array chances{0.075, 0.1, 0.14, 0.18, 0.23, 0.29, 0.35};

}  // namespace

void load_response::count(double pace, double sent, double refused) {
    const double step = std::round(steps_per_doubling * std::log2(pace)) - first_step;
    const auto place = static_cast<std::size_t>(std::clamp(step, 0.0, static_cast<double>(steps - 1)));
    lowest_ = std::min(lowest_, place);
    highest_ = std::max(highest_, place);
    at_[place].sent = std::max(0.0, at_[place].sent + sent);
    at_[place].refused = std::max(0.0, at_[place].refused + refused);
    in_all_ += sent;
    if (in_all_ < counts_remembered) return;
    in_all_ = 0;
    for (tally& each : at_) {
        each.sent /= 2;
        each.refused /= 2;
        in_all_ += each.sent;
    }
}

void load_response::doubt() {
    in_all_ = 0;
    for (tally& each : at_) {
        each.sent *= kept_in_doubt;
        each.refused *= kept_in_doubt;
        in_all_ += each.sent;
    }
}

void load_response::refused(double pace, double admitted) {
    count(pace, 0, 1);
    if (admitted > 0) gaps_[gap_count_++ % gaps_.size()] = admitted;
}

double load_response::likelihood(double chance, double limit_step) const {
    double sum = 0;
    for (std::size_t each = lowest_; each <= highest_; ++each) {
        if (at_[each].sent <= 0 && at_[each].refused <= 0) continue;
        const double over = (static_cast<double>(each) - limit_step) / steps_per_doubling;
        const double by_limit = over > 0 ? 1 - std::exp2(-over) : 0;
        const double share = std::min(most_refused, chance + (1 - chance) * by_limit);
        const double refused = std::min(at_[each].refused, at_[each].sent);
        sum += refused * std::log(share) + (at_[each].sent - refused) * std::log1p(-share);
    }
    return sum;
}

load_response::fit load_response::best_limit(double chance) const {
    const double none = static_cast<double>(highest_) + 1;
    fit best{likelihood(chance, none), none};
    const auto consider = [&](double step) {
        const double likely = likelihood(chance, step);
        if (likely > best.likelihood) best = {likely, step};
    };
    for (std::size_t each = lowest_; each <= highest_; ++each) consider(static_cast<double>(each) - 0.5);
    // Below all that was tried, too.
    for (double below = 2; below <= 16; below *= 2) consider(static_cast<double>(lowest_) - below);
    return best;
}

bool load_response::irregular() const {
    const std::size_t known = std::min(gap_count_, gaps_.size());
    if (known < 3) return true;
    double sum = 0;
    for (std::size_t each = 0; each < known; ++each) sum += gaps_[each];
    const double mean = sum / static_cast<double>(known);
    double regular = 0;
    double by_chance = 0;
    const double deviation = 0.2 * mean + 0.5;
    for (std::size_t each = 0; each < known; ++each) {
        const double off = (gaps_[each] - mean) / deviation;
        regular += std::max(-6.0, -0.5 * off * off) - std::log(2.5 * deviation);
        by_chance += -gaps_[each] / mean - std::log(mean);
    }
    return by_chance > regular;
}

std::optional<load_response::finding> load_response::by_chance(double known) const {
    if (lowest_ > highest_ || !irregular()) return std::nullopt;
    double best = best_limit(std::max(known, refused_below)).likelihood + far_likelier;
    std::optional<finding> found;
    for (const double chance : chances) {
        if (chance <= known) continue;
        const fit likely = best_limit(chance);
        if (likely.likelihood <= best) continue;
        best = likely.likelihood;
        found = finding{chance, std::nullopt};
        if (likely.limit_step < static_cast<double>(highest_))
            found->limit_per_s = std::exp2((likely.limit_step + first_step) / steps_per_doubling);
    }
    return found;
}

}  // namespace stagger
