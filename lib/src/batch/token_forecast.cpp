#include "batch/token_forecast.hpp"

#include <algorithm>

namespace stagger::batch {
namespace {

// As many tokens speak for the estimate as it is, so that the first few answers do not turn it over.
constexpr double trust_in_estimates = 1000;
// Beyond these it is more likely that something is counted wrongly.
constexpr double least_factor = 0.02;
constexpr double largest_factor = 50;

}  // namespace

void token_forecast::correction::learn(double estimated, double counted) {
    estimated_ += estimated;
    counted_ += counted;
}

double token_forecast::correction::factor() const {
    const auto factor = (counted_ + trust_in_estimates) / (estimated_ + trust_in_estimates);
    return std::clamp(factor, least_factor, largest_factor);
}

double token_forecast::expect(std::size_t position, const completion_request& request) {
    const auto estimate = wire::estimate_token_parts(request);
    open_[position] = estimate;
    const auto answer = estimate.generated * (estimate.limited ? 1 : answers_.factor());
    return estimate.prompt * prompts_.factor() + answer;
}

void token_forecast::ended(std::size_t position, const token_usage& counted) {
    const auto found = open_.find(position);
    if (found == open_.end()) return;
    const auto estimate = found->second;
    open_.erase(found);
    if (counted.prompt_tokens) prompts_.learn(estimate.prompt, static_cast<double>(*counted.prompt_tokens));
    if (counted.completion_tokens && !estimate.limited)
        answers_.learn(estimate.generated, static_cast<double>(*counted.completion_tokens));
}

}  // namespace stagger::batch
