#pragma once

#include "coordinator/answer_lengths.hpp"
#include "stagger/hints.hpp"
#include "stagger/token_usage.hpp"

namespace stagger {

/** @brief What attempts cost in tokens, as far as it is not known when they are sent.
 *
 * How many bytes make a token depends on the language, how long answers are on what is asked: both are
 * learned from what the server counted of earlier attempts. An answer is expected to have the mean of the
 * last few hundred; the first few are not trusted that far, since short answers come before long ones: until
 * there are more, what is longer than most of them is expected.
 */
class token_forecast {
 public:
    /// Tokens of an answer of which nothing is known: a chat answer of usual length.
    static constexpr double supposed_answer = 256;

    /// Tokens to be reserved for an attempt that is sent now.
    double reserve(const cost& asked) const {
        return asked.tokens + asked.prompt_tokens * prompt_factor_ + asked.open_answers * answer_;
    }
    /// Tokens that the attempt has cost after all. What the server did not count is taken as it would be
    /// reserved now.
    double settled(const cost& asked, const token_usage& used) const;
    /// The server counted an attempt. Answers that a request bounds teach nothing of others.
    void learn(const cost& asked, const token_usage& used);

 private:
    // As many tokens speak for the estimate as it is, so that the first few prompts do not turn it over.
    static constexpr double trust_in_estimates = 1000;

    void learn_prompt(double estimated, double counted);
    void learn_answers(double answers, double counted);

    double estimated_ = trust_in_estimates;
    double counted_ = trust_in_estimates;
    double prompt_factor_ = 1;
    answer_lengths answers_{supposed_answer};
    double answer_ = supposed_answer;
};

}  // namespace stagger
