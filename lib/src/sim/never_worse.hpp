#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "provider/description.hpp"
#include "sim/simulation.hpp"

/// Whether the coordinator is ever worse than a task that waits by itself: its runs beside those of other
/// policies, on the same scenario and with the same seed.
namespace stagger::sim {

/// Whom `coordinated` is held against: what people write after a rate-limit page, and the two that adapt.
inline constexpr std::array<std::string_view, 4> rivals{"full-jitter", "tenacity-unlimited", "aimd",
                                                        "aws-adaptive"};
/// Whose rejections are the measure of kindness.
inline constexpr std::string_view kindness_rival = "full-jitter";

struct rival_run {
    std::string policy;
    measures found;
};

/// One scenario and seed, under `coordinated` and under every rival.
struct run_beside_rivals {
    std::string kind;  ///< of the scenario; what is summed up together
    std::string scenario;
    std::uint64_t seed = 0;
    bool limited = false;  ///< there is a limit, at some time at least
    measures coordinated;
    std::vector<rival_run> rivals;
};

/// Whether a request is ever held against a limit.
bool is_limited(const provider::provider_description& provider);

/// The quickest of the rivals that lost nothing; null where each lost something.
const rival_run* best_rival(const run_beside_rivals& run);

/// The coordinated makespan over the best rival's; nothing where there is no such rival.
std::optional<double> ratio_to_best(const run_beside_rivals& run);

/// Rejections per 100 successes without those that were drawn whatever the load: what the sender can help.
double avoidable_per_100(const measures& found);

/// That of `kindness_rival` in this run; nothing if it is not among the rivals.
std::optional<double> avoidable_per_100_of_kindness_rival(const run_beside_rivals& run);

/// Where there is a limit: whether the avoidable rejections are more than both a share of the kindness
/// rival's and a few per 100 successes.
bool rejects_too_much(const run_beside_rivals& run);

/// What never worse means, over the runs of one kind.
struct never_worse_figures {
    double most_median = 1.02;
    double most_p90 = 1.1;
    double most_worst = 1.5;
    std::uint64_t most_lost = 0;
    /// In each run that has a limit, one of the two suffices.
    double most_of_kindness_rival = 0.5;
    double most_avoidable_per_100 = 3;
};

struct never_worse_summary {
    std::string kind;
    std::size_t runs = 0;
    std::size_t without_ratio = 0;  ///< every rival lost something
    /// Of the ratios; 0 where no run has one.
    double median = 0;
    double p90 = 0;
    double worst = 0;
    std::string worst_in;
    std::uint64_t lost = 0;                     ///< by `coordinated`, in all
    std::vector<std::string> rejects_too_much;  ///< names of those runs
};

/// One for each kind, in the order in which the kinds first appear.
std::vector<never_worse_summary> sum_up(const std::vector<run_beside_rivals>& runs);

/// Worst ratio last; those without a ratio come first. What is equal keeps its order.
std::vector<run_beside_rivals> worst_last(std::vector<run_beside_rivals> runs);

}  // namespace stagger::sim
