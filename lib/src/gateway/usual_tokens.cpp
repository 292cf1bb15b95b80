#include "gateway/usual_tokens.hpp"

#include <algorithm>

namespace stagger::gateway {

namespace {

constexpr double bytes_per_token = 4;
constexpr double share_of_the_latest = .1;

}  // namespace

double usual_tokens::estimate(std::size_t body_bytes, std::optional<std::uint64_t> most_tokens) const {
    const double answer = most_tokens ? std::min(answer_, static_cast<double>(*most_tokens)) : answer_;
    return std::max(1.0, static_cast<double>(body_bytes) / bytes_per_token + answer);
}

token_usage usual_tokens::estimated(std::size_t body_bytes, std::optional<std::uint64_t> most_tokens) const {
    const double all = estimate(body_bytes, most_tokens);
    const double prompt = std::min(all, static_cast<double>(body_bytes) / bytes_per_token);
    token_usage made;
    made.prompt_tokens = static_cast<std::uint64_t>(prompt);
    made.completion_tokens = static_cast<std::uint64_t>(all - prompt);
    return made;
}

void usual_tokens::learn(const token_usage& used) {
    if (!used.completion_tokens) return;
    answer_ += share_of_the_latest * (static_cast<double>(*used.completion_tokens) - answer_);
}

}  // namespace stagger::gateway
