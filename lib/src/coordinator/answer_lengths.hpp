#pragma once

#include <array>
#include <cstddef>

namespace stagger {

/** @brief How many tokens answers have: a distribution that is learned and forgets.
 *
 * A histogram of constant size, whose bins are a quarter of a doubling wide, beside the exact mean. The
 * weight of an answer fades with those that follow, so that the last few hundred count. It begins with one
 * supposed answer. Adding and looking take constant time.
 */
class answer_lengths {
 public:
    /// Answers after which one has lost most of its weight. Their mean is good to a tenth where lengths are
    /// as varied as those of chats (a standard deviation of 1.3 means).
    static constexpr double remembered = 256;

    /// @param supposed tokens of an answer, before any is known, > 0
    explicit answer_lengths(double supposed) { note(supposed); }

    /// An answer of so many tokens.
    void add(double tokens) {
        ++added_;
        note(tokens);
    }
    /// Answers that were added.
    std::size_t added() const { return added_; }

    double mean() const { return sum_ / weight_; }
    /// @param share in [0, 1] @return what so many answers do not exceed, up to a fifth too high
    double quantile(double share) const;

 private:
    static constexpr double bins_per_doubling = 4;
    // Up to 2^17 tokens, about the longest answers there are. What is beyond counts as that, so that one
    // wrong count does not hold everybody up for long.
    static constexpr std::size_t bins = 69;

    void note(double tokens);
    void rescale();

    std::array<double, bins> weights_{};
    double weight_ = 0;
    double sum_ = 0;
    double next_weight_ = 1;  // grows, instead of all the others fading
    std::size_t added_ = 0;
};

}  // namespace stagger
