#include "coordinator/token_forecast.hpp"

#include <algorithm>

namespace stagger {

namespace {

// Beyond these it is more likely that something is counted wrongly.
constexpr double least_factor = 0.02;
constexpr double largest_factor = 50;

// Until so many answers are known, one in four is expected to be longer than what is reserved for each.
constexpr std::size_t enough_answers = 16;
constexpr double cautious_share = 0.75;

constexpr double kept_of_prompts = 1 - 1 / answer_lengths::remembered;

}  // namespace

double token_forecast::settled(const cost& asked, const token_usage& used) const {
    double tokens = asked.tokens;
    if (asked.prompt_tokens > 0) {
        tokens += used.prompt_tokens ? static_cast<double>(*used.prompt_tokens)
                                     : asked.prompt_tokens * prompt_factor_;
    }
    if (asked.open_answers > 0) {
        tokens += used.completion_tokens ? static_cast<double>(*used.completion_tokens)
                                         : asked.open_answers * answer_;
    }
    return tokens;
}

void token_forecast::learn(const cost& asked, const token_usage& used) {
    if (asked.prompt_tokens > 0 && used.prompt_tokens) {
        learn_prompt(asked.prompt_tokens, static_cast<double>(*used.prompt_tokens));
    }
    if (asked.open_answers > 0 && used.completion_tokens) {
        learn_answers(asked.open_answers, static_cast<double>(*used.completion_tokens));
    }
}

void token_forecast::learn_prompt(double estimated, double counted) {
    estimated_ = kept_of_prompts * estimated_ + estimated;
    counted_ = kept_of_prompts * counted_ + std::min(counted, largest_factor * estimated);
    prompt_factor_ = std::max(counted_ / estimated_, least_factor);
}

void token_forecast::learn_answers(double answers, double counted) {
    answers_.add(counted / answers);
    answer_ = answers_.mean();
    if (answers_.added() < enough_answers) answer_ = std::max(answer_, answers_.quantile(cautious_share));
}

}  // namespace stagger
