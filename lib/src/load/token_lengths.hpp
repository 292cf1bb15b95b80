#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "stagger/random.hpp"

namespace stagger::load {

/// How many tokens prompts have: always the same, within two bounds, or lognormal as real prompts are.
class token_lengths {
 public:
    static constexpr unsigned most = 1'000'000;

    static token_lengths always(unsigned count) { return {kind::always, count, count, 0}; }

    /// Reads "200", "50-400" (evenly), and "lognormal:200:0.5" (median, sigma of the logarithm). Nothing for
    /// anything else, and for counts that are not within 1 and `most`.
    static std::optional<token_lengths> parse(std::string_view text);

    unsigned draw(random_source& random) const;
    /// As `parse` reads it.
    std::string text() const;

 private:
    enum class kind { always, evenly, lognormal };
    token_lengths(kind how, unsigned low, unsigned high, double sigma)
        : kind_(how), low_(low), high_(high), sigma_(sigma) {}

    kind kind_;
    unsigned low_;  // of lognormal: the median
    unsigned high_;
    double sigma_;
};

}  // namespace stagger::load
